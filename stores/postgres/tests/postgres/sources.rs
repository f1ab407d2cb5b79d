use std::{collections::HashSet, time::Duration};

use deadpool_postgres::Pool;
use http::request::Parts;
use tokio_postgres::Config;
use tower_conditional::{Current, ValidatorSource, VersionTags, state_ref::StateSource};
use tower_conditional_postgres::{
    ErrorKind, EventLog, PostgresChangeFeed, PostgresIdempotencyStore, QuerySource, Scope,
    ScopeState, VersionSource,
};

use crate::support::{
    connection, notes, number, on_another_slot, request, row, run, slot, table, tag, tenant,
    text_of, versions,
};

async fn current(pool: &deadpool_postgres::Pool, scope: Scope) -> Current {
    let source = VersionSource::new(pool.clone(), move |_: &Parts| Some(scope.clone()));
    source.current(&request("/")).await.expect("an answer")
}

#[tokio::test]
async fn a_row_is_present_or_absent() {
    let pool = notes().await;
    assert!(matches!(current(&pool, row(1)).await, Current::Absent));
    run(&pool, "INSERT INTO notes VALUES (1, 'a')").await;
    let version = versions(&pool, &row(1)).await[0].1;
    assert_eq!(
        text_of(&current(&pool, row(1)).await),
        number(&row(1), version)
    );
    run(&pool, "DELETE FROM notes").await;
    assert!(matches!(current(&pool, row(1)).await, Current::Absent));
    // No integer has this spelling.
    assert!(matches!(current(&pool, row("\0")).await, Current::Unknown));
}

#[tokio::test]
async fn collections_are_present_before_the_first_write() {
    let pool = notes().await;
    for (scope, sql) in [
        (tenant("a"), "INSERT INTO notes VALUES (1, 'a')"),
        (tenant("b"), "INSERT INTO notes VALUES (2, 'b')"),
        (table(), "INSERT INTO notes VALUES (3, 'c')"),
    ] {
        let never = tag(&pool, &scope).await;
        assert_eq!(tag(&pool, &scope).await, never);
        run(&pool, sql).await;
        let written = tag(&pool, &scope).await;
        assert_ne!(written, never);
        // The table is empty again, with another tag than before.
        run(&pool, "DELETE FROM notes").await;
        let empty = tag(&pool, &scope).await;
        assert!(empty != never && empty != written);
    }
}

#[tokio::test]
async fn no_scope_is_unknown_and_an_unwatched_scope_is_an_error() {
    let pool = notes().await;
    let source = VersionSource::new(pool.clone(), |_: &Parts| None);
    assert!(matches!(
        source.current(&request("/")).await,
        Ok(Current::Unknown)
    ));

    for scope in [
        Scope::row("others", 1),
        Scope::table("others"),
        Scope::group("notes", "text", "a"),
        Scope::row("public.notes", 1),
    ] {
        let source = VersionSource::new(pool.clone(), move |_: &Parts| Some(scope.clone()));
        let error = source
            .current(&request("/"))
            .await
            .expect_err("it is not watched");
        assert_eq!(error.kind(), ErrorKind::NotWatched);
    }
}

/// Issue 10, B.5, R-9110-8.8.3-a: rows, groups and tables have equal versions.
#[tokio::test]
async fn equal_versions_of_two_scopes_have_two_tags() {
    let pool = notes().await;
    run(
        &pool,
        "INSERT INTO notes VALUES (4, 'a'), (5, 'b');
         UPDATE conditional_versions SET version = 7;
         UPDATE conditional_versions SET slot = 0 WHERE slot >= 0",
    )
    .await;
    let scopes = [row(4), row(5), tenant("a"), tenant("b"), table()];
    let keyed = VersionTags::keyed("sixteen bytes or more").expect("a secret");
    for tags in [VersionTags::plain(), keyed] {
        let mut seen = HashSet::new();
        for scope in scopes.clone() {
            assert_eq!(versions(&pool, &scope).await, [(0, 7)]);
            let source = VersionSource::new(pool.clone(), move |_: &Parts| Some(scope.clone()));
            let source = source.tags(tags.clone());
            let found = source.current(&request("/")).await.expect("an answer");
            assert!(seen.insert(text_of(&found)));
        }
    }
}

