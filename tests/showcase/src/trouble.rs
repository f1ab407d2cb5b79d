//! The trouble that a request for an order may ask for: `?delay_ms=100&fail=panic`.

use std::time::Duration;

use axum::{
    extract::{FromRequestParts, Query},
    http::{StatusCode, request::Parts},
};
use serde::Deserialize;
use tokio::time::sleep;

use crate::problem::Problem;

#[derive(Debug, Deserialize)]
pub(crate) struct Trouble {
    #[serde(default)]
    delay_ms: u64,
    #[serde(default)]
    fail: Failure,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Failure {
    #[default]
    None,
    #[serde(rename = "500")]
    ServerError,
    Panic,
}

impl Trouble {
    /// Waits, and then fails or panics, before anything is written.
    pub(crate) async fn happen(self) -> Result<(), Problem> {
        sleep(Duration::from_millis(self.delay_ms)).await;
        let asked = "the request asked for a failure";
        match self.fail {
            Failure::None => Ok(()),
            Failure::ServerError => Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, asked)),
            Failure::Panic => panic!("{asked}"),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Trouble {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::from_request_parts(parts, state).await;
        let query = query.map_err(|error| Problem::new(error.status(), error.body_text()));
        Ok(query?.0)
    }
}
