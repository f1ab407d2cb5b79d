use http::HeaderValue;
use tower_conditional::state_ref::StateSource;
use tower_conditional_postgres::{EventLog, Install, Schema};

use crate::support::{connection, database, request, run};

async fn latest(log: &EventLog) -> HeaderValue {
    let latest = log.latest(&request("/")).await.expect("an answer");
    latest.expect("a log always has a state")
}

async fn log_of_events() -> (deadpool_postgres::Pool, EventLog) {
    let pool = database();
    let schema = Schema::new().events("events").expect("a name");
    let client = connection(&pool).await;
    schema.install(&client).await.expect("the migration runs");
    let log = EventLog::new(pool.clone(), "events").expect("a name");
    (pool, log)
}

/// With a `bigserial`, the greatest number stays the same although an event was added. The
/// writers of the log wait for each other, so the greatest number always changes.
#[tokio::test]
async fn numbers_become_visible_in_order() {
    let (pool, log) = log_of_events().await;
    run(&pool, "CREATE TABLE plain (id bigserial, event text)").await;
    let plain = async || {
        let client = connection(&pool).await;
        let row = client
            .query_one("SELECT max(id) FROM plain", &[])
            .await
            .expect("a row");
        row.get::<_, Option<i64>>(0)
    };
    let mut one = connection(&pool).await;
    let early = one.transaction().await.expect("a transaction");
    early
        .batch_execute("INSERT INTO plain (event) VALUES ('1')")
        .await
        .expect("an event");
    run(&pool, "INSERT INTO plain (event) VALUES ('2')").await;
    let before = plain().await;
    early.commit().await.expect("a commit");
    assert_eq!(plain().await, before, "the wrong 304");

    assert_eq!(latest(&log).await, "0");
    let early = one.transaction().await.expect("a transaction");
    early
        .batch_execute("INSERT INTO events (event) VALUES ('1')")
        .await
        .expect("an event");
    let mut two = connection(&pool).await;
    let late = two.transaction().await.expect("a transaction");
    let append = "SET LOCAL lock_timeout = '100ms'; INSERT INTO events (event) VALUES ('2')";
    assert!(
        late.batch_execute(append).await.is_err(),
        "it waits for the first"
    );
    late.rollback().await.expect("a rollback");
    assert_eq!(latest(&log).await, "0");
    early.commit().await.expect("a commit");
    let first = latest(&log).await;
    assert_ne!(first, "0");
    run(&pool, "INSERT INTO events (event) VALUES ('2')").await;
    assert_ne!(latest(&log).await, first);
}

/// A reader that sees a number also sees all lower numbers.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_appears_below_the_latest() {
    let (pool, log) = log_of_events().await;
    let writers: Vec<_> = (0..8)
        .map(|_| {
            let pool = pool.clone();
            tokio::spawn(async move {
                for _ in 0..20 {
                    run(&pool, "INSERT INTO events (event) VALUES ('x'), ('y')").await;
                }
            })
        })
        .collect();
    let client = connection(&pool).await;
    let mut seen: Vec<i64> = Vec::new();
    while seen.len() < 320 {
        let latest: i64 = latest(&log)
            .await
            .to_str()
            .expect("text")
            .parse()
            .expect("a number");
        let sql = "SELECT id FROM events WHERE id <= $1 ORDER BY id";
        let rows = client.query(sql, &[&latest]).await.expect("rows");
        let now: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
        let known = seen.last().copied().unwrap_or(0);
        let below: Vec<i64> = now.iter().copied().filter(|id| *id <= known).collect();
        assert_eq!(below, seen);
        seen = now;
    }
    for writer in writers {
        writer.await.expect("it wrote");
    }
}

#[tokio::test]
async fn events_are_only_appended() {
    let (pool, log) = log_of_events().await;
    run(
        &pool,
        "INSERT INTO events VALUES (99, 'its number is not asked for')",
    )
    .await;
    assert_ne!(latest(&log).await, "99");
    for sql in [
        "UPDATE events SET event = ''",
        "DELETE FROM events",
        "TRUNCATE events",
    ] {
        assert!(
            connection(&pool).await.batch_execute(sql).await.is_err(),
            "{sql}"
        );
    }
}

/// The numbers of the log are beyond those that an installation skips.
#[tokio::test]
async fn an_existing_log_continues() {
    let pool = database();
    run(
        &pool,
        "CREATE TABLE events (id bigint PRIMARY KEY, what text);
         INSERT INTO events VALUES (1000000000000, '')",
    )
    .await;
    let client = connection(&pool).await;
    let schema = Schema::new().events("events").expect("a name");
    for _ in 0..2 {
        schema.install(&client).await.expect("the migration runs");
    }
    run(&pool, "INSERT INTO events (what) VALUES ('')").await;
    let log = EventLog::new(pool.clone(), "events").expect("a name");
    let found = latest(&log).await;
    let found: i64 = found.to_str().expect("text").parse().expect("a number");
    assert!(found > 1_000_000_000_000, "{found}");
}
