use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use super::{event::Event, record::Exchange};

/// A receiver of exchanges: metrics, logs, or a function of your own.
///
/// A closure with an [`Exchange`] is an observer, and so is a tuple of two.
///
/// ```
/// use tower_conditional::{
///     observe::{Exchange, ExchangeResult},
///     stack,
/// };
///
/// let layer = stack().observe(|exchange: &Exchange<'_>| {
///     if exchange.result() == ExchangeResult::PreconditionFailed {
///         // count a conflict on `exchange.route()`
///     }
/// });
/// # let _ = layer;
/// ```
///
/// An observer is called by the task that serves the request, and must not block. If it panics,
/// the panic is caught, and the response is sent all the same.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an observer",
    label = "not an observer",
    note = "write the type of the argument: `|exchange: &Exchange<'_>| ..`, or implement `Observer`"
)]
pub trait Observer: Send + Sync + 'static {
    /// Receives an exchange, once, when it has ended: with the last byte of its content, or
    /// when it was dropped.
    fn exchange(&self, exchange: &Exchange<'_>);

    /// Receives an exchange whose response is about to be sent, in the span of its request. Its
    /// content has not been read. Does nothing by default.
    fn head(&self, exchange: &Exchange<'_>) {
        let _ = exchange;
    }

    /// Receives an event of a layer, a store or a queue. Does nothing by default.
    fn event(&self, event: &Event<'_>) {
        let _ = event;
    }

    /// Returns `true` if [`Exchange::handler_time`] is needed, which is the default. If not, the
    /// clock is not read for the handler.
    fn times_handler(&self) -> bool {
        true
    }
}

impl<F> Observer for F
where
    F: Fn(&Exchange<'_>) + Send + Sync + 'static,
{
    fn exchange(&self, exchange: &Exchange<'_>) {
        self(exchange);
    }
}

/// Calls an observer, whose panic must harm neither a response nor another observer.
pub(super) fn shielded(call: impl FnOnce()) {
    let _ = catch_unwind(AssertUnwindSafe(call));
}

impl<A: Observer, B: Observer> Observer for (A, B) {
    fn exchange(&self, exchange: &Exchange<'_>) {
        shielded(|| self.0.exchange(exchange));
        self.1.exchange(exchange);
    }

    fn head(&self, exchange: &Exchange<'_>) {
        shielded(|| self.0.head(exchange));
        self.1.head(exchange);
    }

    fn event(&self, event: &Event<'_>) {
        shielded(|| self.0.event(event));
        self.1.event(event);
    }

    fn times_handler(&self) -> bool {
        self.0.times_handler() || self.1.times_handler()
    }
}

impl<O: Observer + ?Sized> Observer for Arc<O> {
    fn exchange(&self, exchange: &Exchange<'_>) {
        O::exchange(self, exchange);
    }

    fn head(&self, exchange: &Exchange<'_>) {
        O::head(self, exchange);
    }

    fn event(&self, event: &Event<'_>) {
        O::event(self, event);
    }

    fn times_handler(&self) -> bool {
        O::times_handler(self)
    }
}
