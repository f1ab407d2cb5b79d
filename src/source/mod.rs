//! Sources, which tell the current validators before any work is done.
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
//! // A counter that every write moves stands for a version column.
//! let version = Arc::new(AtomicI64::new(7));
//! // The path is its scope: the tag of one note is no tag of another.
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
//! # Label before read, and confirm
//!
//! A source is asked before the representation is read, never only after. A new
//! label on old bytes would be a stale page for ever. A strong tag is
//! [confirmed](crate::conditional#confirmation) after the read, so that one tag
//! never stands for two contents. The source must read from the same side as the
//! handler: the primary, or one replica.
//!
//! # One origin of tags
//!
//! The tag that a read hands out is the tag that a write takes. Give the same
//! source to [`ConditionalLayer`](crate::ConditionalLayer) and
//! [`PreconditionLayer`](crate::PreconditionLayer), or give it to the latter in a
//! [`Stack`](crate::Stack), which shares it. If reads are tagged by a hash and
//! writes checked against a version, every `If-Match` fails.
//!
//! # Ways to write one
//!
//! | | The source |
//! |---|---|
//! | [`from_fn`] | an async closure or an `async fn` of the request's head |
//! | [`now`](now()) | a closure that does not wait |
//! | `source::axum` (feature `axum`) | a function of axum's extractors |
//! | [`SelfGet`] | the service's own `GET`, for writes |
//! | a store's | a version row in PostgreSQL or SQLite |
//!
//! # What is no validator
//!
//! `max(txid)` or `max(updated_at)` over a table: a transaction that took the
//! lower number and commits later changes the content and not the maximum, and
//! so does deleting any other row. Use a row that the writer's transaction
//! bumps, as the crates for PostgreSQL and SQLite do.
//!
//! # When a source fails
//!
//! An error, a panic, and a time-out are the same to the layers: reads go on
//! to the service, writes get 503 with `Retry-After` and do not run. Each layer
//! has a setter for the other choice.
//!
//! A source has 10 seconds, and so has the `GET` of a [`SelfGet`], unless
//! `ValidatorSource::timeout` or `SelfGet::timeout` says otherwise. The limit
//! needs the feature `tokio`, and there is none outside of a runtime of tokio's. A
//! runtime whose timer is not enabled panics where a source has to wait.

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
    route::{InvalidRoute, Route},
    semantics::{condition::Current, validator::RepeatedFields},
};

pub use at::At;
pub use error::{BoxError, SourceError};
#[cfg(feature = "axum")]
pub use extractors::{ExtractorFn, ExtractorSource, axum};
pub use from_fn::{FromFn, IntoCurrent, SourceFn, from_fn};
pub use now::{Now, now};
pub use or_else::OrElse;
pub use repeating::Repeating;
pub(crate) use self_get::Asked;
pub use self_get::{InnerService, MayAskService, SelfGet};
#[cfg(feature = "tokio")]
pub use timeout::Timeout;
#[cfg(feature = "tokio")]
pub(crate) use timeout::{LIMIT, in_time, within};

/// Tells the validators of the representation that a request selects, before
/// any work is done.
///
/// [`from_fn`], [`now`](now()) and `source::axum` make sources of functions; see the
/// [module docs](self) for an example.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a source of validators",
    label = "not a source",
    note = "`source::from_fn` makes a source of an async function of `&Parts`, and `source::now` of one that does not wait",
    note = "`source::axum` makes a source of an async function of axum's extractors, of which none reads the body; if one needs a state, as `State` does, call `with_state`"
)]
pub trait ValidatorSource: Send + Sync + 'static {
    /// The reason why the source could not tell the state. It is logged and never sent.
    type Error: Into<BoxError> + Send;

    /// `true` if it never knows anything, so that asking is in vain.
    #[doc(hidden)]
    const KNOWS_NOTHING: bool = false;

    /// Returns the current state. [`Current::Unknown`] is always a right answer: the
    /// layers then let the request pass as it is.
    ///
    /// For a method that is not safe, the state is that of the resource which the method
    /// would change. Dropping the future must do no harm.
    fn current(&self, request: &Parts)
    -> impl Future<Output = Result<Current, Self::Error>> + Send;

    /// Returns the current state if the source knows it without waiting: from a counter, a
    /// map, or the request itself. A layer then needs no future on the heap for a 304.
    /// Returns `None`, which is the default, if [`current`](Self::current) has to be
    /// awaited.
    ///
    /// It is called in [`Service::call`](tower_service::Service::call), outside of the
    /// response future. Task-locals that are set around that future are not visible, and
    /// the time limit does not apply.
    ///
    /// [`now`](now()) makes such a source of a closure.
    fn at_hand(&self, request: &Parts) -> Option<Result<Current, Self::Error>> {
        let _ = request;
        None
    }

    /// The time that a layer waits for the answer, `None` if the source has a limit itself.
    #[cfg(feature = "tokio")]
    #[doc(hidden)]
    fn limit(&self) -> Option<std::time::Duration> {
        LIMIT
    }

    /// Asks `other` where this source does not know, or fails. If `other` does
    /// not know either, a failure stands.
    fn or_else<T: ValidatorSource>(self, other: T) -> OrElse<Self, T>
    where
        Self: Sized,
    {
        OrElse::new(self, other)
    }

    /// Answers only for paths of this [`Route`]; of others it knows nothing.
    ///
    /// # Errors
    ///
    /// Refuses a pattern that is no [`Route`].
    fn at(self, pattern: &str) -> Result<At<Self>, InvalidRoute>
    where
        Self: Sized,
    {
        Ok(At::new(Route::new(pattern)?, self))
    }

    /// Adds these header fields to what the source says, for the 304 that is made
    /// before the handler runs (RFC 9110, section 15.4.5). Fields that the source
    /// states itself win; `Vary` is the union.
    fn repeating(self, fields: RepeatedFields) -> Repeating<Self>
    where
        Self: Sized,
    {
        Repeating::new(self, fields)
    }

    /// Fails where the answer takes longer than `limit`, in place of the 10 seconds
    /// that every source has otherwise. It needs tokio's timer. Of two sources that are
    /// joined by [`or_else`](Self::or_else) each keeps a limit of its own as well, so
    /// that the second is asked when the first hangs: set a longer one on both.
    #[cfg(feature = "tokio")]
    fn timeout(self, limit: std::time::Duration) -> Timeout<Self>
    where
        Self: Sized,
    {
        Timeout::new(self, limit)
    }
}

