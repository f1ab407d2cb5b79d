//! Refusals: `application/problem+json` (RFC 9457), and the extractors that refuse in that form.

use axum::{
    body::Bytes,
    extract::{
        FromRequest, FromRequestParts, Path, Request,
        rejection::{BytesRejection, QueryRejection, StringRejection},
    },
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::de::DeserializeOwned;
use serde_json::json;
use tower_conditional::handler::PreconditionFailed;

use crate::store::StoreError;

#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    detail: String,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
        }
    }

    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let problem = json!({
            "title": self.status.canonical_reason(),
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        let media_type = [(header::CONTENT_TYPE, "application/problem+json")];
        (self.status, media_type, problem.to_string()).into_response()
    }
}

impl From<BytesRejection> for Problem {
    fn from(rejection: BytesRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}

impl From<StringRejection> for Problem {
    fn from(rejection: StringRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}

impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Self {
        Self::bad_request(format!("not the JSON that is expected here: {error}"))
    }
}

/// What a handler answers when it does not do what it was asked to.
#[derive(Debug)]
pub(crate) enum Refused {
    Problem(Problem),
    /// The layer around the handler makes this a 412 with the current note.
    Failed(PreconditionFailed),
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Problem(match error {
            StoreError::Failed(failed) => return Self::Failed(failed),
            StoreError::Absent => Problem::not_found("no such note"),
            StoreError::Invalid(error) => error.into(),
            StoreError::Database(_) => {
                eprintln!("notes: {error}");
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the database failed")
            }
        })
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::Problem(problem) => problem.into_response(),
            Self::Failed(failed) => failed.into_response(),
        }
    }
}

/// A JSON body; whatever is wrong with it is a problem document.
#[derive(Debug)]
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let body = Bytes::from_request(request, state).await?;
        Ok(Self(serde_json::from_slice(&body)?))
    }
}

/// The `{id}` of a note's path: a positive integer that JSON numbers can carry exactly.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoteId(pub(crate) i64);

impl<S: Send + Sync> FromRequestParts<S> for NoteId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<i64>::from_request_parts(parts, state).await {
            Ok(Path(id @ 1..=0x1f_ffff_ffff_ffff)) => Ok(Self(id)),
            _ => Err(Problem::not_found("no such note")),
        }
    }
}

pub(crate) async fn no_such_route() -> Problem {
    Problem::not_found("no such route; GET / lists them")
}

pub(crate) async fn method_not_allowed() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "the Allow field lists the methods of this route",
    )
}
