//! The routes: `POST /orders` with a key, and `GET /orders` with all orders that were placed.

use std::{convert::Infallible, fmt::Write, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::post,
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tower_conditional::{
    IdempotencyLayer,
    detached::Detached,
    idempotency::{Attempt, OnLostAttempt},
    store::IdempotencyStore,
};

use crate::{
    Mode, naive,
    orders::{Database, confirmation},
    points::{Point, Points, Stopping},
};

#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) database: Database,
    pub(crate) points: Points,
    pub(crate) mode: Mode,
    pub(crate) lease: Duration,
    pub(crate) wait_timeout: Duration,
    pub(crate) on_lost_attempt: OnLostAttempt,
    pub(crate) detached: Detached,
}

pub(crate) fn router<S: IdempotencyStore>(store: S, setup: Setup) -> Router {
    let store = Stopping {
        store,
        points: setup.points.clone(),
    };
    let layer = IdempotencyLayer::for_anyone(store)
        .require_key()
        .lease(setup.lease)
        .wait_timeout(setup.wait_timeout)
        .on_lost_attempt(setup.on_lost_attempt)
        .detached(setup.detached.clone());
    let placing = post(place).layer(from_fn_with_state(setup.clone(), before_handler));
    let placing = if setup.mode == Mode::Naive {
        let database = setup.database.clone();
        placing.layer(from_fn_with_state(database, naive::get_run_set))
    } else {
        placing.layer(layer)
    };
    let orders = placing.layer(from_fn_with_state(setup.clone(), send_response));
    Router::new()
        .route("/orders", orders.get(list))
        .with_state(setup)
}

async fn before_handler(State(setup): State<Setup>, request: Request, next: Next) -> Response {
    setup.points.reach(Point::BeforeHandler).await;
    next.run(request).await
}

/// Prints that the client has left if the request is dropped.
struct Departure {
    is_over: bool,
}

impl Drop for Departure {
    fn drop(&mut self) {
        if !self.is_over {
            println!("the client has left");
        }
    }
}

/// Stops before the head of a response, or in the middle of its content.
async fn send_response(State(setup): State<Setup>, request: Request, next: Next) -> Response {
    let mut departure = Departure { is_over: false };
    let points = setup.points;
    let response = next.run(request).await;
    points.reach(Point::BeforeHead).await;
    departure.is_over = true;
    if !points.stops_at(Point::MidBody) {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let mut content = to_bytes(body, usize::MAX).await.expect("the content");
    head.headers
        .insert(header::CONTENT_LENGTH, content.len().into());
    let first = content.split_to(content.len() / 2);
    let rest = stream::once(async move {
        points.reach(Point::MidBody).await;
        content
    });
    let halves = stream::once(async { first }).chain(rest);
    let body = Body::from_stream(halves.map(Ok::<_, Infallible>));
    Response::from_parts(head, body)
}

/// Places an order. The content names the answer, if it is not the confirmation: `fail` or
/// `stream`.
async fn place(
    State(setup): State<Setup>,
    attempt: Option<Attempt>,
    headers: HeaderMap,
    content: String,
) -> Response {
    if let (Mode::Transaction, Some(attempt)) = (setup.mode, attempt) {
        let placed = setup.database.place_keyed(attempt, setup.points.clone());
        let placed = placed.await;
        setup.points.reach(Point::AfterCommit).await;
        return match placed {
            Ok(response) => response.map(Body::from),
            Err(error) => unavailable(&*error),
        };
    }
    setup.points.reach(Point::BeforeEffect).await;
    if content == "fail" {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let key = headers
        .get("idempotency-key")
        .and_then(|key| key.to_str().ok());
    let key = key.expect("a key").trim_matches('"');
    let number = match setup.database.place(key).await {
        Ok(number) => number,
        Err(error) => return unavailable(&*error),
    };
    setup.points.reach(Point::AfterEffect).await;
    if content == "stream" {
        let content = stream::iter([Ok::<_, Infallible>(Bytes::from("order"))]);
        return Body::from_stream(content).into_response();
    }
    confirmation(number).map(Body::from)
}

async fn list(State(setup): State<Setup>) -> Response {
    match setup.database.list().await {
        Ok(orders) => {
            let mut lines = String::new();
            for (number, key) in orders {
                writeln!(lines, "{number} {key}").expect("a text");
            }
            lines.into_response()
        }
        Err(error) => unavailable(&*error),
    }
}

/// Nothing was written, or a retry finds out.
fn unavailable(error: &(dyn std::error::Error + Send + Sync)) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response()
}
