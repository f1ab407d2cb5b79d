/// The end of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExchangeEnd {
    /// The whole content was read from the service. The client need not have received it.
    Complete,
    /// The request was dropped before it had a response: the client disconnected, or a timeout
    /// outside was over.
    Cancelled,
    /// The service returned an error instead of a response.
    ServiceError,
    /// The handler or a layer panicked.
    Panicked,
    /// The content ended with an error.
    BodyError,
    /// The content was dropped before its end, or was shorter than announced.
    Incomplete,
}
