//! One request to a cache.

use bytes::Bytes;
use http::Request;

/// A request to a cache.
pub(super) struct Message {
    pub(super) request: Request<Bytes>,
    pub(super) subject: Subject,
}

/// Who knows tags has an answer of its own to those that nothing has; of a URL that is not
/// stored a cache says that it is not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    Tags,
    Url,
}
