//! A source made of extractors sees what its handler sees.

use axum::{
    Extension,
    extract::{FromRef, MatchedPath, OriginalUri, Query},
    middleware::{Next, from_fn},
};
use serde::Deserialize;

use super::*;
use crate::source::ValidatorSource;

/// The values that a source and a handler extract, as text.
type Seen = Arc<Mutex<Vec<String>>>;

/// Extracts as a source and as a handler, with several extractors and a state.
async fn see(
    Path((tenant, id)): Path<(String, i64)>,
    OriginalUri(uri): OriginalUri,
    path: MatchedPath,
    Extension(user): Extension<&'static str>,
    State(seen): State<Seen>,
) -> EntityTag {
    let text = format!("{tenant} {id} {uri} {} {user}", path.as_str());
    seen.lock().unwrap().push(text);
    VersionTags::of(&tenant, id).number(7)
}

fn seeing(seen: &Seen) -> MethodRouter<Seen> {
    async fn handle(
        path: Path<(String, i64)>,
        uri: OriginalUri,
        matched: MatchedPath,
        user: Extension<&'static str>,
        seen: State<Seen>,
    ) -> String {
        see(path, uri, matched, user, seen).await.to_string()
    }
    let source = source::axum(see).with_state(Arc::clone(seen));
    guard(source, get(handle), put(handle)).with_state(Arc::clone(seen))
}

async fn as_user(mut request: axum::extract::Request, next: Next) -> axum::response::Response {
    request.extensions_mut().insert("alice");
    next.run(request).await
}

/// The test has every kind of nesting, and layers in every place.
#[tokio::test]
async fn sources_work_below_nest_merge_and_layers() {
    let seen = Seen::default();
    let route = || Router::new().route("/notes/{id}", seeing(&seen));
    let user = || from_fn(as_user);
    let apps: [(&str, Router); 6] = [
        (
            "/acme/notes/7",
            Router::new()
                .route("/{tenant}/notes/{id}", seeing(&seen))
                .layer(user())
                .with_state(Arc::clone(&seen)),
        ),
        (
            "/acme/notes/7",
            Router::new()
                .nest("/{tenant}", route())
                .route_layer(user())
                .with_state(Arc::clone(&seen)),
        ),
        (
            "/api/acme/notes/7",
            Router::new()
                .nest(
                    "/api",
                    Router::new().nest("/{tenant}", route().layer(user())),
                )
                .with_state(Arc::clone(&seen)),
        ),
        (
            "/acme/notes/7",
            Router::new()
                .route("/", get(async || "root"))
                .merge(Router::new().nest("/{tenant}", route()))
                .layer(user())
                .with_state(Arc::clone(&seen)),
        ),
        (
            "/acme/notes/7",
            Router::new()
                .route(
                    "/{tenant}/notes/{id}",
                    seeing(&seen).route_layer(user()).layer(user()),
                )
                .with_state(Arc::clone(&seen)),
        ),
        (
            "/acme/notes/7",
            Router::new().nest_service(
                "/{tenant}",
                route().layer(user()).with_state(Arc::clone(&seen)),
            ),
        ),
    ];
    let tag = VersionTags::of("acme", 7).number(7).to_string();
    for (at, (path, app)) in apps.iter().enumerate() {
        let response = send(app, "GET", path, &[]).await;
        assert_eq!((response.status().as_u16(), response.body()), (200, &tag));
        let all = std::mem::take(&mut *seen.lock().unwrap());
        // The source, the handler, and the source for the confirmation.
        assert_eq!(all.len(), 3, "{at}: {all:?}");
        assert!(
            all[0].starts_with(&format!("acme 7 {path}")),
            "{at}: {all:?}"
        );
        assert!(all.iter().all(|seen| *seen == all[0]), "{at}: {all:?}");

        let current = send(app, "GET", path, &[("if-none-match", &tag)]).await;
        assert_eq!(current.status(), 304, "{at}");
        let stale = send(app, "PUT", path, &[("if-match", "\"6\"")]).await;
        assert_eq!((stale.status().as_u16(), stale.body()), (412, &tag), "{at}");
        let all = std::mem::take(&mut *seen.lock().unwrap());
        assert!(all.iter().all(|seen| *seen == all[0]), "{at}: {all:?}");
        let written = send(app, "PUT", path, &[("if-match", &tag)]).await;
        assert_eq!(written.status(), 200, "{at}");
        seen.lock().unwrap().clear();
    }
}

/// A rejected read goes to the handler. A rejected write does not.
#[tokio::test]
async fn a_rejection_is_the_answer() {
    let notes = Notes::with(&[(1, "one", 7)]);
    let app = app(&notes);
    let read = send(&app, "GET", "/notes/abc", &[("if-none-match", "*")]).await;
    assert_eq!(read.status(), 400);
    let tag = tag(1, 7);
    for fields in [&[][..], &[("if-match", "*")], &[("if-match", &*tag)]] {
        let write = send(&app, "PUT", "/notes/abc", fields).await;
        assert_eq!(write.status(), 400, "{fields:?}");
        assert_eq!(write.body(), read.body());
        assert_eq!(
            write.headers()["content-type"],
            read.headers()["content-type"]
        );
    }
    assert_eq!(notes.ran(), (0, 0));
}

