//! Sources of the current validators, which layers call before the handler runs.
//!
//! # Example
//!
//! ```
//! # async fn run() -> Result<(), tower::BoxError> {
//! use std::{
//!     convert::Infallible,
//!     sync::{
//!         Arc,
//!         atomic::{AtomicI64, Ordering},
//!     },
//! };
//!
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode, header, request::Parts};
//! use http_body_util::Full;
//! use tower::{Layer, ServiceExt, service_fn};
//! use tower_conditional::{
//!     ConditionalLayer, VersionTags, source::{self, ValidatorSource}, target,
//! };
//!
//! // A counter in place of a version column. Every write increments it.
//! let version = Arc::new(AtomicI64::new(7));
//! // The path is the scope, so the tag of one note never matches another note.
//! let source = source::now(move |request: &Parts| {
//!     let tags = VersionTags::plain().scope(target::of(request).path());
//!     tags.number(version.load(Ordering::SeqCst))
//! });
//!
//! let service = ConditionalLayer::new()
//!     .source(source.at("/notes/{id}")?)
//!     .layer(service_fn(|_: Request<Full<Bytes>>| async {
//!         Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("hello")))
//!     }));
//!
//! let current = VersionTags::plain().scope("/notes/1").number(7);
//! let request = Request::get("/notes/1").header(header::IF_NONE_MATCH, current);
//! let response = service.oneshot(request.body(Full::default())?).await?;
//! assert_eq!(response.status(), StatusCode::NOT_MODIFIED); // the service did not run
//! # Ok(())
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
//! ```
//!
//! # How it works
//!
//! ## Label before read, and confirm
//!
//! A layer calls the source before the handler reads the representation. A tag that is read
//! later may be newer than the content, and caches would keep the old content under it. A
//! strong tag is [confirmed](crate::conditional#confirmation) after the read, so one tag never
//! identifies two contents. The source must read from the same database as the handler: both
//! from the primary, or both from one replica.
//!
//! ## One origin of tags
//!
//! Writes must accept the tags of reads. Give the same source to
//! [`ConditionalLayer`](crate::ConditionalLayer) and
//! [`PreconditionLayer`](crate::PreconditionLayer). A [`Stack`](crate::Stack) shares the source
//! of its writes with its reads. If reads have tags from a hash and writes are compared with a
//! version, every `If-Match` fails.
//!
//! ## Ways to write a source
//!
//! | Function or type | Source |
//! |---|---|
//! | [`from_fn`] | an async closure or an `async fn` of the request's head |
//! | [`now`](now()) | a closure that does not wait |
//! | `source::axum` (feature `axum`) | a function of axum's extractors |
//! | [`SelfGet`] | the service's own `GET`, for writes |
//! | the store crates | a version row in PostgreSQL or SQLite |
//!
//! # Limits
//!
//! A source times out after 10 seconds, and so does the `GET` of a [`SelfGet`].
//! `ValidatorSource::timeout` and `SelfGet::timeout` change that. The timeout needs the feature
//! `tokio`. Outside of a tokio runtime there is no timeout. A runtime without an enabled timer
//! panics when a source has to wait.
//!
//! # Errors
//!
//! Layers treat an error, a panic and a timeout alike. Reads proceed to the service. Writes get
//! 503 with `Retry-After`, and the service does not run. `on_source_error` of each layer
//! changes that.
//!
//! # What it does not do
//!
//! `max(txid)` and `max(updated_at)` over a table are not validators. A transaction with a
//! lower number may commit later: it changes the content, but not the maximum. Deleting any
//! other row does not change the maximum either. Use a version row that the writer's
//! transaction increments, as the crates for PostgreSQL and SQLite do.

mod at;
mod error;
#[cfg(feature = "axum")]
mod extractors;
mod from_fn;
mod now;
mod or_else;
mod repeating;
mod self_get;
#[cfg(test)]
mod tests;
#[cfg(feature = "tokio")]
mod timeout;

