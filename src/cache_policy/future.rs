use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderMap, Response, header::DATE};
use pin_project_lite::pin_project;

use super::{
    date,
    rules::{Asked, Rules},
};
use crate::semantics::caching::{TimeFields, cache_policy::CachePolicy};

pin_project! {
    /// Response future for [`CachePolicyService`](super::CachePolicyService).
    pub struct ResponseFuture<F> {
        #[pin]
        future: F,
        exchange: Exchange,
    }
}

/// The parts of a request that its response needs.
pub(super) struct Exchange {
    pub(super) asked: Asked,
    pub(super) rules: Arc<Rules>,
}

impl<F> ResponseFuture<F> {
    pub(super) fn new(future: F, exchange: Exchange) -> Self {
        Self { future, exchange }
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
            this.exchange.apply(response);
        }
        polled
    }
}

impl Exchange {
    fn apply<B>(&self, response: &mut Response<B>) {
        if self.rules.date {
            self.add_date(response.headers_mut());
        }
        let now = || self.rules.clock.now();
        let status = response.status();
        if response.extensions().get::<CachePolicy>().is_none() {
            let headers = response.headers_mut();
            self.rules.apply(&self.asked, status, headers, None, now);
            return;
        }
        // Out and in again: what is in the extensions decides what becomes of them.
        let mut headers = mem::take(response.headers_mut());
        let chosen = response.extensions().get();
        self.rules
            .apply(&self.asked, status, &mut headers, chosen, now);
        *response.headers_mut() = headers;
    }

    /// Adds `Date` where there is none.
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
