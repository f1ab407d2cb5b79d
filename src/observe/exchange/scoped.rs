//! Work of its own task, in the scope of an exchange.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::scope::{ExchangeScope, enter};

pin_project! {
    /// A future that is polled in a scope.
    pub(crate) struct ScopedFuture<F> {
        #[pin]
        future: F,
        scope: Option<ExchangeScope>,
    }
}

/// Polls a future in a scope of its own.
pub(crate) fn scoped<F>(scope: Option<ExchangeScope>, future: F) -> ScopedFuture<F> {
    ScopedFuture { future, scope }
}

impl<F: Future> Future for ScopedFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        enter(this.scope, || this.future.poll(cx))
    }
}
