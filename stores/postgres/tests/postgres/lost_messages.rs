//! A network that loses one message, at each statement of a transaction.

use std::{sync::atomic::Ordering, time::Duration};

use deadpool_postgres::Pool;
use tower_conditional::{IdempotencyLayer, idempotency::OnLostAttempt};
use tower_conditional_postgres::{ErrorKind, GuardError, Guarded, Target};
use tower_conditional_testing::{Fault, Postgres, Protocol, TcpProxy};

use crate::support::{
    connection, if_match, if_none_match_any, install,
    keys::{count, pay, payments, send, store},
    lease, pool, row, run, tag_or_absent, watch_notes,
};

/// A statement has a NUL at its end, which `READ COMMITTED` has not.
const COMMIT: &str = "COMMIT\0";

/// Returns a proxy, a pool behind it, and one that goes around it.
fn network() -> (TcpProxy, Pool, Pool) {
    let server = Postgres::shared();
    let proxy = TcpProxy::start(Protocol::Bytes, server.port());
    let url = server.create_database();
    let [from, to] = [server.port(), proxy.port()].map(|port| format!(":{port}/"));
    (proxy, pool(&url.replace(&from, &to)), pool(&url))
}

/// P-ID-txn: whichever message is lost, a retry pays once.
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_takes_place_once_whichever_message_is_lost() {
    let statements = [
        "INSERT INTO conditional_idempotency AS record",
        "START TRANSACTION",
        "pg_try_advisory_xact_lock",
        "SELECT FROM conditional_idempotency",
        "INSERT INTO payments",
        "WITH ended",
        COMMIT,
    ];
    for statement in statements {
        for fault in [Fault::LoseRequest, Fault::LoseReply] {
            let (proxy, pool, direct) = network();
            let layer = IdempotencyLayer::for_anyone(store(&pool).await);
            let layer = layer.on_lost_attempt(OnLostAttempt::Reexecute);
            let (service, runs) = payments(&layer, &pool, |pool, attempt| async move {
                pay(&pool, &attempt).await
            });
            proxy.once_at(statement, fault);
            // The server may notice the lost connection late.
            let replayed = async { while send(&service, "a").await != (201, true) {} };
            let limit = Duration::from_secs(20);
            tokio::time::timeout(limit, replayed)
                .await
                .expect("a replay");
            assert!(!proxy.is_waiting(), "{statement:?}");
            let runs = runs.load(Ordering::SeqCst);
            let is_committed = statement == COMMIT && matches!(fault, Fault::LoseReply);
            let first_ran = statement.starts_with("INSERT INTO cond") || is_committed;
            assert!(runs == 1 || !first_ran, "{statement:?} {fault:?}");
            assert_eq!(count(&direct).await, 1, "{statement:?} {fault:?}");
        }
    }
}

/// Appends to a note, or creates it.
async fn write(pool: &Pool, before: Option<&str>) -> Result<(), GuardError> {
    let mut lease = lease(pool).await;
    let expected = before.map_or_else(if_none_match_any, if_match);
    let tx = Guarded::begin(&mut lease, expected, Target::scope(row(1))).await?;
    let sql = match before {
        Some(_) => "UPDATE notes SET text = text || 'new' WHERE id = 1",
        None => "INSERT INTO notes VALUES (1, 'a', 'new')",
    };
    tx.execute(sql, &[]).await?;
    Ok(tx.commit().await?)
}

/// A guard whose outcome is known has written nothing after an error, and its retry is accepted.
#[tokio::test(flavor = "multi_thread")]
async fn a_guarded_write_takes_place_once_whichever_message_is_lost() {
    let both = [
        "START TRANSACTION",
        "set_config",
        "FOR UPDATE",
        "guard', true)",
        COMMIT,
    ];
    let creating = ["DO NOTHING RETURNING version", "INSERT INTO notes"];
    let creating = both.into_iter().chain(creating).map(|sql| (sql, "new"));
    let changing = both.into_iter().chain(["UPDATE notes"]);
    let changing = changing.map(|sql| (sql, "oldnew"));
    for (statement, text) in creating.chain(changing) {
        for fault in [Fault::LoseRequest, Fault::LoseReply] {
            let (proxy, pool, direct) = network();
            run(
                &direct,
                "CREATE TABLE notes (id bigint PRIMARY KEY, tenant_id text, text text)",
            )
            .await;
            install(&direct, watch_notes()).await;
            if text == "oldnew" {
                run(&direct, "INSERT INTO notes VALUES (1, 'a', 'old')").await;
            }
            let before = tag_or_absent(&direct, &row(1)).await;
            proxy.once_at(statement, fault);
            let lost = write(&pool, before.as_deref()).await;
            let Err(GuardError::Database(error)) = lost else {
                panic!("{statement:?} {fault:?}: {lost:?}")
            };
            let is_unknown = error.kind() == ErrorKind::OutcomeUnknown;
            assert_eq!(is_unknown, statement == COMMIT, "{statement:?} {fault:?}");
            let retried = write(&pool, before.as_deref()).await;
            let is_committed = is_unknown && matches!(fault, Fault::LoseReply);
            assert_eq!(retried.is_err(), is_committed, "{statement:?} {retried:?}");
            let sql = "SELECT text FROM notes";
            let found = connection(&direct).await.query_one(sql, &[]).await;
            assert_eq!(
                found.expect("one note").get::<_, &str>(0),
                text,
                "{statement:?}"
            );
        }
    }
}
