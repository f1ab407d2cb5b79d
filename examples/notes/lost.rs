//! `POST /orders?answer=lost`: the order is placed, and its first response is lost.

use std::io;

use axum::{
    body::{Body, Bytes},
    extract::{Query, Request, rejection::QueryRejection},
    middleware::Next,
    response::Response,
};
use futures_util::stream;
use serde::Deserialize;

use crate::problem::Problem;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum LostAnswer {
    Lost,
}

#[derive(Debug, Deserialize)]
pub(crate) struct OrderOptions {
    answer: Option<LostAnswer>,
}

/// Breaks the connection in place of a first response, as a network would. The replay for a retry is
/// sent.
pub(crate) async fn lose_first_response(
    options: Result<Query<OrderOptions>, QueryRejection>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let Query(options) =
        options.map_err(|error| Problem::new(error.status(), error.body_text()))?;
    let response = next.run(request).await;
    let is_replay = response.headers().contains_key("idempotent-replayed");
    if options.answer.is_none() || is_replay || !response.status().is_success() {
        return Ok(response);
    }
    // The server drops the connection of HTTP/1.1, or resets the stream of HTTP/2, before it has
    // sent anything.
    let broken = stream::iter([Err::<Bytes, _>(io::Error::other("the response is lost"))]);
    Ok(Response::new(Body::from_stream(broken)))
}
