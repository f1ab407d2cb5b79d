//! The tags of versions that a query gives.

use http::request::Parts;
use rusqlite::types::Value;
use tower_conditional::{Current, ValidatorSource, VersionTags};

use super::{query, request};
use crate::{
    Database, ErrorKind, QuerySource, Scope,
    test_support::{notes, tag_text},
};

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
