//! A client that disconnects during its write.

use http::StatusCode;
use tokio::{io::AsyncWriteExt, net::TcpStream};
use tower_conditional_testing::{Postgres, Replica};

use crate::support::{Client, PAGE, Page, connect, in_time, three, wait_until_blocked};

/// Returns a connection over which so many thousandths of a write were sent.
async fn send(replica: &Replica, page: &Page, text: &str, thousandths: usize) -> TcpStream {
    let request = format!(
        "PUT {PAGE} HTTP/1.1\r\nhost: test\r\nif-match: {}\r\ncontent-length: {}\r\n\r\n{text}",
        page.tag,
        text.len()
    );
    let sent = &request.as_bytes()[..request.len() * thousandths / 1000];
    let mut stream = TcpStream::connect(replica.address()).await.unwrap();
    stream.write_all(sent).await.unwrap();
    stream
}

/// Checks that the state is the old or the new one, and that other writers can write.
async fn assert_old_or_new(old: &Page, new: &str, replicas: &[Replica]) {
    let mut client = Client::of(&replicas[1]).await;
    loop {
        let page = client.read().await;
        assert!(page.text == new || page == *old, "{page:?}");
        let answer = client.write(&page.tag, "next").await.expect("an answer");
        if answer.status() == StatusCode::NO_CONTENT {
            break;
        }
        // The client that disconnected was faster.
        assert_eq!(answer.status(), StatusCode::PRECONDITION_FAILED);
        assert_eq!(page.tag, old.tag);
    }
    for replica in replicas {
        Client::of(replica).await.assert_writes("well").await;
    }
}

/// R-9110-13.1-a: the request is cut at any point.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disconnect_while_sending_leaves_the_old_or_new_state() {
    let url = Postgres::shared().create_database();
    let replicas = three(&["--postgres", &url]);
    let mut reader = Client::of(&replicas[1]).await;
    let text = "x".repeat(50_000);
    for thousandths in [0, 1, 500, 999, 1000, 1000, 1000] {
        let old = reader.read().await;
        drop(send(&replicas[0], &old, &text, thousandths).await);
        if thousandths < 1000 {
            assert_eq!(reader.read().await, old);
        }
        in_time(assert_old_or_new(&old, &text, &replicas)).await;
    }
}

/// R-9110-13.1-a: the client disconnects after the check, while the statement that writes waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disconnect_within_the_transaction_leaves_the_old_or_new_state() {
    let url = Postgres::shared().create_database();
    let replicas = three(&["--postgres", &url]);
    let mut reader = Client::of(&replicas[1]).await;
    let old = reader.read().await;

    let (mut other, database) = (connect(&url).await, connect(&url).await);
    let holds = other.transaction().await.unwrap();
    let lock = "SELECT FROM pages WHERE name = 'home' FOR UPDATE";
    holds.execute(lock, &[]).await.unwrap();
    let departing = send(&replicas[0], &old, "new", 1000).await;
    wait_until_blocked(&database).await;
    drop(departing);
    // The replica serves other clients meanwhile.
    let mut client = Client::of(&replicas[0]).await;
    for _ in 0..10 {
        assert_eq!(in_time(client.read()).await, old);
    }
    holds.rollback().await.unwrap();
    in_time(assert_old_or_new(&old, "new", &replicas)).await;
}
