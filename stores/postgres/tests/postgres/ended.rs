//! SQL of a handler that ends the transaction which it is in.

use std::sync::{Arc, Mutex, atomic::Ordering};

use bytes::Bytes;
use http::Response;
use tower_conditional::{IdempotencyLayer, handler::Expected, idempotency::OnLostAttempt};
use tower_conditional_postgres::{ErrorKind, Guarded, Keyed, KeyedError, Lease, Target};

use crate::support::{
    connection, database, if_match, if_none_match_any,
    keys::{count, number, payments, send, store},
    lease, notes, pool_of_size, row, run, tag, tag_or_absent, unconditional,
};

const PAY: &str = "INSERT INTO payments VALUES (17)";

/// Statements that end the transaction, and the payments that are there afterwards.
const ENDS: [(&str, i64); 10] = [
    ("ROLLBACK", 0),
    ("ABORT", 0),
    ("ROLLBACK; BEGIN", 0),
    ("ROLLBACK AND CHAIN", 0),
    ("ROLLBACK; INSERT INTO payments VALUES (17)", 1),
    ("COMMIT", 1),
    ("END; BEGIN", 1),
    ("COMMIT; BEGIN; INSERT INTO payments VALUES (17)", 1),
    ("COMMIT AND CHAIN", 1),
    ("RESET ALL", 0),
];

/// P-ID-txn: nothing is recorded for an effect that is apart, and no retry runs.
#[tokio::test]
async fn a_key_is_sealed_if_its_transaction_was_ended() {
    for (end, paid) in ENDS {
        let pool = database();
        let layer = IdempotencyLayer::for_anyone(store(&pool).await);
        let layer = layer.on_lost_attempt(OnLostAttempt::Reexecute);
        let errors = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&errors);
        let (service, runs) = payments(&layer, &pool, move |pool, attempt| {
            let seen = Arc::clone(&seen);
            async move {
                let mut lease = Lease::acquire(&pool).await?;
                let tx = Keyed::begin(&mut lease, &attempt).await?;
                tx.execute(PAY, &[]).await?;
                let _ = tx.batch_execute(end).await;
                let committed = tx.commit(Response::new(Bytes::from("paid"))).await;
                if let Err(KeyedError::Database(error)) = &committed {
                    seen.lock().expect("no panic").push(error.kind());
                }
                committed
            }
        });
        assert_eq!(send(&service, "a").await, (503, false), "{end}");
        assert_eq!(
            *errors.lock().expect("no panic"),
            [ErrorKind::TransactionEnded],
            "{end}"
        );
        assert_eq!(send(&service, "a").await, (409, false), "{end}");
        assert_eq!(
            (runs.load(Ordering::SeqCst), count(&pool).await),
            (1, paid),
            "{end}"
        );
        let sealed = "SELECT count(*) FROM conditional_idempotency WHERE state = 2";
        assert_eq!(number(&pool, sealed).await, 1, "{end}");
    }
}

/// A seal that fails, or finds no record, leaves the key to its lease: the layer does not free it.
#[tokio::test]
async fn a_key_that_cannot_be_sealed_is_not_free() {
    let refuse = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE 'no seal'; END $$;
        CREATE TRIGGER refuse BEFORE UPDATE ON conditional_idempotency
            FOR EACH ROW WHEN (NEW.state = 2) EXECUTE FUNCTION refuse()";
    let hide = "CREATE SCHEMA other;
        CREATE TABLE other.conditional_idempotency (LIKE conditional_idempotency INCLUDING ALL)";
    let cases = [
        (refuse, "COMMIT"),
        (hide, "SET search_path = other; COMMIT"),
    ];
    for (prepare, end) in cases {
        let pool = database();
        let layer = IdempotencyLayer::for_anyone(store(&pool).await);
        run(&pool, prepare).await;
        let (service, runs) = payments(&layer, &pool, move |pool, attempt| async move {
            let mut lease = Lease::acquire(&pool).await?;
            let tx = Keyed::begin(&mut lease, &attempt).await?;
            tx.execute(PAY, &[]).await?;
            tx.batch_execute(end).await?;
            tx.commit(Response::new(Bytes::from("paid"))).await
        });
        assert_eq!(send(&service, "a").await, (503, false), "{end}");
        assert_eq!(send(&service, "a").await, (409, false), "{end}");
        let runs = runs.load(Ordering::SeqCst);
        assert_eq!((runs, count(&pool).await), (1, 1), "{end}");
    }
}

/// A guard whose locks have ended admits no success.
#[tokio::test]
async fn a_guard_whose_transaction_was_ended_fails() {
    let ends = [
        "ROLLBACK",
        "COMMIT",
        "ROLLBACK; BEGIN",
        "COMMIT; BEGIN",
        "COMMIT AND CHAIN",
    ];
    for end in ends {
        let pool = notes().await;
        run(&pool, "INSERT INTO notes VALUES (1, 'a')").await;
        let before = tag(&pool, &row(1)).await;
        for (id, expected) in [
            (1, if_match(&before)),
            (1, unconditional()),
            (2, if_none_match_any()),
        ] {
            let mut lease = lease(&pool).await;
            let target = Target::scope(row(id));
            let tx = Guarded::begin(&mut lease, expected, target)
                .await
                .expect("a guard");
            tx.batch_execute(end).await.expect("an end");
            let error = tx.commit().await.expect_err("it has ended");
            assert_eq!(
                (error.kind(), error.is_conflict()),
                (ErrorKind::TransactionEnded, false),
                "{end}"
            );
        }
        // The absence that was held is no row.
        assert_eq!(tag_or_absent(&pool, &row(2)).await, None, "{end}");
    }
}

/// A handler may use savepoints and settings in its transaction.
#[tokio::test]
async fn savepoints_and_settings_end_no_transaction() {
    let pool = pool_of_size(&notes().await, 2).await;
    let may = [
        "SAVEPOINT a; SET LOCAL lock_timeout = 100; ROLLBACK TO a",
        "SAVEPOINT a; SELECT set_config('tower_conditional.guard', '', true); ROLLBACK TO a; RELEASE a",
        "SAVEPOINT a; SAVEPOINT a; RELEASE a; ROLLBACK TO a",
        "DO $$ BEGIN PERFORM 1 / 0; EXCEPTION WHEN OTHERS THEN NULL; END $$",
        "SET LOCAL ROLE pg_read_all_data; RESET ROLE; SET CONSTRAINTS ALL IMMEDIATE",
    ];
    for (id, sql) in (1_i64..).zip(may) {
        for expected in [if_none_match_any as fn() -> Expected, unconditional] {
            let mut lease = lease(&pool).await;
            let target = Target::scope(row(id));
            let mut tx = Guarded::begin(&mut lease, expected(), target)
                .await
                .expect("a guard");
            tx.batch_execute(sql).await.expect(sql);
            let inner = tx.transaction().await.expect("a savepoint");
            let upsert = "INSERT INTO notes VALUES ($1, 'a') ON CONFLICT (id) DO NOTHING";
            inner.execute(upsert, &[&id]).await.expect("a note");
            inner.commit().await.expect("a release");
            tx.commit().await.expect(sql);
        }
        assert!(tag_or_absent(&pool, &row(id)).await.is_some(), "{sql}");
    }
    // Nothing of it is left for the next user of a connection.
    let left = connection(&pool).await;
    let setting = "SELECT current_setting('tower_conditional.guard', true)";
    let left: Option<String> = left
        .query_one(setting, &[])
        .await
        .expect("a setting")
        .get(0);
    assert_eq!(left.unwrap_or_default(), "");
}
