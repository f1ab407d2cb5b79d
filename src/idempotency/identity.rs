//! The identity of a request, by which a retry is told from another request with its key.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http_body::Body;

#[cfg(feature = "json")]
use crate::{
    body::CanonicalJob,
    semantics::{field::is_json_content, retry::HashedContent},
};
use crate::{
    body::ReadAhead,
    semantics::retry::{Fingerprint, FingerprintHasher},
    target,
};

type FingerprintOf = Arc<dyn Fn(&Parts, &Bytes) -> Fingerprint + Send + Sync>;

/// The part of a request by which a retry is told from another request with its key.
#[derive(Clone)]
pub(super) enum RequestIdentity {
    /// The bytes of its content.
    Bytes,
    /// The canonical form of JSON content, and the bytes of other content.
    #[cfg(feature = "json")]
    CanonicalJson,
    /// A fingerprint of the application's own.
    Custom(FingerprintOf),
}

/// The fingerprint of a request, or the work that it needs.
pub(super) enum PendingFingerprint {
    Ready(Fingerprint),
    #[cfg(feature = "json")]
    Json(CanonicalJob),
}

impl RequestIdentity {
    /// Begins the fingerprint of a request whose content has been read.
    pub(super) fn begin<B>(&self, request: &Parts, content: &ReadAhead<B>) -> PendingFingerprint
    where
        B: Body<Data = Bytes>,
    {
        let target = target::of(request);
        let mut hasher = match self {
            Self::Custom(fingerprint_of) => {
                let own = fingerprint_of(request, &join(content));
                return PendingFingerprint::Ready(own.bound_to(&request.method, target));
            }
            #[cfg(feature = "json")]
            Self::CanonicalJson if is_json_content(&request.headers) => {
                return PendingFingerprint::Json(CanonicalJob::new(join(content), None));
            }
            #[cfg(feature = "json")]
            Self::CanonicalJson => with_json(request, HashedContent::Bytes),
            Self::Bytes => FingerprintHasher::new(&request.method, target, &request.headers),
        };
        content.data().for_each(|data| hasher.content(data));
        PendingFingerprint::Ready(hasher.finish())
    }
}

impl PendingFingerprint {
    /// Returns the fingerprint of the request.
    #[cfg_attr(
        not(feature = "json"),
        expect(
            clippy::unused_async,
            unused_variables,
            reason = "only JSON takes time"
        )
    )]
    pub(super) async fn finish(self, request: &Parts) -> Fingerprint {
        match self {
            Self::Ready(fingerprint) => fingerprint,
            #[cfg(feature = "json")]
            Self::Json(mut job) => match (&mut job).await {
                Ok(canonical) => hash(request, HashedContent::CanonicalForm, &canonical.form),
                // Two texts without a form are one request only if their bytes are equal.
                Err(_) => hash(request, HashedContent::Bytes, job.content()),
            },
        }
    }
}

#[cfg(feature = "json")]
fn hash(request: &Parts, hashed: HashedContent, content: &[u8]) -> Fingerprint {
    let mut hasher = with_json(request, hashed);
    hasher.content(content);
    hasher.finish()
}

#[cfg(feature = "json")]
fn with_json(request: &Parts, hashed: HashedContent) -> FingerprintHasher {
    FingerprintHasher::with_json(
        &request.method,
        target::of(request),
        &request.headers,
        hashed,
    )
}

/// Returns the content in one piece. A single frame is shared, not copied.
fn join<B: Body<Data = Bytes>>(content: &ReadAhead<B>) -> Bytes {
    let mut frames = content.data();
    match (frames.next(), frames.next()) {
        (None, _) => Bytes::new(),
        (Some(only), None) => only.clone(),
        (Some(_), Some(_)) => {
            let length = content.data().map(Bytes::len).sum();
            let mut joined = BytesMut::with_capacity(length);
            content
                .data()
                .for_each(|data| joined.extend_from_slice(data));
            joined.freeze()
        }
    }
}
