use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::Response;
use pin_project_lite::pin_project;

use super::config::CacheStatusConfig;
use crate::{
    outcome::{CacheLookup, Outcome, Verdict},
    semantics::{
        caching::cache_status::{CacheOutcome, Forward, ForwardReason},
        condition::Current,
    },
};

pin_project! {
    /// Response future for [`CacheStatus`](super::CacheStatus).
    pub struct ResponseFuture<F> {
        #[pin]
        future: F,
        // None if the response gets no member.
        request: Option<ReportedRequest>,
    }
}

/// The parts of a request that are needed for its response.
pub(super) struct ReportedRequest {
    pub(super) is_safe: bool,
    pub(super) config: Arc<CacheStatusConfig>,
}

impl<F> ResponseFuture<F> {
    pub(super) fn new(future: F, request: Option<ReportedRequest>) -> Self {
        Self { future, request }
    }
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // Modified in place, which avoids two moves of the response.
        let mut polled = this.future.poll(cx);
        if let Some(request) = this.request
            && let Poll::Ready(Ok(response)) = &mut polled
            && let Some(handled) = handling(request.is_safe, response)
        {
            handled.append(&request.config.name, response.headers_mut());
        }
        polled
    }
}

/// Returns how a request was handled. Returns `None` without an outcome, and for a response that a
/// layer made without stored knowledge (RFC 9211, section 2).
fn handling<B>(is_safe: bool, response: &Response<B>) -> Option<CacheOutcome> {
    let outcome = Outcome::of(response)?;
    let lookup = outcome.cache_lookup();
    match outcome.verdict() {
        // Errors of a layer, and a write that was not performed again.
        Some(
            Verdict::Failed(_)
            | Verdict::Superseded
            | Verdict::AlreadyApplied
            | Verdict::Required
            | Verdict::SourceFailed,
        ) => return None,
        Some(
            Verdict::Unconditional
            | Verdict::Proceeded
            | Verdict::NotEvaluated
            | Verdict::NotModified,
        ) => {}
        // Validators may be remembered without a layer that evaluates conditions.
        None => _ = lookup?,
    }
    // No cache can answer a write, even if a source knows the state.
    if !is_safe {
        return Some(CacheOutcome::Forwarded(ForwardReason::Method.into()));
    }
    let status = outcome.handler_status();
    // A 304 without the handler was made from what the source knows, or from an entry.
    let without_handler = outcome.verdict().is_some() && status.is_none();
    let (reason, ttl) = match lookup {
        // The handler ran for another request, so this was no hit (RFC 9211, section 2.6).
        Some(CacheLookup::Hit { ttl }) if outcome.is_collapsed() => {
            (ForwardReason::Miss, Some(ttl))
        }
        Some(CacheLookup::Hit { ttl }) => return Some(CacheOutcome::Hit { ttl: Some(ttl) }),
        // The client has no condition, or another representation (RFC 9211, section 2.2).
        Some(CacheLookup::Unmatched { ttl }) => (ForwardReason::Request, Some(ttl)),
        Some(CacheLookup::Stale) => (ForwardReason::Stale, None),
        Some(CacheLookup::Miss) => (ForwardReason::Miss, None),
        Some(CacheLookup::Busy) => (ForwardReason::Busy, None),
        Some(CacheLookup::Bypass) => (ForwardReason::Bypass, None),
        None if without_handler => return Some(CacheOutcome::Hit { ttl: None }),
        None => (reason_of_source(outcome.source()), None),
    };
    Some(CacheOutcome::Forwarded(Forward {
        reason,
        status: status.filter(|status| *status != response.status()),
        ttl,
        stored: outcome.is_stored(),
        collapsed: outcome.is_collapsed(),
    }))
}

fn reason_of_source(source: Option<Current<()>>) -> ForwardReason {
    match source {
        None => ForwardReason::Bypass,
        Some(Current::Present(())) => ForwardReason::Request,
        Some(Current::Absent | Current::Unknown) => ForwardReason::Miss,
    }
}
