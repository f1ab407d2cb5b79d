//! Middleware that reports what the layers decided: for metrics, logs and tests.
//!
//! # Example
//!
//! ```
//! # async fn run() -> Result<(), tower::BoxError> {
//! use std::{
//!     convert::Infallible,
//!     sync::{
//!         Arc,
//!         atomic::{AtomicU64, Ordering},
//!     },
//! };
//!
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode, header};
//! use http_body_util::Full;
//! use tower::{Layer, ServiceExt, service_fn};
//! use tower_conditional::{
//!     observe::{Exchange, ExchangeResult, SavedBytes},
//!     stack,
//! };
//!
//! let saved = Arc::new(AtomicU64::new(0));
//! let counter = Arc::clone(&saved);
//! let service = stack()
//!     .observe(move |exchange: &Exchange<'_>| {
//!         if exchange.result() == ExchangeResult::NotModified
//!             && let Some(SavedBytes::Known(bytes)) = exchange.bytes_saved()
//!         {
//!             counter.fetch_add(bytes, Ordering::Relaxed);
//!         }
//!     })
//!     .layer(service_fn(|_: Request<()>| async {
//!         let mut response = Response::new(Full::new(Bytes::from_static(b"hello")));
//!         response.headers_mut().insert(header::ETAG, "\"v1\"".parse().unwrap());
//!         Ok::<_, Infallible>(response)
//!     }));
//!
//! let request = Request::get("/").header(header::IF_NONE_MATCH, "\"v1\"").body(())?;
//! let response = service.oneshot(request).await?;
//! assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
//! assert_eq!(saved.load(Ordering::Relaxed), 5);
//! # Ok(())
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
//! ```
//!
//! # How it works
//!
//! [`Stack::observe`](crate::Stack::observe) and [`ObserveLayer`] report each request and its
//! response as an [`Exchange`], once, when it has ended. The layers inside record their decisions
//! there. They need no [`explain`](crate::Stack::explain), and no extension is added.
//!
//! | Ends | With |
//! |---|---|
//! | after the last byte of content | [`ExchangeEnd::Complete`] |
//! | when the content is dropped before its end, also if nothing of it was read | [`ExchangeEnd::Incomplete`] |
//! | with an error of the content | [`ExchangeEnd::BodyError`] |
//! | with an error of the service | [`ExchangeEnd::ServiceError`] |
//! | when the request is dropped without a response | [`ExchangeEnd::Cancelled`] |
//! | with a panic | [`ExchangeEnd::Panicked`] |
//!
//! A write that must be finished goes on if its client disconnects. Its exchange ends with the
//! write, so that a handler that runs is counted.
//!
//! Events that belong to no response, such as the end of a purge, are an [`Event`]. Give the same
//! observer to the queue of purges, with `PurgeQueue::observe`.
//!
//! ## Observers
//!
//! | Observer | Feature | Use |
//! |---|---|---|
//! | a closure with an [`Exchange`] | | counters of your own |
//! | an [`Observer`] | | also the head of each response, and events |
//! | `Metrics` | `metrics` | counters of the `metrics` facade |
//! | `Tracing` | `tracing` | one event for each exchange |
//! | a tuple of two | | both; nest tuples for more |
//!
//! An exporter for OpenTelemetry is an observer of a few lines:
//!
//! ```
//! use tower_conditional::observe::{Exchange, Observer};
//!
//! # /// A counter as that of the crate `opentelemetry`.
//! # struct Counter;
//! # impl Counter {
//! #     fn add(&self, _: u64, _: &[(&str, String)]) {}
//! # }
//! struct OpenTelemetry {
//!     requests: Counter, // of the crate `opentelemetry`
//! }
//!
//! impl Observer for OpenTelemetry {
//!     fn exchange(&self, exchange: &Exchange<'_>) {
//!         let labels = [
//!             ("http.route", exchange.route().to_owned()),
//!             ("outcome", exchange.result().as_str().to_owned()),
//!         ];
//!         self.requests.add(1, &labels);
//!     }
//! }
//! ```
//!
//! ## Saved bytes
//!
//! For a 304 that was made from the handler's response, the length of that response is known. If the
//! handler did not run, the length of the last 200 of the same route is the estimate. Both are kept
//! apart, as [`SavedBytes`].
//!
//! ## Routes
//!
//! An exchange has the name of a route and never a path. With the feature `axum` it is the
//! `MatchedPath`, for layers inside of the router. Around a router, set [`ObserveLayer::routes`]. For
//! other names, set [`ObserveLayer::route`].
//!
//! ## Logs
//!
//! With the feature `tracing`, the observer `Tracing` emits one event for each exchange when it ends.
//! The level is `debug`, and `info` for 412, 428 and 503:
//!
//! ```
//! # #[cfg(feature = "tracing")]
//! # fn example() {
//! use tower_conditional::{observe::Tracing, stack};
//!
//! let layer = stack().observe(Tracing::new());
//! # let _ = layer;
//! # }
//! ```
//!
//! | Field | Value |
//! |---|---|
//! | `method` | [`Exchange::method_label`] |
//! | `route` | [`Exchange::route`] |
//! | `status` | the status, or nothing without a response |
//! | `outcome` | [`ExchangeResult::as_str`] |
//! | `handler_runs` | [`Exchange::handler_runs`] |
//! | `bytes_sent` | [`Exchange::bytes_sent`] |
//! | `bytes_saved`, `bytes_saved_last` | [`SavedBytes::Known`] or [`SavedBytes::Last`], in bytes |
//! | `source_calls`, `source_seconds` | the calls of the source, and the time of all |
//! | `unchecked` | `true` for a write that [compared nothing](crate::Outcome::is_unchecked) |
//! | `suppressed` | the number of events that were suppressed before this one |
//!
//! When the response is sent, `Tracing` also records two fields on the current span, if it has them:
//! `conditional.outcome` and `conditional.handler_ran`. Declare them in the span of the request:
//!
//! ```
//! # #[cfg(feature = "tracing")]
//! # fn example() {
//! use tower_http::trace::TraceLayer;
//! use tracing::field::Empty;
//!
//! let layer = TraceLayer::new_for_http().make_span_with(|_: &http::Request<()>| {
//!     tracing::info_span!(
//!         "request",
//!         conditional.outcome = Empty,
//!         conditional.handler_ran = Empty
//!     )
//! });
//! # let _ = layer;
//! # }
//! ```
//!
//! Put `TraceLayer` outside of the observer, or there is no span yet. In axum the last
//! `Router::layer` is the outermost, and in the tuple of `resource::wrap` it is the first.
//!
//! The target of all events begins with `tower_conditional`. The filter
//! `info,tower_conditional=debug` shows each exchange.
//!
//! The layers emit further events with or without an observer. Examples are a source that failed, a
//! write without a comparison, and a purge that was given up.
//!
//! - **No secrets.** No event of this crate has a path, a query, a tag, a key, a user or a header of a
//!   request. An [`Event`] has them for an operator. Two kinds of values come from elsewhere. The
//!   text of an error is that of your source, store, client or encryption, so keep secrets out of it.
//!   The `record` of an idempotency key is a SHA-256 of scope, user and key, and is needed to settle
//!   it. Whoever reads the logs can test a guess, so keys should be random, such as a UUID. An audit
//!   logs targets and tags only after [`Audit::log_targets`](crate::Audit::log_targets).
//! - **No storm.** At most 10 events of a kind are emitted in a second of the clock, at `info` and
//!   above. The next event of that kind says in `suppressed` how many were left out. For exchanges,
//!   each `Tracing` counts 412, 428 and 503 apart. One beyond the limit is an event at `debug`, which
//!   has no limit.
//!
//! # Layer order
//!
//! `ObserveLayer` belongs around all layers of this crate, and inside of authentication and limits.
//! Whatever a layer outside answers is no exchange. A layer inside, such as compression, changes the
//! bytes that are counted.
//!
//! Decisions in another task are not recorded, for example if a service between `ObserveLayer` and
//! the layers uses `tokio::spawn`. Behind `tower::buffer`, decisions in the call are missing, such as
//! the lookup of remembered validators. If nothing was recorded, the outcome of
//! [`explain`](crate::Stack::explain) in the response counts.
//!
//! # Limits
//!
//! An observed request costs one allocation. A request that is not observed costs a look at a
//! variable of the thread for each decision.
//!
//! Only [`Stack::observe`](crate::Stack::observe) counts and measures the runs of the handler. With
//! `ObserveLayer` alone, [`Exchange::handler_runs`] follows from the decisions.
//!
//! An `ObserveLayer` inside of another one reports the same request to its own observer. The outer
//! one has its decisions too, unless it has recorded others before.
//!
//! The `GET` that a [`SelfGet`](crate::source::SelfGet) sends is no exchange.
//!
//! # Errors
//!
//! A panic of an observer is caught, and the response is sent. The error of the service is returned
//! unchanged.
//!
//! # What it does not do
//!
//! It does not count requests in place of `TraceLayer` or an exporter of HTTP metrics: it counts
//! decisions. It does not see the network. Content that was read from the service may not have
//! reached the client.

mod body;
mod config;
pub(crate) mod exchange;
mod future;
mod layer;
#[cfg(feature = "tracing")]
mod logs;
#[cfg(feature = "metrics")]
mod metrics;
mod probe;
mod routes;
mod service;

pub use body::ObservedBody;
pub use exchange::{
    Event, Exchange, ExchangeEnd, ExchangeResult, KeyEvent, Observer, PurgeEvent, PurgeResult,
    SavedBytes, SourceCalls, ValidatorEvent,
};
pub use future::ResponseFuture;
pub use layer::ObserveLayer;
#[cfg(feature = "tracing")]
pub use logs::Tracing;
#[cfg(feature = "metrics")]
pub use metrics::Metrics;
pub use probe::{CountedFuture, CountedHandler};
pub use service::Observe;

#[cfg(test)]
mod tests;
