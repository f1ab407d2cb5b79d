//! Rejections by the extractors of a source are final for writes.

use axum::response::{IntoResponse, Response as AxumResponse};
use axum_core::extract::FromRequestParts;
use http::request::Parts;

use super::*;

/// An extractor that rejects a request with the status and content length that it names.
struct Rejecting;

impl<S: Sync> FromRequestParts<S> for Rejecting {
    type Rejection = AxumResponse;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AxumResponse> {
        let number = |name| Some(parts.headers.get(name)?.to_str().unwrap().parse().unwrap());
        let Some(status) = number("x-status") else {
            return Ok(Self);
        };
        let length = usize::from(number("x-length").unwrap_or(1_u16));
        let status = StatusCode::from_u16(status).unwrap();
        let fields = [("content-length", (2 * length).to_string())];
        Err((status, fields, "xx".repeat(length)).into_response())
    }
}

fn app(notes: &Notes) -> Router {
    async fn lax(State(notes): State<Notes>) -> &'static str {
        notes.writes.fetch_add(1, Ordering::SeqCst);
        "written"
    }
    let version = source::axum(async |_: Rejecting| tags(1).number(7));
    // The `GET` of the route would tell the state to all clients.
    let note = guard(version, get(read), put(lax)).with_state(notes.clone());
    Router::new().route("/notes/{id}", note)
}

/// Neither the write nor the `GET` runs, with any condition.
#[tokio::test]
async fn no_get_replaces_a_rejection() {
    let notes = Notes::with(&[(1, "one", 7)]);
    let app = app(&notes);
    let (current, stale) = (tag(1, 7), tag(1, 6));
    for status in ["200", "302", "400", "401", "404", "429"] {
        for fields in [
            &[][..],
            &[("if-match", &*current)],
            &[("if-match", &*stale)],
            &[("if-match", "*")],
            &[("if-none-match", "*")],
        ] {
            let fields = [&[("x-status", status)], fields].concat();
            let response = send(&app, "PUT", "/notes/1", &fields).await;
            assert_eq!(response.status().as_str(), status, "{fields:?}");
            assert_eq!(response.body(), "xx");
        }
    }
    assert_eq!(notes.ran(), (0, 0));
    let fields = [("if-match", &*current)];
    assert_eq!(
        send(&app, "PUT", "/notes/1", &fields).await.body(),
        "written"
    );
}

/// Content that is left out is not announced.
#[tokio::test]
async fn a_long_rejection_has_its_own_length() {
    let app = app(&Notes::with(&[(1, "one", 7)]));
    for (length, expected) in [("32768", 65_536), ("32769", 0)] {
        let fields = [("x-status", "400"), ("x-length", length)];
        let response = send(&app, "PUT", "/notes/1", &fields).await;
        assert_eq!(response.status(), 400);
        assert_eq!(response.body().len(), expected);
        assert_eq!(
            response.headers()["content-length"],
            expected.to_string().as_str()
        );
    }
}
