//! A table that is altered while connections stay open.

use http::request::Parts;
use tower_conditional::{Current, ValidatorSource, VersionTags};
use tower_conditional_postgres::{
    EventLog, Guarded, Install, Param, QuerySource, Schema, Target, VersionSource,
};

use crate::support::{
    connection, database, if_match, lease, notes, number, one_connection, request, row, run, tag,
    text_of,
};

/// Issue 11, B.1: the statements of the source and the guard were prepared before the
/// table was altered.
#[tokio::test]
async fn a_column_of_another_type_is_read_by_connections_that_live_on() {
    let pool = one_connection(&database()).await;
    run(
        &pool,
        "CREATE TABLE notes (id integer PRIMARY KEY, version integer);
         INSERT INTO notes VALUES (1, 5)",
    )
    .await;
    let sql = "SELECT version FROM notes WHERE id = $1::text::int8";
    let source = QuerySource::new(pool.clone(), sql, |_: &Parts| {
        Some((row(1), vec![Box::new("1") as Param]))
    });
    let target = || {
        let sql = format!("{sql} FOR UPDATE");
        Target::query(row(1), sql, vec![Box::new("1")])
    };
    let text = VersionTags::plain().scope(row(1)).bytes(b"5").to_string();
    for (sql, expected) in [
        ("SELECT", number(&row(1), 5)),
        (
            "ALTER TABLE notes ALTER version TYPE bigint",
            number(&row(1), 5),
        ),
        ("ALTER TABLE notes ALTER version TYPE text", text.clone()),
        ("ALTER TABLE notes ALTER id TYPE bigint", text.clone()),
        // A pooler does this between its clients.
        ("DISCARD ALL", text.clone()),
    ] {
        run(&pool, sql).await;
        let found = source.current(&request("/")).await.expect(sql);
        assert_eq!(text_of(&found), expected, "{sql}");
        let mut lease = lease(&pool).await;
        let begun = Guarded::begin(&mut lease, if_match(&expected), target()).await;
        begun.expect(sql).rollback().await.expect("a rollback");
    }
}

/// Issue 11, B.1: each connection keeps the plans of the statements in the triggers.
#[tokio::test]
async fn triggers_of_connections_that_live_on_see_the_new_type() {
    let pool = one_connection(&notes().await).await;
    let schema = Schema::new().events("events").expect("a name");
    schema
        .install(&*connection(&pool).await)
        .await
        .expect("the migration runs");
    let log = EventLog::new(pool.clone(), "events").expect("a name");
    let write = "INSERT INTO notes VALUES (1, 'a'); UPDATE notes SET text = 'x';
        DELETE FROM notes; INSERT INTO notes VALUES (1, 'a');
        INSERT INTO events (event) VALUES ('x')";
    for sql in [
        "SELECT",
        "ALTER TABLE notes ALTER id TYPE integer",
        "ALTER TABLE notes ALTER id TYPE text",
        "ALTER TABLE notes ALTER tenant_id TYPE varchar(9)",
        "ALTER TABLE notes DROP text; ALTER TABLE notes ADD text text",
        "ALTER TABLE conditional_versions ALTER version TYPE bigint",
    ] {
        run(&pool, sql).await;
        let latest = async || {
            use tower_conditional::state_ref::StateSource;
            log.latest(&request("/")).await.expect("an answer")
        };
        let before = latest().await;
        run(&pool, write).await;
        let one = tag(&pool, &row(1)).await;
        run(&pool, "UPDATE notes SET text = 'y'").await;
        assert_ne!(tag(&pool, &row(1)).await, one, "{sql}");
        run(&pool, "DELETE FROM notes").await;
        let source = VersionSource::new(pool.clone(), |_: &Parts| Some(row(1)));
        let gone = source.current(&request("/")).await.expect("an answer");
        assert!(matches!(gone, Current::Absent), "{sql}");
        assert_ne!(latest().await, before, "{sql}");
    }
}
