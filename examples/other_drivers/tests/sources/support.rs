//! The tests of a source, the same for every driver.

use std::{
    convert::Infallible,
    future::ready,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use http::{Request, Response, header, request::Parts};
use tower::{Layer, ServiceExt, service_fn};
use tower_conditional::{BoxError, ConditionalLayer, Current, ValidatorSource};
use tower_conditional_sql::Scope;

pub(crate) const TABLE: &str = "CREATE TABLE notes (id bigint PRIMARY KEY, text text NOT NULL)";
/// A statement after which content could change while its tags stay.
pub(crate) const UNWATCHED: &str =
    "DROP TABLE notes; CREATE TABLE notes (id bigint PRIMARY KEY, text text NOT NULL)";
/// A table that cannot be watched.
pub(crate) const NO_KEY: &str = "CREATE TABLE notes (id bigint, text text NOT NULL)";

/// Returns the scope of a request. The path is the key of a note, or empty for all notes.
pub(crate) fn scope(request: &Parts) -> Option<Scope> {
    Some(match request.uri.path() {
        "/" => Scope::table("notes"),
        "/other" => Scope::table("other"),
        path => Scope::row("notes", &path[1..]),
    })
}

pub(crate) fn tag(current: &Current) -> Option<String> {
    let etag = current.validators()?.etag.as_ref()?;
    Some(etag.to_string())
}

async fn current(source: &impl ValidatorSource, path: &str) -> Result<Current, BoxError> {
    let request = Request::get(path).body(())?;
    let current = source.current(&request.into_parts().0).await;
    current.map_err(Into::into)
}

/// Tests a source. `execute` runs a statement, and `note` reads the note 17 with its state.
pub(crate) async fn check<S: ValidatorSource>(
    source: S,
    execute: impl AsyncFn(&'static str),
    note: impl AsyncFn() -> Option<(String, Current)>,
) {
    let of = async |path: &str| current(&source, path).await.expect("an answer");
    assert!(matches!(of("/17").await, Current::Absent));
    assert!(matches!(of("/017").await, Current::Unknown));
    assert!(note().await.is_none());
    let error = current(&source, "/other").await;
    let error = error.expect_err("it is not watched").to_string();
    assert!(error.contains("table/other"), "{error}");

    let (mut notes, mut all) = (Vec::new(), vec![tag(&of("/").await)]);
    for statement in [
        "INSERT INTO notes VALUES (17, 'one')",
        "UPDATE notes SET text = 'two'",
        "DELETE FROM notes",
        "INSERT INTO notes VALUES (17, 'three')",
    ] {
        execute(statement).await;
        let found = tag(&of("/17").await);
        let content = note().await;
        assert_eq!(
            content.map(|(_, current)| tag(&current)),
            found.clone().map(Some)
        );
        notes.extend(found);
        all.push(tag(&of("/").await));
    }
    assert_eq!(notes.len(), 3);
    for tags in [notes.into_iter().map(Some).collect(), all] {
        let distinct: std::collections::HashSet<_> = tags.iter().flatten().collect();
        assert_eq!(distinct.len(), tags.len(), "{tags:?}");
    }
    answers_without_the_handler(source).await;
}

/// Checks that a 304 runs no handler.
async fn answers_without_the_handler(source: impl ValidatorSource) {
    let known = tag(&current(&source, "/17").await.expect("an answer")).expect("a tag");
    let calls = Arc::new(AtomicUsize::new(0));
    let handler = service_fn({
        let calls = Arc::clone(&calls);
        move |_: Request<String>| {
            calls.fetch_add(1, Ordering::Relaxed);
            ready(Ok::<_, Infallible>(Response::new(String::new())))
        }
    });
    let service = ConditionalLayer::new().source(source).layer(handler);
    for (seen, status, called) in [(known.as_str(), 304, 0), ("\"other\"", 200, 1)] {
        let request = Request::get("/17").header(header::IF_NONE_MATCH, seen);
        let request = request.body(String::new()).expect("a request");
        let response = service.clone().oneshot(request).await.expect("an answer");
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()[header::ETAG], known);
        assert_eq!(calls.load(Ordering::Relaxed), called);
    }
}
