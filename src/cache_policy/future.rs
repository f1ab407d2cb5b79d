use std::{
    fmt,
    future::Future,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderMap, Response, StatusCode, header::DATE};
use pin_project_lite::pin_project;

use super::{
    date,
    rules::{MatchedRequest, PolicyRules},
};
use crate::{
    body::WholeContentType,
    semantics::caching::{TimeFields, cache_policy::CachePolicy},
};

pin_project! {
    /// Response future for [`CachePolicyService`](super::CachePolicyService).
    pub struct ResponseFuture<F> {
        #[pin]
        future: F,
        pending: PendingPolicy,
    }
}

/// The parts of a request that are needed for the policy of its response.
pub(super) struct PendingPolicy {
    pub(super) matched: MatchedRequest,
    pub(super) rules: Arc<PolicyRules>,
}

impl<F> ResponseFuture<F> {
    pub(super) fn new(future: F, pending: PendingPolicy) -> Self {
        Self { future, pending }
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
        if let Poll::Ready(Ok(response)) = &mut polled
            && !response.status().is_informational()
        {
            this.pending.apply(response);
        }
        polled
    }
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

impl PendingPolicy {
    fn apply<B>(&self, response: &mut Response<B>) {
        if self.rules.date {
            self.add_date(response.headers_mut());
        }
        let now = || self.rules.clock.now();
        let status = response.status();
        // A 206 need not show the type of its representation.
        let whole_type = (status == StatusCode::PARTIAL_CONTENT)
            .then(|| response.extensions().get::<WholeContentType>().cloned())
            .flatten()
            .map(|whole| whole.0);
        let whole_type = whole_type.as_ref();
        if response.extensions().get::<CachePolicy>().is_none() {
            let headers = response.headers_mut();
            self.rules
                .apply(&self.matched, status, headers, None, whole_type, now);
            return;
        }
        // The headers are taken out and put back, since the policy borrows the extensions.
        let mut headers = mem::take(response.headers_mut());
        let chosen = response.extensions().get();
        self.rules
            .apply(&self.matched, status, &mut headers, chosen, whole_type, now);
        *response.headers_mut() = headers;
    }

    /// Adds `Date` if it is missing.
    fn add_date(&self, headers: &mut HeaderMap) {
        let times = TimeFields::from_headers(headers);
        if times.date {
            return;
        }
        let now = if times.allows_coarse_date() {
            self.rules.clock.coarse_now()
        } else {
            self.rules.clock.now()
        };
        headers.insert(DATE, date::value(now));
    }
}
