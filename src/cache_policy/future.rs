use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{
    HeaderMap, Response,
    header::{DATE, EXPIRES, LAST_MODIFIED},
};
use pin_project_lite::pin_project;

use super::{
    date,
    rules::{Asked, Rules},
};
use crate::{
    clock::Clock,
    semantics::{cache_policy::CachePolicy, date::HttpDate},
};

pin_project! {
    /// Response future for [`CachePolicyService`](super::CachePolicyService).
    pub struct ResponseFuture<F, C> {
        #[pin]
        future: F,
        exchange: Exchange<C>,
    }
}

/// The parts of a request that its response needs.
pub(super) struct Exchange<C> {
    pub(super) asked: Asked,
    pub(super) rules: Arc<Rules>,
    pub(super) clock: C,
}

impl<F, C> ResponseFuture<F, C> {
    pub(super) fn new(future: F, exchange: Exchange<C>) -> Self {
        Self { future, exchange }
    }
}

impl<F, B, E, C> Future for ResponseFuture<F, C>
where
    F: Future<Output = Result<Response<B>, E>>,
    C: Clock,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // Changed in place: to take it out would move it twice.
        let mut polled = this.future.poll(cx);
        if let Poll::Ready(Ok(response)) = &mut polled
            && !response.status().is_informational()
        {
            this.exchange.apply(response);
        }
        polled
    }
}

impl<C: Clock> Exchange<C> {
    fn apply<B>(&self, response: &mut Response<B>) {
        if self.rules.date {
            self.add_date(response.headers_mut());
        }
        let now = || HttpDate::from(self.clock.now());
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
        let times = TimeFields::of(headers);
        if times.date {
            return;
        }
        let now = if times.others {
            self.clock.now()
        } else {
            self.clock.coarse_now()
        };
        headers.insert(DATE, date::value(now.into()));
    }
}

/// Which fields with a time are there, by one look at the head.
#[derive(Default)]
struct TimeFields {
    date: bool,
    /// `Last-Modified` or `Expires`. Either may be later than the clock's last tick, and `Date`
    /// must not be earlier (RFC 9110, section 8.8.2.1).
    others: bool,
}

impl TimeFields {
    fn of(headers: &HeaderMap) -> Self {
        let mut there = Self::default();
        for name in headers.keys() {
            match *name {
                DATE => there.date = true,
                EXPIRES | LAST_MODIFIED => there.others = true,
                _ => {}
            }
        }
        there
    }
}
