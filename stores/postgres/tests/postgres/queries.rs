//! Versions that the application keeps, read by its own query.

use http::{HeaderValue, request::Parts};
use tower_conditional::{Current, ValidatorSource, VersionTags, state_ref::StateSource};
use tower_conditional_postgres::{ErrorKind, Param, QuerySource, ScopeState};

use crate::support::{database, notes, number, reason, request, row, run, text_of, versions};

/// The type of each column decides the validators.
#[tokio::test]
async fn a_version_column_of_each_type() {
    let pool = database();
    let end = VersionTags::plain().scope(row(1)).bytes(b"");
    let end = HeaderValue::from_bytes(end.opaque()).expect("a tag's text");
    let uuid = "67e55044-10b1-426f-9247-bb680e5fe0c8";
    for (sql, expected) in [
        ("SELECT 7::smallint", "\"7\" -"),
        ("SELECT 7::integer", "\"7\" -"),
        ("SELECT -7::bigint", "\"-7\" -"),
        ("SELECT 'AB'", "\"QUI\" -"),
        ("SELECT 'AB'::varchar", "\"QUI\" -"),
        ("SELECT 'AB'::bytea", "\"QUI\" -"),
        (&format!("SELECT '{uuid}'::uuid"), &format!("\"{uuid}\" -")),
        (
            "SELECT '2025-11-21 09:00:00.123456Z'::timestamptz",
            "\"1763715600.123456\" -",
        ),
        (
            "SELECT '2025-11-21 09:00:00Z'::timestamptz",
            "W/\"1763715600\" -",
        ),
        ("SELECT '1969-12-31 23:59:59.5Z'::timestamptz", "\"-0.5\" -"),
        (
            "SELECT 7, '2025-11-21 09:00:00.9Z'::timestamptz",
            "\"7\" Fri, 21 Nov 2025 09:00:00 GMT",
        ),
        ("SELECT 7, NULL::timestamptz", "\"7\" -"),
        ("SELECT NULL::bigint", "- -"),
        (
            "SELECT NULL::bigint, '2025-11-21 09:00:00Z'::timestamptz",
            "- Fri, 21 Nov 2025 09:00:00 GMT",
        ),
        ("SELECT 7 WHERE false", "absent"),
        ("SELECT", "InvalidVersion: 0 columns"),
        (
            "SELECT 1.5::float8",
            "InvalidVersion: column \"float8\" of type float8",
        ),
        (
            "SELECT now()::timestamp",
            "InvalidVersion: column \"now\" of type timestamp",
        ),
        (
            "SELECT 'infinity'::timestamptz",
            "InvalidVersion: column \"timestamptz\" of type timestamptz",
        ),
        (
            "SELECT '-infinity'::timestamptz",
            "InvalidVersion: column \"timestamptz\" of type timestamptz",
        ),
        (
            "SELECT 7, 8",
            "InvalidVersion: column \"?column?\" of type int4",
        ),
        ("SELECT 7, now(), 8", "InvalidVersion: 3 columns"),
        ("SELECT 7 UNION SELECT 8", "Database"),
        ("SELECT nothing", "Database"),
    ] {
        let source = QuerySource::new(pool.clone(), sql, |_: &Parts| Some((row(1), Vec::new())));
        let found = match source.current(&request("/")).await {
            Ok(Current::Absent) => "absent".to_owned(),
            Ok(current) => {
                let found = current.validators().expect("validators");
                let tag = found
                    .etag
                    .as_ref()
                    .map_or("-", |tag| tag.as_header_value().to_str().expect("text"));
                let date = found.last_modified.map_or("-".to_owned(), |date| {
                    HeaderValue::from(date).to_str().expect("text").to_owned()
                });
                format!("{tag} {date}")
            }
            Err(error) if error.kind() == ErrorKind::InvalidVersion => {
                format!("InvalidVersion: {}", reason(&error))
            }
            Err(error) => format!("{:?}", error.kind()),
        };
        // The version of each tag is followed by the scope.
        let found = found.replace(end.to_str().expect("text"), "");
        assert_eq!(found, expected, "{sql}");
    }
}

#[tokio::test]
async fn a_query_takes_its_parameters_from_the_request() {
    let pool = database();
    run(&pool, "CREATE TABLE notes (id bigint, of text, version int); INSERT INTO notes VALUES (1, 'a', 5)").await;
    let sql = "SELECT version FROM notes WHERE id = $1 AND of = $2";
    let source = QuerySource::new(pool, sql, |request: &Parts| {
        let id: i64 = request.uri.path().strip_prefix('/')?.parse().ok()?;
        let params: [Param; 2] = [Box::new(id), Box::new("a")];
        Some((row(id), params.into()))
    });
    assert_eq!(
        text_of(&source.current(&request("/1")).await.expect("an answer")),
        number(&row(1), 5)
    );
    assert!(matches!(
        source.current(&request("/2")).await,
        Ok(Current::Absent)
    ));
    assert!(matches!(
        source.current(&request("/x")).await,
        Ok(Current::Unknown)
    ));
}

/// The number of a version can be hidden, in a tag and in a state.
#[tokio::test]
async fn queries_and_states_may_have_keyed_tags() {
    let pool = notes().await;
    run(&pool, "INSERT INTO notes VALUES (1, 'a')").await;
    let tags = VersionTags::keyed("sixteen bytes or more").expect("a secret");
    let scope = |_: &Parts| Some((row(1), Vec::new()));
    let source = QuerySource::new(pool.clone(), "SELECT 7", scope).tags(tags.clone());
    let found = source.current(&request("/")).await.expect("an answer");
    assert_eq!(text_of(&found), tags.scope(row(1)).number(7).to_string());

    let version = versions(&pool, &row(1)).await[0].1;
    let state = ScopeState::new(pool, |_: &Parts| Some(row(1))).tags(tags.clone());
    let latest = state.latest(&request("/")).await.expect("an answer");
    let expected = tags.scope(row(1)).number(version);
    assert_eq!(latest.expect("a state").as_bytes(), expected.opaque());
}
