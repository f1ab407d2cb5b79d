//! Problem details (RFC 9457), and the extractors that reject requests with them.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::de::DeserializeOwned;
use serde_json::json;
use tower_conditional::handler::PreconditionFailed;

/// An error returned by a handler.
#[derive(Debug)]
pub(crate) enum Problem {
    Details(StatusCode, String),
    /// The layer around the handler answers 412 with the current representation.
    Precondition(PreconditionFailed),
}

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self::Details(status, detail.into())
    }

    pub(crate) fn no_such_note() -> Self {
        Self::new(StatusCode::NOT_FOUND, "no such note")
    }
}

/// The conversion of an error of `serde_json` or the database.
impl<E: Into<anyhow::Error>> From<E> for Problem {
    fn from(error: E) -> Self {
        let error = error.into();
        if error.is::<serde_json::Error>() {
            let detail = format!("invalid JSON: {error}");
            return Self::new(StatusCode::BAD_REQUEST, detail);
        }
        eprintln!("notes: {error:#}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the database failed")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, detail) = match self {
            Self::Details(status, detail) => (status, detail),
            Self::Precondition(failed) => return failed.into_response(),
        };
        let title = status.canonical_reason();
        let problem = json!({ "title": title, "status": status.as_u16(), "detail": detail });
        let media_type = [(header::CONTENT_TYPE, "application/problem+json")];
        (status, media_type, problem.to_string()).into_response()
    }
}

/// A JSON body, whatever its `Content-Type`.
#[derive(Debug)]
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let body = Bytes::from_request(request, state).await;
        let body = body.map_err(|error| Problem::new(error.status(), error.body_text()))?;
        Ok(Self(serde_json::from_slice(&body)?))
    }
}

/// The `{id}` of a note's path: a positive integer that JSON numbers can carry exactly.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoteId(pub(crate) i64);

impl<S: Send + Sync> FromRequestParts<S> for NoteId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(id @ 1..=0x1f_ffff_ffff_ffff)) => Ok(Self(id)),
            _ => Err(Problem::no_such_note()),
        }
    }
}
