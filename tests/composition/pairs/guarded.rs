//! A key around a versioned resource in one call, and around what its handlers tell by extensions.

use axum::{
    Router,
    response::{IntoResponse, Response},
    routing::{get, put},
};
use http::{Method, StatusCode};
use tower_conditional::{
    EntityTag, IdempotencyLayer, VersionTags,
    handler::{Expected, WithValidators},
    resource::{guard, wrap},
    source, stack,
};

use super::{Count, Keys, REPLAYED, keyed, keys, store};
use crate::support::send;

fn tags() -> VersionTags {
    VersionTags::of("notes", 1)
}

/// Returns a note whose version is the count, with keys around its writes.
fn note(version: &Count, keys: Keys) -> Router {
    let (state, reads, writes) = (version.clone(), version.clone(), version.clone());
    let current = source::now(move |_| tags().number(state.get() as i64));
    let read = move || {
        let version = reads.get() as i64;
        async move { WithValidators(format!("version {version}"), tags().number(version).into()) }
    };
    let write = move |expected: Expected| {
        let versions = expected.versions_of(&tags());
        let current = writes.get() as i64;
        let row = versions
            .is_none_or(|versions| versions.contains(&current))
            .then(|| writes.add() as i64);
        async move {
            let version = expected.confirm_written(row)?.expect("it exists");
            Ok::<_, axum::response::ErrorResponse>(WithValidators(
                StatusCode::NO_CONTENT,
                tags().number(version).into(),
            ))
        }
    };
    let note = guard(current, get(read), put(write))
        .layer_writes(keys)
        .with_state(());
    Router::new().fallback_service(wrap(Router::new().route("/note", note), stack()))
}

/// P-ID-precond-order: a retried write gets the tag of its own success, and no 412.
#[tokio::test]
async fn a_guarded_write_is_repeated_with_its_tag() {
    let version = Count::default();
    let app = note(&version, keys());
    let tag = |number| EntityTag::to_string(&tags().number(number));
    for number in 0..3 {
        let (old, key) = (tag(number), number.to_string());
        let read = send(&app, "GET", "/note", &[]).await;
        assert_eq!(read.tag(), old);
        for replayed in [None, Some("true")] {
            let written = keyed(&app, "PUT", "/note", &key, &[("if-match", &old)]).await;
            assert_eq!((written.status, written.field(REPLAYED)), (204, replayed));
            assert_eq!(written.tag(), tag(number + 1));
        }
        // The tag of the replay is the one that the next write takes.
        let late = keyed(
            &app,
            "PUT",
            "/note",
            &format!("late {number}"),
            &[("if-match", &old)],
        )
        .await;
        assert_eq!((late.status, late.tag()), (412, &*tag(number + 1)));
        assert_eq!(late.body, format!("version {}", number + 1).as_bytes());
    }
    assert_eq!(version.get(), 3);
}

/// The methods of the resource, its 405 and its 428 are the same with keys around the writes.
#[tokio::test]
async fn keys_change_no_refusal_of_a_guarded_resource() {
    let version = Count::default();
    let app = note(
        &version,
        IdempotencyLayer::for_anyone(store())
            .methods([Method::PUT])
            .require_key(),
    );
    assert_eq!(
        send(&app, "PUT", "/note", &[("if-match", "*")])
            .await
            .status,
        400
    );
    assert_eq!(keyed(&app, "PUT", "/note", "a", &[]).await.status, 428);
    assert_eq!(keyed(&app, "DELETE", "/note", "a", &[]).await.status, 405);
    assert_eq!(
        keyed(&app, "PUT", "/note", "a", &[("if-match", "*")])
            .await
            .status,
        204
    );
    let read = send(&app, "GET", "/note", &[]).await;
    let again = keyed(&app, "GET", "/note", "a", &[("if-none-match", read.tag())]).await;
    again.assert_not_modified(&read);
    assert_eq!(version.get(), 1);
}

/// A handler's response with the tag of its content, by `WithValidators`, is repeated with it.
#[tokio::test]
async fn validators_of_a_handler_are_repeated() {
    let handler = async || {
        let tag = tags().number(7);
        WithValidators(
            (
                StatusCode::CREATED,
                [("content-location", "/note/7")],
                "note",
            ),
            tag.into(),
        )
        .into_response() as Response
    };
    let app = Router::new()
        .route("/", put(handler).post(handler))
        .layer(stack().idempotency(keys()));
    for method in ["PUT", "POST"] {
        for replayed in [None, Some("true")] {
            let reply = keyed(&app, method, "/", method, &[]).await;
            assert_eq!((reply.status, reply.field(REPLAYED)), (201, replayed));
            assert_eq!(reply.tag(), tags().number(7).to_string());
            assert_eq!(reply.field("content-location"), Some("/note/7"));
        }
    }
}
