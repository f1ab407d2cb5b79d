//! The outcome of a guarded transaction that fails, breaks or is dropped.

use tower_conditional_postgres::{Error, ErrorKind, Guarded, Target};
use tower_conditional_testing::Postgres;

use crate::races::TEXT;
use crate::support::{
    connection, database, if_match, lease, notes, pool, row, run, tag, unconditional, waiting,
};

#[tokio::test]
async fn a_dropped_transaction_is_rolled_back() {
    let pool = notes().await;
    run(&pool, "INSERT INTO notes VALUES (1, 'a')").await;
    let before = tag(&pool, &row(1)).await;
    let mut client = lease(&pool).await;
    for dropped in [true, false] {
        let tx = Guarded::begin(&mut client, if_match(&before), Target::scope(row(1))).await;
        let tx = tx.expect("it begins");
        tx.execute(TEXT, &[]).await.expect("a write");
        if dropped {
            drop(tx);
        } else {
            tx.rollback().await.expect("a rollback");
        }
    }
    drop(client);
    assert_eq!(tag(&pool, &row(1)).await, before);
}

/// PostgreSQL then answers `COMMIT` with `ROLLBACK`, which is not an error.
#[tokio::test]
async fn a_failed_statement_makes_the_commit_fail() {
    let pool = notes().await;
    let mut client = lease(&pool).await;
    let tx = Guarded::begin(&mut client, unconditional(), Target::scope(row(1))).await;
    let tx = tx.expect("it begins");
    tx.execute("INSERT INTO notes VALUES (1, 'a')", &[])
        .await
        .expect("a note");
    let taken = tx.execute("INSERT INTO notes VALUES (1, 'a')", &[]).await;
    assert!(Error::from(taken.expect_err("it is taken")).is_conflict());
    let error = tx.commit().await.expect_err("nothing was written");
    assert_eq!(error.kind(), ErrorKind::Database);
    assert!(!error.is_conflict());
}

#[tokio::test]
async fn a_constraint_that_fails_in_the_commit_has_a_known_outcome() {
    let pool = database();
    run(
        &pool,
        "CREATE TABLE unique_late (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)",
    )
    .await;
    let mut client = lease(&pool).await;
    let tx = Guarded::begin(&mut client, unconditional(), Target::scope(row(1))).await;
    let tx = tx.expect("it begins");
    tx.execute("INSERT INTO unique_late VALUES (1), (1)", &[])
        .await
        .expect("not yet");
    let error = tx.commit().await.expect_err("now");
    assert_eq!(error.kind(), ErrorKind::Database);
    assert!(error.is_conflict());
}

/// The transaction sleeps in its commit, and the server ends meanwhile.
#[tokio::test]
async fn a_connection_that_breaks_in_the_commit_leaves_the_outcome_unknown() {
    let server = Postgres::start();
    let pool = pool(&server.url());
    run(
        &pool,
        "CREATE TABLE slow (id int);
         CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN PERFORM pg_advisory_lock(1); RETURN NULL; END $$;
         CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON slow DEFERRABLE INITIALLY DEFERRED
         FOR EACH ROW EXECUTE FUNCTION wait()",
    )
    .await;
    let holder = connection(&pool).await;
    holder
        .batch_execute("SELECT pg_advisory_lock(1)")
        .await
        .expect("a lock");
    let mut client = lease(&pool).await;
    let committing = tokio::spawn(async move {
        let tx = Guarded::begin(&mut client, unconditional(), Target::scope(row(1))).await;
        let tx = tx.expect("it begins");
        tx.execute("INSERT INTO slow VALUES (1)", &[])
            .await
            .expect("a write");
        tx.commit().await
    });
    waiting(&pool, 1).await;
    server.stop();
    let error = committing.await.expect("it ends").expect_err("it broke");
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
}
