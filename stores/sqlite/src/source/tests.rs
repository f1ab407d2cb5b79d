use std::{collections::HashSet, time::Duration};

use http::{Request, request::Parts};
use rusqlite::types::Value;
use tower_conditional::{Current, ValidatorSource, VersionTags};

use super::{QuerySource, VersionSource};
use crate::{
    Database, ErrorKind, Install, Scope,
    test_support::{
        TempFile, block_thread, execute, notes, request_for, schema, scope_of, tag, tag_text,
        version,
    },
};

fn request() -> Parts {
    Request::new(()).into_parts().0
}

async fn query(database: &Database, sql: &'static str) -> Result<Current, crate::Error> {
    let source = QuerySource::new(database.clone(), sql, |_: &Parts| {
        Some((Scope::row("notes", 1), Vec::new()))
    });
    source.current(&request()).await
}

/// Returns the tag that `max` over a column makes, and the tag of the version row.
async fn both(database: &Database, max: &'static str) -> (String, String) {
    let max = tag_text(&query(database, max).await.unwrap()).unwrap();
    let version = tag(database, Scope::table("notes")).await.unwrap();
    (max, version)
}

/// R-9110-8.8.1-a
#[tokio::test]
async fn the_maximum_of_a_column_gives_a_wrong_304_and_the_version_row_does_not() {
    let database = notes().await;
    execute(
        &database,
        "ALTER TABLE notes ADD COLUMN version INTEGER;
         ALTER TABLE notes ADD COLUMN updated_at INTEGER;
         INSERT INTO notes VALUES
             (1, 'a', 'one', 1, 1763715600), (2, 'a', 'two', 2, 1763715600);",
    )
    .await;

    // A row that is not the newest is deleted.
    let max = "SELECT max(version) FROM notes";
    let before = both(&database, max).await;
    execute(&database, "DELETE FROM notes WHERE id = 1").await;
    let after = both(&database, max).await;
    assert_eq!(
        before.0, after.0,
        "the maximum is the same for other content"
    );
    assert_ne!(before.1, after.1);

    // The newest row is deleted, and its number is used again.
    let before = both(&database, max).await;
    execute(
        &database,
        "DELETE FROM notes;
         INSERT INTO notes SELECT 2, 'a', 'other', coalesce(max(version), 1) + 1, 1763715600
             FROM notes;",
    )
    .await;
    let after = both(&database, max).await;
    assert_eq!(
        before.0, after.0,
        "the maximum is the same for other content"
    );
    assert_ne!(before.1, after.1);

    // Two writes come within a second.
    let max = "SELECT max(updated_at) FROM notes";
    let before = both(&database, max).await;
    execute(
        &database,
        "UPDATE notes SET text = 'x', updated_at = 1763715600",
    )
    .await;
    let after = both(&database, max).await;
    assert_eq!(
        before.0, after.0,
        "the maximum is the same for other content"
    );
    assert_ne!(before.1, after.1);
}

/// A version becomes visible with the commit of its writer.
#[tokio::test]
async fn a_version_comes_with_its_commit() {
    let file = TempFile::new();
    let [reader, writer] = [(); 2].map(|()| Database::open(&file).unwrap());
    execute(&writer, crate::test_support::NOTES).await;
    schema().install(&writer).await.unwrap();
    let all = || Scope::table("notes");
    let before = tag(&reader, all()).await;

    let (written, is_written) = tokio::sync::oneshot::channel();
    let (commit, committed) = std::sync::mpsc::channel::<()>();
    let writing = writer.run(move |connection| {
        let transaction = connection.transaction()?;
        transaction.execute("INSERT INTO notes VALUES (1, 'a', 'one')", ())?;
        let _ = written.send(());
        let _ = committed.recv();
        transaction.commit()
    });
    let reading = async {
        is_written.await.unwrap();
        let uncommitted = tag(&reader, all()).await;
        drop(commit);
        uncommitted
    };
    let (done, uncommitted) = tokio::join!(writing, reading);
    done.unwrap();
    assert_eq!(uncommitted, before);
    assert_ne!(tag(&reader, all()).await, before);
}

