//! Responses without an end: `/stream` and `/events`. No layer may hold them back.

use std::{convert::Infallible, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{Query, rejection::QueryRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::stream;
use serde::Deserialize;
use tokio::time;
use tokio_util::sync::CancellationToken;

use crate::{events::NoteChanges, problem::Problem, stats::counted};

const MAX_CHUNKS: u32 = 10_000;
const MAX_PAUSE_MS: u32 = 10_000;

pub(crate) fn routes(changes: &NoteChanges, stop: CancellationToken) -> Router {
    Router::new()
        .route("/stream", counted(get(chunks)))
        .route("/events", counted(changes.feed(stop)))
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Chunks {
    n: u32,
    ms: u32,
}

impl Default for Chunks {
    fn default() -> Self {
        Self { n: 10, ms: 100 }
    }
}

async fn chunks(query: Result<Query<Chunks>, QueryRejection>) -> Result<Response, Problem> {
    let query = query.map_err(|error| Problem::new(error.status(), error.body_text()));
    let Query(Chunks { n, ms }) = query?;
    if !(1..=MAX_CHUNKS).contains(&n) || ms > MAX_PAUSE_MS {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            format!("n goes from 1 to {MAX_CHUNKS}, ms from 0 to {MAX_PAUSE_MS}"),
        ));
    }
    let pause = Duration::from_millis(ms.into());
    let chunks = stream::unfold(1, move |i| async move {
        if i > n {
            return None;
        }
        if i > 1 {
            // The client asked for this pace.
            time::sleep(pause).await;
        }
        Some((Ok::<_, Infallible>(format!("chunk {i}\n")), i + 1))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, Body::from_stream(chunks)).into_response())
}
