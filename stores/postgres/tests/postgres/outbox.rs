//! The outbox of the example, with several workers and a worker that dies.

#[path = "../../examples/outbox/worker.rs"]
mod worker;

use std::{future::pending, sync::Mutex};

use deadpool_postgres::Pool;
use tokio::{sync::mpsc, task::JoinSet};
use tower_conditional::BoxError;
use tower_conditional_testing::{Postgres, Replica};

use crate::support::{connection, database, run};

async fn outbox(messages: usize) -> Pool {
    let pool = database();
    run(&pool, worker::SCHEMA).await;
    let put = format!(
        "INSERT INTO outbox (idempotency_key, message)
        SELECT 'key ' || n, 'message ' || n FROM generate_series(1, {messages}) n"
    );
    run(&pool, &put).await;
    pool
}

/// Sends one message to nobody, and returns its key.
async fn send_one(pool: &Pool) -> Option<String> {
    let (sent, mut client) = (Mutex::new(None), connection(pool).await);
    let send = async |message: worker::Message| {
        assert!(message.text.starts_with("message "));
        *sent.lock().expect("no panic") = Some(message.key);
        Ok(())
    };
    let sending = worker::send_next(&mut client, send);
    let was_one = sending.await.expect("a worker");
    let sent = sent.into_inner().expect("no panic");
    assert_eq!(was_one, sent.is_some());
    sent
}

/// P-ID-outbox: three workers send each message once.
#[tokio::test(flavor = "multi_thread")]
async fn workers_share_the_messages() {
    let pool = outbox(60).await;
    let mut workers = JoinSet::new();
    for _ in 0..3 {
        let pool = pool.clone();
        workers.spawn(async move {
            let mut keys = Vec::new();
            while let Some(key) = send_one(&pool).await {
                keys.push(key);
            }
            keys
        });
    }
    let mut keys = workers.join_all().await.concat();
    keys.sort();
    let mut expected: Vec<_> = (1..=60).map(|number| format!("key {number}")).collect();
    expected.sort();
    assert_eq!(keys, expected);
}

/// P-ID-outbox: a message that was sent and not marked is sent again, with its key. Meanwhile, no
/// worker waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_a_lost_worker_is_sent_again() {
    let pool = outbox(2).await;
    let (sender, mut sent) = mpsc::unbounded_channel();
    let lost_pool = pool.clone();
    let lost = tokio::spawn(async move {
        let mut client = connection(&lost_pool).await;
        let send = async |message: worker::Message| {
            sender.send(message.key).expect("a receiver");
            // Between sending and marking.
            pending::<Result<(), BoxError>>().await
        };
        worker::send_next(&mut client, send)
            .await
            .map(drop)
            .expect("no end");
    });
    assert_eq!(sent.recv().await.as_deref(), Some("key 1"));
    assert_eq!(send_one(&pool).await.as_deref(), Some("key 2"));
    assert_eq!(send_one(&pool).await, None);
    lost.abort();
    assert!(lost.await.expect_err("an end").is_cancelled());
    // The server notices the lost worker a moment later.
    let again = loop {
        if let Some(key) = send_one(&pool).await {
            break key;
        }
    };
    assert_eq!(again, "key 1");
    assert_eq!(send_one(&pool).await, None);
}

/// A receiver that fails gets the message again.
#[tokio::test]
async fn a_failed_message_waits() {
    let pool = outbox(1).await;
    let mut client = connection(&pool).await;
    let send = async |_: worker::Message| Err(BoxError::from("refused"));
    let failed = worker::send_next(&mut client, send).await;
    assert_eq!(failed.expect_err("a failure").to_string(), "refused");
    drop(client);
    assert_eq!(send_one(&pool).await.as_deref(), Some("key 1"));
}

/// P-ID-txn: two requests with one key are one payment and one message.
#[test]
fn the_example_sends_one_message() {
    let url = Postgres::shared().create_database();
    let output = Replica::example("outbox").arg(url).output();
    let output = output.expect("the example");
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8(output.stdout).expect("text");
    let lines: Vec<_> = printed.lines().collect();
    let [first, retry, message] = lines[..] else {
        panic!("{printed}");
    };
    assert_eq!(first, "201 Created, replayed: false");
    assert_eq!(retry, "201 Created, replayed: true");
    assert!(
        message.starts_with("sent \"charge 1700\" with the key "),
        "{message}"
    );
}
