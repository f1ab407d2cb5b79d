//! The table of the idempotency keys: its installation, its form and its index.

use std::{error::Error as _, num::NonZeroUsize, time::Duration};

use tokio::time::{Instant, timeout};
use tower_conditional::{
    idempotency::{Admission, Claim, Fingerprint, Owner, RecordId},
    store::IdempotencyStore,
};
use tower_conditional_postgres::{ErrorKind, PostgresIdempotencyStore};

use crate::support::{connection, database, one_connection, pool_as, reason, run};

fn claim(owner: u8) -> (RecordId, Claim) {
    let claim = Claim::new(Fingerprint::custom("request"), Owner::from([owner; 16]));
    (RecordId::from([owner; 32]), claim)
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_may_install_the_store_at_once() {
    for round in 0..6 {
        let pool = database();
        let mut clients = Vec::new();
        for _ in 0..8 {
            let client = connection(&pool).await;
            let level = ["read committed", "repeatable read", "serializable"][round % 3];
            let setting = format!("SET default_transaction_isolation = '{level}'");
            client.batch_execute(&setting).await.expect("a setting");
            clients.push(client);
        }
        let installing: Vec<_> = clients
            .into_iter()
            .map(|client| {
                tokio::spawn(async move {
                    let installed = PostgresIdempotencyStore::install(&client).await;
                    installed.map_err(|error| format!("{error}: {:?}", error.source()))
                })
            })
            .collect();
        for installed in installing {
            installed.await.expect("no panic").expect("an installation");
        }
    }
}

/// A replica starts while `VACUUM` or a long purge works on the table.
#[tokio::test]
async fn a_repeated_installation_of_the_store_waits_for_no_lock() {
    for mode in ["SHARE UPDATE EXCLUSIVE", "ROW EXCLUSIVE"] {
        let pool = database();
        run(&pool, PostgresIdempotencyStore::schema_sql()).await;
        let mut working = connection(&pool).await;
        let working = working.transaction().await.expect("a transaction");
        let lock = format!("LOCK TABLE conditional_idempotency IN {mode} MODE");
        working.batch_execute(&lock).await.expect("a lock");
        let client = connection(&pool).await;
        // It ends a wait for the lock, which would last for ever.
        let limit = Duration::from_secs(10);
        let installed = timeout(limit, PostgresIdempotencyStore::install(&client)).await;
        installed.expect(mode).expect("an installation");
    }
}

/// A role that may not create anything finds that nothing is missing.
#[tokio::test]
async fn a_weak_role_may_repeat_the_installation() {
    let pool = database();
    run(&pool, PostgresIdempotencyStore::schema_sql()).await;
    let weak = pool_as(&pool, "keys", &[]).await;
    let client = connection(&weak).await;
    let installed = PostgresIdempotencyStore::install(&client).await;
    installed.expect("nothing to create");
}

/// Each isolation level, since a database may have another default.
#[tokio::test]
async fn the_store_is_installed_at_each_isolation_level() {
    for level in ["read committed", "repeatable read", "serializable"] {
        let pool = database();
        let client = connection(&pool).await;
        let setting = format!("SET default_transaction_isolation = '{level}'");
        client.batch_execute(&setting).await.expect("a setting");
        for _ in 0..2 {
            let installed = PostgresIdempotencyStore::install(&client).await;
            installed.expect(level);
        }
        let (id, first) = claim(1);
        let store = PostgresIdempotencyStore::new(pool);
        let begun = store.begin(id, first).await.expect("an answer");
        assert!(matches!(begun, Admission::Started { .. }));
    }
}

/// Tables of the same name that are something else, or of another version.
#[tokio::test]
async fn a_table_of_another_form_is_refused() {
    let of_store = PostgresIdempotencyStore::schema_sql();
    for (sql, expected) in [
        (
            "CREATE TABLE conditional_idempotency (id bytea PRIMARY KEY, forgotten_at timestamptz)"
                .to_owned(),
            "other columns",
        ),
        (
            "CREATE TABLE conditional_idempotency ()".to_owned(),
            "other columns",
        ),
        (
            format!("{of_store} ALTER TABLE conditional_idempotency ALTER fence TYPE text"),
            "other columns",
        ),
        (
            format!("{of_store} ALTER TABLE conditional_idempotency ADD note text"),
            "other columns",
        ),
        (
            format!(
                "{of_store} ALTER TABLE conditional_idempotency
                DROP CONSTRAINT conditional_idempotency_pkey"
            ),
            "no primary key",
        ),
        (
            format!("{of_store} ALTER TABLE conditional_idempotency SET UNLOGGED"),
            "unlogged",
        ),
    ] {
        let pool = database();
        run(&pool, &sql).await;
        let client = connection(&pool).await;
        let refused = PostgresIdempotencyStore::install(&client).await;
        let error = refused.expect_err(&sql);
        assert_eq!(error.kind(), ErrorKind::Refused, "{sql}: {error:?}");
        assert!(reason(&error).contains(expected), "{sql}: {error}");
    }
}

/// A table of an earlier schema in the path is another service's.
#[tokio::test]
async fn the_store_is_installed_in_the_first_schema() {
    let pool = database();
    run(&pool, PostgresIdempotencyStore::schema_sql()).await;
    let client = connection(&pool).await;
    let path = "CREATE SCHEMA orders; SET search_path = orders, public";
    client.batch_execute(path).await.expect("a schema");
    let installed = PostgresIdempotencyStore::install(&client).await;
    installed.expect("an installation");
    let sql = "SELECT to_regclass('orders.conditional_idempotency') IS NOT NULL
        AND to_regclass('orders.conditional_idempotency_forgotten') IS NOT NULL";
    let row = client.query_one(sql, &[]).await.expect("an answer");
    assert!(row.get::<_, bool>(0));
}

#[tokio::test]
async fn a_purge_reads_only_what_it_removes() {
    let pool = one_connection(&database()).await;
    run(&pool, PostgresIdempotencyStore::schema_sql()).await;
    run(
        &pool,
        "INSERT INTO conditional_idempotency
        SELECT sha256(n::text::bytea), '', '', 1, 1, false, 1, now(), NULL, '', interval '1 h',
            interval '0', now() + interval '1 h', now() + interval '1 h'
        FROM generate_series(1, 20000) AS n;
        ANALYZE conditional_idempotency",
    )
    .await;
    let store = PostgresIdempotencyStore::new(pool.clone());
    let batch = NonZeroUsize::new(100).expect("a number");
    assert_eq!(store.purge(batch).await.expect("an answer"), 0);
    let client = connection(&pool).await;
    let sql = "SELECT idx_scan FROM pg_stat_user_indexes
        WHERE indexrelname = 'conditional_idempotency_forgotten'";
    // A session reports its statistics with a later statement, after a second.
    let until = Instant::now() + Duration::from_secs(15);
    let mut scans = 0;
    while scans == 0 && Instant::now() < until {
        let row = client.query_one(sql, &[]).await.expect("statistics");
        scans = row.get::<_, i64>(0);
    }
    assert!(scans > 0, "the index is not used");
}