/// Issue 10, A.2: versions that a handler reads with its content make the tag of the
/// source, as in the documentation.
#[tokio::test]
async fn a_handler_makes_the_tag_of_the_source() {
    let pool = notes().await;
    let version = async |sql: &str| {
        let client = connection(&pool).await;
        client.query_one(sql, &[]).await.expect("a row")
    };
    for write in [
        "INSERT INTO notes VALUES (1, 'a'), (2, 'a')",
        "UPDATE notes SET text = 'x' WHERE id = 1",
    ] {
        run(&pool, write).await;
        let one = version(
            "SELECT text, version FROM notes JOIN conditional_versions ON scope = 'row/notes/1'
             WHERE id = 1",
        );
        let one = one.await.get(1);
        assert_eq!(number(&row(1), one), tag(&pool, &row(1)).await);
        for (scope, all) in [
            (table(), "scope = 'table/notes'"),
            (
                tenant("a"),
                "scope = 'group/notes/tenant_id/a'
                 OR slot = -1 AND scope = 'group/notes/tenant_id'",
            ),
        ] {
            let sql = format!(
                "SELECT string_agg(int4send(slot) || int8send(version), '' ORDER BY slot)
                 FROM conditional_versions WHERE {all}"
            );
            let bytes: Vec<u8> = version(&sql).await.get(0);
            let made = VersionTags::plain().scope(&scope).bytes(&bytes);
            assert_eq!(made.to_string(), tag(&pool, &scope).await);
        }
    }
}

#[tokio::test]
async fn keyed_tags_hide_the_version() {
    let pool = notes().await;
    run(&pool, "INSERT INTO notes VALUES (1, 'a')").await;
    let tags = VersionTags::keyed("sixteen bytes or more").expect("a secret");
    let source = VersionSource::new(pool.clone(), |_: &Parts| Some(row(1))).tags(tags.clone());
    let version = versions(&pool, &row(1)).await[0].1;
    let expected = tags.scope(row(1)).number(version);
    let found = source.current(&request("/")).await.expect("an answer");
    assert_eq!(expected.as_header_value(), &text_of(&found));
}

/// The greatest number of a table is no validator. It does not change if a writer with a
/// lower number commits later, or if a row other than the last is deleted.
#[tokio::test]
async fn the_greatest_number_gives_a_wrong_304_and_a_version_row_does_not() {
    let pool = notes().await;
    run(
        &pool,
        "ALTER TABLE notes ADD tx xid8 NOT NULL DEFAULT pg_current_xact_id();
         ALTER TABLE notes ADD serial bigserial",
    )
    .await;
    let greatest = async || {
        let client = connection(&pool).await;
        let sql = "SELECT max(tx::text::bigint), max(serial) FROM notes";
        let row = client.query_one(sql, &[]).await.expect("a row");
        (row.get::<_, i64>(0), row.get::<_, i64>(1))
    };
    let mut one = connection(&pool).await;
    let two = on_another_slot(&pool, &one).await;
    let late = one.transaction().await.expect("a transaction");
    let insert = "INSERT INTO notes (id, tenant_id) VALUES ($1, 'a')";
    late.execute(insert, &[&1_i64]).await.expect("a note");
    two.execute(insert, &[&2_i64])
        .await
        .expect("it does not wait");

    let (numbers, whole, group) = (
        greatest().await,
        tag(&pool, &table()).await,
        tag(&pool, &tenant("a")).await,
    );
    late.commit().await.expect("a commit");
    assert_eq!(greatest().await, numbers, "the wrong 304");
    let after_commit = tag(&pool, &table()).await;
    assert_ne!(after_commit, whole);
    assert_ne!(tag(&pool, &tenant("a")).await, group);

    run(&pool, "DELETE FROM notes WHERE id = 1").await;
    assert_eq!(greatest().await, numbers, "the wrong 304");
    assert_ne!(tag(&pool, &table()).await, after_commit);
}