use std::{
    convert::Infallible,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::request::Parts;
use pin_project_lite::pin_project;

use crate::{
    clock::Stopwatch,
    error::BoxError,
    observe::exchange,
    route::{InvalidRoute, Route},
    semantics::{condition::Current, validator::RepeatedFields},
};

pub use at::At;
pub use error::SourceError;
#[cfg(feature = "axum")]
pub use extractors::{ExtractorFn, ExtractorSource, axum};
pub use from_fn::{FromFn, IntoCurrent, SourceFn, from_fn};
pub use now::{Now, now};
pub use or_else::OrElse;
pub use repeating::Repeating;
pub(crate) use self_get::SelfGetAnswer;
pub use self_get::{InnerService, SelfGet, SelfGetMode};
#[cfg(feature = "tokio")]
pub use timeout::Timeout;
#[cfg(feature = "tokio")]
pub(crate) use timeout::{DEFAULT_TIMEOUT, above_zero_timeout, lazy_timeout, timeout_answer};

/// A source of the validators of the representation that a request selects.
///
/// Layers call it before the handler runs. [`from_fn`], [`now`](now()) and `source::axum` make
/// sources from functions. See the [module docs](self) for an example.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a source of validators",
    label = "not a source",
    note = "`source::from_fn` makes a source of an async function of `&Parts`, and `source::now` of one that does not wait",
    note = "`source::axum` makes a source of an async function of axum's extractors, of which none reads the body; if one needs a state, as `State` does, call `with_state`"
)]
pub trait ValidatorSource: Send + Sync + 'static {
    /// The error of a failed source. With the feature `tracing` it is an event. It is never
    /// sent to clients.
    type Error: Into<BoxError> + Send;

    /// `true` if the source always returns [`Current::Unknown`], so that layers do not call it.
    #[doc(hidden)]
    const KNOWS_NOTHING: bool = false;

    /// Returns the current state. [`Current::Unknown`] is always safe. Reads then work as
    /// without a source, and writes as in the [limits](crate::precondition#limits) of the
    /// layer.
    ///
    /// For a method that is not safe, return the state of the resource that the method would change. The
    /// future may be dropped at any await.
    fn current(&self, request: &Parts)
    -> impl Future<Output = Result<Current, Self::Error>> + Send;

    /// Returns the current state if the source knows it without waiting: from a counter, a
    /// map, or the request itself. A 304 then needs no boxed future.
    ///
    /// Returns `None`, which is the default, if [`current`](Self::current) has to be awaited.
    ///
    /// Layers call it in [`Service::call`](tower_service::Service::call), outside of the
    /// response future. It does not see task-locals that are set around that future, and it
    /// has no timeout.
    ///
    /// [`now`](now()) makes such a source from a closure.
    fn try_current(&self, request: &Parts) -> Option<Result<Current, Self::Error>> {
        let _ = request;
        None
    }

    /// Returns how long a layer waits for the answer, or `None` if the source has its own
    /// timeout.
    #[cfg(feature = "tokio")]
    #[doc(hidden)]
    fn answer_timeout(&self) -> Option<std::time::Duration> {
        DEFAULT_TIMEOUT
    }

    /// Combines two sources: `other` is called if this source fails or does not know the state.
    /// If `other` does not know it either, this source's failure is the result.
    fn or_else<T: ValidatorSource>(self, other: T) -> OrElse<Self, T>
    where
        Self: Sized,
    {
        OrElse::new(self, other)
    }

    /// Limits the source to paths that match this [`Route`]. For other paths the state is
    /// [`Current::Unknown`].
    ///
    /// # Errors
    ///
    /// Returns [`InvalidRoute`] if the pattern is not a [`Route`].
    fn at(self, pattern: &str) -> Result<At<Self>, InvalidRoute>
    where
        Self: Sized,
    {
        Ok(At::new(Route::new(pattern)?, self))
    }

    /// Adds headers to the 304 that is made before the handler runs (RFC 9110, section
    /// 15.4.5). If the source returns the same header, its own value wins. `Vary` becomes the
    /// union of both.
    fn repeating(self, fields: RepeatedFields) -> Repeating<Self>
    where
        Self: Sized,
    {
        Repeating::new(self, fields)
    }

    /// Sets how long the source may take. Defaults to 10 seconds.
    ///
    /// After that time the source has failed. The timeout needs tokio's timer.
    ///
    /// Sources that [`or_else`](Self::or_else) combines keep their own timeouts, so the second
    /// is called when the first hangs. For a longer timeout, set it on both.
    ///
    /// # Panics
    ///
    /// Panics if it is zero, since each source that waits would fail.
    #[cfg(feature = "tokio")]
    #[track_caller]
    fn timeout(self, timeout: std::time::Duration) -> Timeout<Self>
    where
        Self: Sized,
    {
        Timeout::new(self, above_zero_timeout(timeout))
    }
}