#[tokio::test]
async fn no_scope_and_no_parameters_are_unknown() {
    let database = notes().await;
    let source = VersionSource::new(database.clone(), |_: &Parts| None);
    assert!(matches!(
        source.current(&request()).await,
        Ok(Current::Unknown)
    ));
    let source = QuerySource::new(database, "nonsense", |_: &Parts| None);
    assert!(matches!(
        source.current(&request()).await,
        Ok(Current::Unknown)
    ));
}

/// Issue 10, B.5, R-9110-8.8.3-a: rows, groups and tables have equal versions.
#[tokio::test]
async fn equal_versions_of_two_scopes_have_two_tags() {
    let database = notes().await;
    execute(
        &database,
        "INSERT INTO notes VALUES (4, 'a', 'four'), (5, 'b', 'five');
         UPDATE conditional_versions SET version = 7",
    )
    .await;
    let keyed = VersionTags::keyed([7; 16]).unwrap();
    for tags in [VersionTags::plain(), keyed] {
        let source = VersionSource::new(database.clone(), scope_of).tags(tags.clone());
        let mut seen = HashSet::new();
        for scope in [
            Scope::row("notes", 4),
            Scope::row("notes", 5),
            Scope::group("notes", "tenant", "a"),
            Scope::group("notes", "tenant", "b"),
            Scope::table("notes"),
        ] {
            let found = source.current(&request_for(scope.clone())).await.unwrap();
            let expected = tags.scope(&scope).number(7);
            assert_eq!(tag_text(&found).unwrap(), expected.to_string());
            assert!(seen.insert(expected.to_string()), "{scope:?}");
        }
    }
}

#[tokio::test]
async fn tags_may_be_keyed() {
    let database = notes().await;
    let tags = VersionTags::keyed([7; 16]).unwrap();
    let source = VersionSource::new(database.clone(), scope_of).tags(tags.clone());
    let keyed = source
        .current(&request_for(Scope::table("notes")))
        .await
        .unwrap();
    let version = version(&database, Scope::table("notes")).await;
    let expected = tags.scope(Scope::table("notes")).number(version);
    assert_eq!(*expected.as_header_value(), tag_text(&keyed).unwrap());

    let source = QuerySource::new(database, "SELECT 42", |_: &Parts| {
        Some((Scope::table("notes"), Vec::new()))
    });
    let keyed = source.tags(tags.clone()).current(&request()).await.unwrap();
    let expected = tags.scope(Scope::table("notes")).number(42);
    assert_eq!(*expected.as_header_value(), tag_text(&keyed).unwrap());
}

#[tokio::test]
async fn a_query_gives_a_version_and_maybe_a_date() {
    let database = Database::in_memory().unwrap();
    let cases = [
        ("SELECT 42", "\"42\""),
        ("SELECT 'abc'", "\"YWJj\""),
        ("SELECT x'616263'", "\"YWJj\""),
        (
            "SELECT x'67e5504410b1426f9247bb680e5fe0c8'",
            "\"67e55044-10b1-426f-9247-bb680e5fe0c8\"",
        ),
        ("SELECT 1, NULL", "\"1\""),
        ("SELECT 1, -1", "\"1\""),
        ("SELECT 1 UNION ALL SELECT 2", "\"1\""),
    ];
    // The version of each tag is followed by the scope.
    let end = VersionTags::plain()
        .scope(Scope::row("notes", 1))
        .bytes(b"");
    let end = str::from_utf8(end.opaque()).unwrap();
    for (sql, tag) in cases {
        let spelled = tag_text(&query(&database, sql).await.unwrap()).unwrap();
        assert_eq!(spelled.replace(end, ""), tag, "{sql}");
        assert!(spelled.contains(end), "{sql}");
    }
    let dated = query(&database, "SELECT 1, 1763715600").await.unwrap();
    let date = dated.validators().unwrap().last_modified.unwrap();
    assert_eq!(date.unix_seconds(), 1_763_715_600);
    // Issue 10, A.8: a time before 1970 stays as it is.
    let dated = query(&database, "SELECT 1, -631152000").await.unwrap();
    let date = dated.validators().unwrap().last_modified.unwrap();
    assert_eq!(date.to_string(), "Sun, 01 Jan 1950 00:00:00 GMT");

    let untagged = query(&database, "SELECT NULL, 1763715600").await.unwrap();
    assert!(untagged.validators().unwrap().etag.is_none());
    assert!(untagged.validators().unwrap().last_modified.is_some());

    let absent = query(&database, "SELECT 1 WHERE false").await;
    assert!(matches!(absent, Ok(Current::Absent)));
    for sql in ["SELECT 1.5", "SELECT 1, 'yesterday'", "nonsense"] {
        let error = query(&database, sql).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Database, "{sql}");
        assert!(std::error::Error::source(&error).is_some());
    }
}

