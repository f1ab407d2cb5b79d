use std::{future::Future, sync::Arc};

use http::{HeaderValue, request::Parts};

use crate::error::BoxError;

/// A source of the identifier of the latest state that a request can see, for a
/// [`StateRefLayer`](crate::StateRefLayer).
///
/// The layer reads the identifier before the content. Both must come from the same server of a
/// replicated database. Otherwise old content of a lagging replica may keep a newer identifier
/// forever. The source gets the request for that: it can choose between primary and replica in
/// the same way as the handler.
///
/// A closure from `&Parts` to a future is a source.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a source of states",
    label = "not a source of states",
    note = "use a closure from `&Parts` to a future of `Result<Option<HeaderValue>, _>`, and write the type of its argument: `|request: &Parts| ..`"
)]
pub trait StateSource: Send + Sync + 'static {
    /// The error of a failed source. With the feature `tracing` it is an event. It is never
    /// sent to clients.
    type Error: Into<BoxError> + Send;

    /// Returns the identifier, or `None` if the request refers to no state. It may be any
    /// header value, but two states must never have the same one.
    fn latest(
        &self,
        request: &Parts,
    ) -> impl Future<Output = Result<Option<HeaderValue>, Self::Error>> + Send;
}

impl<F, Fut, E> StateSource for F
where
    F: Fn(&Parts) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Option<HeaderValue>, E>> + Send,
    E: Into<BoxError> + Send,
{
    type Error = E;

    fn latest(
        &self,
        request: &Parts,
    ) -> impl Future<Output = Result<Option<HeaderValue>, E>> + Send {
        self(request)
    }
}

impl<T: StateSource> StateSource for Arc<T> {
    type Error = T::Error;

    fn latest(
        &self,
        request: &Parts,
    ) -> impl Future<Output = Result<Option<HeaderValue>, T::Error>> + Send {
        T::latest(self, request)
    }
}