impl<T: ValidatorSource> ValidatorSource for Arc<T> {
    type Error = T::Error;

    const KNOWS_NOTHING: bool = T::KNOWS_NOTHING;

    fn current(&self, request: &Parts) -> impl Future<Output = Result<Current, T::Error>> + Send {
        T::current(self, request)
    }

    fn try_current(&self, request: &Parts) -> Option<Result<Current, T::Error>> {
        T::try_current(self, request)
    }

    #[cfg(feature = "tokio")]
    fn answer_timeout(&self) -> Option<std::time::Duration> {
        T::answer_timeout(self)
    }
}

/// An extension that keeps an `EtagLayer` from making a tag from the content, because a source
/// knows the state. It is set on requests for layers inside, and on untagged responses for
/// layers outside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NoContentTag;

/// A request extension that marks the `GET` of a [`SelfGet`]. Its response must be the
/// current state, even if the client of the write has seen that state already.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SelfGetRequest;

/// The source of layers without a source: they rely on the handler or on a [`SelfGet`].
impl ValidatorSource for () {
    type Error = Infallible;

    const KNOWS_NOTHING: bool = true;

    async fn current(&self, _: &Parts) -> Result<Current, Infallible> {
        Ok(Current::Unknown)
    }

    fn try_current(&self, _: &Parts) -> Option<Result<Current, Infallible>> {
        Some(Ok(Current::Unknown))
    }
}

/// The reaction of a layer to a failed source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnSourceError {
    /// The request goes on as if the source knew nothing. The default for reads.
    Proceed,
    /// The request gets 503 with `Retry-After`, and the handler does not run. The default for
    /// writes.
    Refuse,
}

/// Returns the current state from a source. A timeout or a panic is a failure of the source.
pub(crate) async fn current<Q: ValidatorSource>(
    source: &Q,
    request: &Parts,
) -> Result<Current, SourceError> {
    match try_current(source, request) {
        Some(answer) => answer,
        None => wait_for_current(source, request).await,
    }
}

/// Awaits [`ValidatorSource::current`]. [`try_current`] has returned `None` before.
pub(crate) async fn wait_for_current<Q: ValidatorSource>(
    source: &Q,
    request: &Parts,
) -> Result<Current, SourceError> {
    let watch = source_watch();
    let answer = answer(|| source.current(request));
    #[cfg(feature = "tokio")]
    let answer = timeout_answer(source.answer_timeout(), answer);
    let answer = answer.await;
    exchange::record_source(watch, &answer);
    answer
}

/// Starts a measurement if there is an observer.
fn source_watch() -> Stopwatch {
    if exchange::has_exchange() {
        Stopwatch::start()
    } else {
        Stopwatch::stopped()
    }
}

/// Returns the state that a source knows without waiting. A panic is a failure of the source.
pub(crate) fn try_current<Q: ValidatorSource>(
    source: &Q,
    request: &Parts,
) -> Option<Result<Current, SourceError>> {
    let watch = source_watch();
    let answer = match catch_unwind(AssertUnwindSafe(|| source.try_current(request))) {
        Ok(answer) => answer?.map_err(SourceError::from_source),
        Err(_) => Err(SourceError::panicked()),
    };
    if !Q::KNOWS_NOTHING {
        exchange::record_source(watch, &answer);
    }
    Some(answer)
}

/// Awaits the answer of a source. A panic is a failure of the source.
pub(crate) async fn answer<F, T, E>(call: impl FnOnce() -> F) -> Result<T, SourceError>
where
    F: Future<Output = Result<T, E>>,
    E: Into<BoxError>,
{
    let answer = catch_unwind(AssertUnwindSafe(call)).map_err(|_| SourceError::panicked())?;
    catch_panic(answer).await?.map_err(SourceError::from_source)
}

/// Turns a panic of the future into an error. The future is not polled again after a panic,
/// so it never sees the state that the panic left behind.
fn catch_panic<F>(future: F) -> CatchPanic<F> {
    CatchPanic { future }
}

pin_project! {
    /// Future of [`catch_panic`].
    struct CatchPanic<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for CatchPanic<F> {
    type Output = Result<F::Output, SourceError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let future = self.project().future;
        match catch_unwind(AssertUnwindSafe(|| future.poll(cx))) {
            Ok(polled) => polled.map(Ok),
            Err(_) => Poll::Ready(Err(SourceError::panicked())),
        }
    }
}
