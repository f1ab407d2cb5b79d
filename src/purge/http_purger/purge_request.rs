//! A request to a cache, with the subject of its purge.

use bytes::Bytes;
use http::Request;

/// A request to a cache.
pub(super) struct PurgeRequest {
    pub(super) request: Request<Bytes>,
    pub(super) subject: PurgeSubject,
}

/// The subject of a purge, on which the meaning of the response depends.
///
/// A cache that supports tags responds with success even if no response has them. For a URL that
/// is not stored it responds with 404.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PurgeSubject {
    Tags,
    Url,
}