#[tokio::test]
async fn parameters_come_from_the_request() {
    let database = notes().await;
    let sql = "SELECT ?1 || ?2";
    let source = QuerySource::new(database, sql, |request: &Parts| {
        let path = request.uri.path().to_owned();
        Some((Scope::table("notes"), vec![path.into(), Value::from(7)]))
    });
    let current = source.current(&request()).await.unwrap();
    let tags = VersionTags::plain().scope(Scope::table("notes"));
    let expected = tags.bytes(b"/7");
    assert_eq!(*expected.as_header_value(), tag_text(&current).unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_database_that_hangs_is_an_error_within_the_limit() {
    let database = notes().await;
    let _hanging = block_thread(&database).await;
    let all = || request_for(Scope::table("notes"));
    let timeout = Duration::from_millis(30);
    let versions = VersionSource::new(database.clone(), scope_of);
    let rows = QuerySource::new(database, "SELECT 1", |_: &Parts| {
        Some((Scope::table("notes"), Vec::new()))
    });

    let start = tokio::time::Instant::now();
    let (one, two) = (versions.current(&all()).await, rows.current(&all()).await);
    assert_eq!(start.elapsed(), 2 * Duration::from_secs(5));
    for slow in [one, two] {
        assert_eq!(slow.unwrap_err().kind(), ErrorKind::TimedOut);
    }

    let start = tokio::time::Instant::now();
    let (versions, rows) = (versions.timeout(timeout), rows.timeout(timeout));
    let (one, two) = (versions.current(&all()).await, rows.current(&all()).await);
    assert_eq!(start.elapsed(), 2 * timeout);
    for slow in [one, two] {
        assert_eq!(slow.unwrap_err().kind(), ErrorKind::TimedOut);
    }
}

#[tokio::test]
async fn a_closed_database_is_an_error() {
    let database = notes().await;
    let source = VersionSource::new(database.clone(), scope_of);
    database.close().await;
    let error = source
        .current(&request_for(Scope::table("notes")))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
}

#[tokio::test]
async fn a_database_without_the_schema_is_an_error() {
    let database = Database::in_memory().unwrap();
    let error = crate::test_support::current(&database, Scope::table("notes")).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Database);
}

#[tokio::test]
async fn a_timeout_of_zero_is_refused() {
    let database = notes().await;
    let sets: [Box<dyn FnOnce(Database) + Send>; 4] = [
        Box::new(|database| {
            let source = VersionSource::new(database, |_: &Parts| None);
            let _ = source.timeout(Duration::ZERO);
        }),
        Box::new(|database| {
            let source = QuerySource::new(database, "SELECT 1", |_: &Parts| None);
            let _ = source.timeout(Duration::ZERO);
        }),
        Box::new(|database| {
            let source = crate::ScopeState::new(database, |_: &Parts| None);
            let _ = source.timeout(Duration::ZERO);
        }),
        Box::new(|database| {
            let source = crate::EventLog::new(database, "outbox").expect("a name");
            let _ = source.timeout(Duration::ZERO);
        }),
    ];
    for set in sets {
        let database = database.clone();
        let panic = tokio::spawn(async move { set(database) }).await;
        let panic = panic.expect_err("a panic").into_panic();
        let message = panic.downcast::<String>().expect("a text");
        assert_eq!(
            *message,
            "invalid timeout 0ns: no answer comes in time; use some seconds"
        );
    }
}
