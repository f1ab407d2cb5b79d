//! One request to a cache.

use bytes::Bytes;
use http::Request;

/// A request to a cache.
pub(super) struct Message {
    pub(super) request: Request<Bytes>,
    pub(super) subject: Subject,
}

/// The subject of a purge, on which the meaning of the answer depends. A cache that knows tags
/// answers success also if nothing has them. For a URL that is not stored it answers that
/// nothing was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    Tags,
    Url,
}