impl<T: ValidatorSource> ValidatorSource for Arc<T> {
    type Error = T::Error;

    const KNOWS_NOTHING: bool = T::KNOWS_NOTHING;

    fn current(&self, request: &Parts) -> impl Future<Output = Result<Current, T::Error>> + Send {
        T::current(self, request)
    }

    fn at_hand(&self, request: &Parts) -> Option<Result<Current, T::Error>> {
        T::at_hand(self, request)
    }

    #[cfg(feature = "tokio")]
    fn limit(&self) -> Option<std::time::Duration> {
        T::limit(self)
    }
}

/// A request extension: a source knows the state, so the content is not to be
/// hashed for a tag. On a response: none is to be made afterwards either.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SourceKnows;

/// A request extension: the current state is asked for on behalf of a write, whatever the
/// client has seen of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StateWanted;

/// Knows nothing, for where the handler or a [`SelfGet`] does.
impl ValidatorSource for () {
    type Error = Infallible;

    const KNOWS_NOTHING: bool = true;

    async fn current(&self, _: &Parts) -> Result<Current, Infallible> {
        Ok(Current::Unknown)
    }

    fn at_hand(&self, _: &Parts) -> Option<Result<Current, Infallible>> {
        Some(Ok(Current::Unknown))
    }
}

/// The reaction of a layer to a source that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnSourceError {
    /// Goes on as if the source knew nothing. The default for reads.
    Proceed,
    /// Answers 503 with `Retry-After` and runs nothing. The default for writes.
    Refuse,
}

/// Asks a source of validators, for no longer than its limit.
pub(crate) async fn ask<Q: ValidatorSource>(
    source: &Q,
    request: &Parts,
) -> Result<Current, SourceError> {
    match ask_at_hand(source, request) {
        Some(answer) => answer,
        None => ask_and_wait(source, request).await,
    }
}

/// The same, where nothing is at hand.
pub(crate) async fn ask_and_wait<Q: ValidatorSource>(
    source: &Q,
    request: &Parts,
) -> Result<Current, SourceError> {
    let asked = answer(|| source.current(request));
    #[cfg(feature = "tokio")]
    let asked = in_time(source.limit(), asked);
    asked.await
}

/// Asks a source for the state that it knows without waiting.
pub(crate) fn ask_at_hand<Q: ValidatorSource>(
    source: &Q,
    request: &Parts,
) -> Option<Result<Current, SourceError>> {
    match catch_unwind(AssertUnwindSafe(|| source.at_hand(request))) {
        Ok(answer) => answer.map(|answer| answer.map_err(SourceError::from_source)),
        Err(_) => Some(Err(SourceError::panicked())),
    }
}

/// Awaits the answer of a source. A panic in it is a failure like any other.
pub(crate) async fn answer<F, T, E>(ask: impl FnOnce() -> F) -> Result<T, SourceError>
where
    F: Future<Output = Result<T, E>>,
    E: Into<BoxError>,
{
    let asked = catch_unwind(AssertUnwindSafe(ask)).map_err(|_| SourceError::panicked())?;
    caught(asked).await?.map_err(SourceError::from_source)
}

/// Returns the output of a future, unless it panics. It is not polled again then, so that
/// nothing of it sees the state that the panic left.
fn caught<F>(future: F) -> Caught<F> {
    Caught { future }
}

pin_project! {
    /// Future of [`caught`].
    struct Caught<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Caught<F> {
    type Output = Result<F::Output, SourceError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let future = self.project().future;
        match catch_unwind(AssertUnwindSafe(|| future.poll(cx))) {
            Ok(polled) => polled.map(Ok),
            Err(_) => Poll::Ready(Err(SourceError::panicked())),
        }
    }
}
