use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use tower_conditional::handler::PreconditionFailed;
use tower_conditional_sqlite::{self as sqlite, GuardError};

/// An error returned by a handler.
#[derive(Debug)]
pub(crate) enum Error {
    NotFound,
    Failed(PreconditionFailed),
    Database(GuardError),
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND.into_response(),
            Self::Failed(failed) => failed.into_response(),
            Self::Database(error) => {
                eprintln!("axum_store: {error:?}");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

impl From<GuardError> for Error {
    fn from(error: GuardError) -> Self {
        match error {
            GuardError::Precondition(failed) => Self::Failed(failed),
            error => Self::Database(error),
        }
    }
}

impl From<sqlite::Error> for Error {
    fn from(error: sqlite::Error) -> Self {
        Self::Database(error.into())
    }
}