/// A 404 of the extractors is no absent target, so `PUT` creates nothing there.
#[tokio::test]
async fn a_rejection_with_404_is_no_absent_target() {
    #[derive(Debug)]
    struct Id;

    impl<S: Sync> axum_core::extract::FromRequestParts<S> for Id {
        type Rejection = (StatusCode, &'static str);

        async fn from_request_parts(
            _: &mut http::request::Parts,
            _: &S,
        ) -> Result<Self, Self::Rejection> {
            Err((StatusCode::NOT_FOUND, "no such note"))
        }
    }

    let version = source::axum(async |_: Id| tags(1).number(7));
    let note = guard(version, get(async |_: Id| "one"), put(async |_: Id| "new"));
    let app = Router::new().route("/notes/{id}", note.with_state(()));
    for fields in [
        &[][..],
        &[("if-match", "*")],
        &[("if-none-match", "*")],
        &[("if-match", "\"7\"")],
    ] {
        let write = send(&app, "PUT", "/notes/abc", fields).await;
        assert_eq!(write.status(), 404, "{fields:?}");
        assert_eq!(write.body(), "no such note");
    }
}

/// A handler with fewer extractors than the source does not run without a check.
#[tokio::test]
async fn a_rejected_write_does_not_run() {
    async fn lax(State(notes): State<Notes>) -> &'static str {
        notes.writes.fetch_add(1, Ordering::SeqCst);
        "written"
    }
    let notes = Notes::with(&[(1, "one", 7)]);
    let version = source::axum(version).with_state(notes.clone());
    let note = guard(version, get(async || "shown"), put(lax)).optional();
    let app = Router::new().route("/notes/{id}", note.with_state(notes.clone()));
    assert_eq!(send(&app, "GET", "/notes/abc", &[]).await.body(), "shown");
    let write = send(&app, "PUT", "/notes/abc", &[("if-match", "\"7\"")]).await;
    assert_eq!(write.status(), 400);
    assert_eq!(notes.ran(), (0, 0));
}

#[derive(Debug, Clone)]
struct App {
    notes: Notes,
}

impl FromRef<App> for Notes {
    fn from_ref(app: &App) -> Self {
        app.notes.clone()
    }
}

#[derive(Debug, Deserialize)]
struct Language {
    language: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Number {
    #[expect(dead_code, reason = "it is extracted, and that is all")]
    number: i64,
}

fn tag_of(current: &crate::semantics::condition::Current) -> String {
    let validators = current.validators().unwrap();
    validators.etag.as_ref().unwrap().to_string()
}

/// A source can be any kind of function, with any kind of result.
#[tokio::test]
async fn functions_in_all_their_forms() {
    let app = App {
        notes: Notes::with(&[(1, "one", 7)]),
    };
    let head = |uri: &str| Request::get(uri).body(()).unwrap().into_parts().0;
    let (none, german) = (head("/"), head("/?language=de"));

    let substate = source::axum(async |State(notes): State<Notes>| {
        notes.note(1).map(|(_, version)| tags(1).number(version))
    });
    let substate = substate.with_state(app);
    let told = substate.current(&none).await.unwrap();
    assert_eq!(tag_of(&told), tag(1, 7));

    let queried = source::axum(|Query(query): Query<Language>| async move {
        let language = query.language.ok_or("no language")?;
        Ok::<_, &str>(VersionTags::of("texts", language).number(1))
    });
    let told = queried.current(&german).await.unwrap();
    let tag = VersionTags::of("texts", "de").number(1);
    assert_eq!(tag_of(&told), tag.to_string());
    let failed = queried.current(&none).await.unwrap_err();
    assert!(!failed.is_panic() && !failed.is_timeout() && !failed.is_rejection());

    let nothing = source::axum(async || crate::semantics::condition::Current::Unknown);
    assert!(matches!(
        nothing.current(&none).await,
        Ok(crate::semantics::condition::Current::Unknown)
    ));

    let rejecting =
        source::axum(async |Query(_): Query<Number>| crate::semantics::condition::Current::Absent);
    let rejected = rejecting.current(&german).await.unwrap_err();
    assert!(rejected.is_rejection());
    // A source that does not know is followed by another one.
    let or_else = rejecting.or_else(source::now(|_| {
        crate::semantics::condition::Current::Absent
    }));
    assert!(matches!(
        or_else.current(&none).await,
        Ok(crate::semantics::condition::Current::Absent)
    ));
}

/// A source of path parameters fails around a router, which has not extracted them yet.
#[tokio::test]
async fn an_extractor_in_the_wrong_place_is_a_failed_source() {
    let notes = Notes::with(&[(1, "one", 7)]);
    let version = || source::axum(version).with_state(notes.clone());
    let head = Request::get("/notes/1").body(()).unwrap().into_parts().0;
    let error = version().current(&head).await.unwrap_err();
    assert!(!error.is_panic() && !error.is_timeout() && !error.is_rejection());

    let layer = crate::PreconditionLayer::new(version());
    let put = Request::put("/notes/1").header("if-match", tag(1, 7));
    let put = put.body(Body::empty()).unwrap();
    let response = crate::resource::wrap(app(&notes), layer).oneshot(put).await;
    assert_eq!(response.unwrap().status(), 503);
    assert_eq!(notes.ran(), (0, 0));
}
