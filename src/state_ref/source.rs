use std::{future::Future, sync::Arc};

use http::{HeaderValue, request::Parts};

use crate::error::BoxError;

/// Tells the identifier of the latest state that a request can see, for a
/// [`StateRefLayer`](crate::StateRefLayer).
///
/// It is read before the content, and must come from the same side as the
/// content: a replica that lags behind the primary would have old bytes
/// labelled with a new identifier for ever. The request is there for that: a
/// field that sends the handler to the primary sends the source there too.
///
/// A closure from `&Parts` to a future is a source.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a source of states",
    label = "not a source of states",
    note = "a closure from `&Parts` to a future of `Result<Option<HeaderValue>, _>` is one; its argument needs the type: `|request: &Parts| ..`"
)]
pub trait StateSource: Send + Sync + 'static {
    /// Why the source could not tell. It is logged and never sent.
    type Error: Into<BoxError> + Send;

    /// The identifier: any text that fits a field, which no other state ever
    /// has. `None` where the request is about no state.
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
