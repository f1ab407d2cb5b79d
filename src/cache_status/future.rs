use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::Response;
use pin_project_lite::pin_project;

use super::config::Config;
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
        // None where it is not shown.
        asked: Option<Asked>,
    }
}

/// What is kept of a request until its response is there.
pub(super) struct Asked {
    pub(super) safe: bool,
    pub(super) config: Arc<Config>,
}

impl<F> ResponseFuture<F> {
    pub(super) fn new(future: F, asked: Option<Asked>) -> Self {
        Self { future, asked }
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
        if let Some(asked) = this.asked
            && let Poll::Ready(Ok(response)) = &mut polled
            && let Some(handled) = handled(asked.safe, response)
        {
            handled.append(&asked.config.name, response.headers_mut());
        }
        polled
    }
}

/// `None` where nobody said, and for an answer that a layer made of nothing
/// that was known before (RFC 9211, section 2).
fn handled<B>(safe: bool, response: &Response<B>) -> Option<CacheOutcome> {
    let outcome = Outcome::of(response)?;
    match outcome.verdict()? {
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
    if !safe {
        return Some(CacheOutcome::Forwarded(ForwardReason::Method, None));
    }
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
