use std::{future::Future, sync::Arc};

use http::{HeaderValue, request::Parts};

use crate::error::BoxError;

/// A source of the identifier of the latest state that a request can see, for a
/// [`StateRefLayer`](crate::StateRefLayer).
///
/// The identifier is read before the content, and must come from the same side of a
/// replicated database. Otherwise content of a lagging replica may keep a newer identifier
/// for ever. The source gets the request for that: a header that sends the handler to the
/// primary sends the source there, too.
///
/// A closure from `&Parts` to a future is a source.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a source of states",
    label = "not a source of states",
    note = "use a closure from `&Parts` to a future of `Result<Option<HeaderValue>, _>`, and write the type of its argument: `|request: &Parts| ..`"
)]
pub trait StateSource: Send + Sync + 'static {
    /// The error of a source that cannot tell the state. It is logged and never sent.
    type Error: Into<BoxError> + Send;

    /// Returns the identifier, or `None` if the request is about no state. It is any text that
    /// fits a header, and no other state ever has the same one.
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
