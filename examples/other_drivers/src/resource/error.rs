use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use tower_conditional::{BoxError, handler::PreconditionFailed};

/// An error returned by a handler.
#[derive(Debug)]
pub enum Error {
    NotFound,
    Failed(PreconditionFailed),
    Database(BoxError),
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND.into_response(),
            Self::Failed(failed) => failed.into_response(),
            Self::Database(error) => {
                eprintln!("notes: {error}");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

impl From<PreconditionFailed> for Error {
    fn from(failed: PreconditionFailed) -> Self {
        Self::Failed(failed)
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}

impl From<BoxError> for Error {
    fn from(error: BoxError) -> Self {
        Self::Database(error)
    }
}
