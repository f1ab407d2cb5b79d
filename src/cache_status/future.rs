use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::Response;
use pin_project_lite::pin_project;

use super::config::CacheStatusConfig;
use crate::{
    outcome::{Outcome, Verdict},
    semantics::{
        caching::cache_status::{CacheOutcome, ForwardReason},
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
    match outcome.verdict()? {
        // Errors of a layer, and a write that was not performed again.
        Verdict::Failed(_)
        | Verdict::Superseded
        | Verdict::AlreadyApplied
        | Verdict::Required
        | Verdict::SourceFailed => return None,
        Verdict::Unconditional
        | Verdict::Proceeded
        | Verdict::NotEvaluated
        | Verdict::NotModified => {}
    }
    // No cache can answer a write, even if a source knows the state.
    if !is_safe {
        return Some(CacheOutcome::Forwarded(ForwardReason::Method, None));
    }
    // A response without the handler was made from what the source knows.
    let Some(status) = outcome.handler_status() else {
        return Some(CacheOutcome::Hit);
    };
    let why = match outcome.source() {
        None => ForwardReason::Bypass,
        Some(Current::Present(())) => ForwardReason::Request,
        Some(Current::Absent | Current::Unknown) => ForwardReason::Miss,
    };
    let other = (status != response.status()).then_some(status);
    Some(CacheOutcome::Forwarded(why, other))
}