/// Two writers on different slots do not wait for each other, and two on the same slot do.
#[tokio::test]
async fn writers_on_different_slots_do_not_wait() {
    let pool = notes().await;
    let one = connection(&pool).await;
    let two = on_another_slot(&pool, &one).await;
    let insert = "BEGIN; SET LOCAL lock_timeout = '200ms'; INSERT INTO notes VALUES (";
    for (client, id) in [(&one, 1), (&two, 2)] {
        let insert = format!("{insert} {id}, 'a')");
        client
            .batch_execute(&insert)
            .await
            .expect("it does not wait");
    }
    let mut others = Vec::new();
    for id in 3..20 {
        let client = connection(&pool).await;
        let waits = [slot(&one).await, slot(&two).await].contains(&slot(&client).await);
        let written = client.batch_execute(&format!("{insert} {id}, 'a')")).await;
        assert_eq!(written.is_err(), waits);
        client.batch_execute("ROLLBACK").await.expect("a rollback");
        others.push(client);
    }
    // Each commit changes the tag, in any order.
    let before = tag(&pool, &table()).await;
    two.batch_execute("COMMIT").await.expect("a commit");
    let between = tag(&pool, &table()).await;
    one.batch_execute("COMMIT").await.expect("a commit");
    let after = tag(&pool, &table()).await;
    assert!(before != between && between != after && before != after);
}

#[tokio::test]
async fn a_state_is_the_tag_without_quotes() {
    let pool = notes().await;
    let state = ScopeState::new(pool.clone(), |request: &Parts| match request.uri.path() {
        "/notes" => Some(table()),
        "/notes/1" => Some(row(1)),
        _ => None,
    });
    let parts = ["/", "/notes", "/notes/1"].map(request);
    assert_eq!(state.latest(&parts[0]).await.expect("an answer"), None);
    assert_eq!(state.latest(&parts[2]).await.expect("an answer"), None);
    run(&pool, "INSERT INTO notes VALUES (1, 'a')").await;
    let version = versions(&pool, &row(1)).await[0].1;
    let one = state
        .latest(&parts[2])
        .await
        .expect("an answer")
        .expect("a state");
    let tag_of_one = number(&row(1), version);
    assert_eq!(format!("\"{}\"", one.to_str().expect("text")), tag_of_one);
    let whole = state
        .latest(&parts[1])
        .await
        .expect("an answer")
        .expect("a state");
    assert_eq!(
        format!("\"{}\"", whole.to_str().expect("text")),
        tag(&pool, &table()).await
    );
}

/// The pool needs no server, since nothing is sent.
#[tokio::test]
async fn a_timeout_of_zero_is_refused() {
    const ZERO: Duration = Duration::ZERO;
    let sets: [fn(Pool); 6] = [
        |pool| drop(VersionSource::new(pool, |_: &Parts| None).timeout(ZERO)),
        |pool| drop(ScopeState::new(pool, |_: &Parts| None).timeout(ZERO)),
        |pool| drop(QuerySource::new(pool, "SELECT 1", |_: &Parts| None).timeout(ZERO)),
        |pool| drop(EventLog::new(pool, "outbox").expect("a name").timeout(ZERO)),
        |pool| drop(PostgresIdempotencyStore::new(pool).timeout(ZERO)),
        |_| {
            let feed = PostgresChangeFeed::new(Config::new(), "changes").expect("a name");
            drop(feed.heartbeat(ZERO));
        },
    ];
    for set in sets {
        let pool = crate::support::pool("postgres://localhost/none");
        let panic = tokio::spawn(async move { set(pool) }).await;
        let panic = panic.expect_err("a panic").into_panic();
        let message = panic.downcast::<String>().expect("a text");
        assert!(
            message.starts_with("invalid ") && message.ends_with("in time; use some seconds"),
            "{message}"
        );
    }
}
