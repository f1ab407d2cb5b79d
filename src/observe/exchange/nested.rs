//! Requests that a layer sends.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::scope::nest;

pin_project! {
    /// Future of [`nested`].
    pub(crate) struct NestedFuture<F> {
        #[pin]
        future: F,
    }
}

/// Polls a request that a layer sends. The decisions about it are not recorded.
pub(crate) fn nested<F>(future: F) -> NestedFuture<F> {
    NestedFuture { future }
}

impl<F: Future> Future for NestedFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let _nested = nest();
        self.project().future.poll(cx)
    }
}
