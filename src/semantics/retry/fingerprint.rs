use std::fmt;

use http::{
    HeaderMap, Method, Uri,
    header::{CONTENT_ENCODING, CONTENT_TYPE, HOST},
};
use sha2::{Digest, Sha256};

use crate::semantics::field::{authority, lines};

/// The identity of a request, by which a retry is told from another request with the same key.
///
/// It covers the method, and the authority, path and query as the client sent them. It also
/// covers `Content-Type`, `Content-Encoding` and the content. The content counts by its bytes, or
/// JSON by its canonical form if the layer is set so. Other headers, such as `User-Agent` or
/// `traceparent`, may differ between retries.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    version: u8,
    digest: [u8; 32],
}

/// The version of the fingerprints that the layer makes.
const VERSION: u8 = 1;

/// The version of the fingerprints that a layer makes which compares JSON by its canonical form.
/// Its fingerprints of other content have this version too: two requests with one key could not be
/// told apart otherwise.
#[cfg(feature = "json")]
const VERSION_WITH_JSON: u8 = 2;

/// The version of the fingerprints that the application makes.
const CUSTOM: u8 = 0;

impl Fingerprint {
    /// Creates a fingerprint of the application's own making, from any bytes that are equal
    /// for retries and differ for other requests.
    #[must_use]
    pub fn custom(identity: impl AsRef<[u8]>) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"tower-conditional idempotency custom fingerprint\0");
        hash.update(identity);
        Self {
            version: CUSTOM,
            digest: hash.finalize().into(),
        }
    }

    /// Adds the method, the path and the query, so that an application's own fingerprint cannot
    /// join two resources of a host.
    pub(crate) fn bound_to(self, method: &Method, target: &Uri) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"tower-conditional idempotency bound fingerprint\0");
        let path_and_query = target.path_and_query();
        let path_and_query = path_and_query.map_or("", |path| path.as_str());
        for part in [method.as_str(), path_and_query] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.update(self.digest);
        Self {
            version: self.version,
            digest: hash.finalize().into(),
        }
    }

    /// Returns `true` if the two fingerprints are of different requests.
    ///
    /// Fingerprints of different versions cannot be compared. After an upgrade, a retry is
    /// answered from its old record and not refused.
    #[must_use]
    pub fn differs(&self, other: &Self) -> bool {
        self.version == other.version && self.digest != other.digest
    }

    /// Returns the version and the digest, for a store's column.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 33] {
        let mut bytes = [self.version; 33];
        bytes[1..].copy_from_slice(&self.digest);
        bytes
    }
}

impl From<[u8; 33]> for Fingerprint {
    /// Converts the bytes that [`to_bytes`](Self::to_bytes) gave.
    fn from([version, digest @ ..]: [u8; 33]) -> Self {
        Self { version, digest }
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fingerprint")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// Makes a [`Fingerprint`] from a head, and then from the content as it arrives.
pub(crate) struct FingerprintHasher {
    hash: Sha256,
    content_length: u64,
    version: u8,
}

/// The part of a request's content that is hashed.
#[cfg(feature = "json")]
#[derive(Debug, Clone, Copy)]
pub(crate) enum HashedContent {
    /// All bytes.
    Bytes = 0,
    /// The canonical form of a JSON text.
    CanonicalForm = 1,
}

impl FingerprintHasher {
    /// Returns a hasher for a request to `target`, the URI before any router changed it.
    pub(crate) fn new(method: &Method, target: &Uri, headers: &HeaderMap) -> Self {
        let mut hasher = Self {
            hash: Sha256::new(),
            content_length: 0,
            version: VERSION,
        };
        hasher
            .hash
            .update(b"tower-conditional idempotency fingerprint 1\0");
        hasher.head(method, target, headers);
        hasher
    }

    /// Returns a hasher of a layer that compares JSON by its canonical form, where there is one.
    #[cfg(feature = "json")]
    pub(crate) fn with_json(
        method: &Method,
        target: &Uri,
        headers: &HeaderMap,
        content: HashedContent,
    ) -> Self {
        let mut hasher = Self {
            hash: Sha256::new(),
            content_length: 0,
            version: VERSION_WITH_JSON,
        };
        hasher
            .hash
            .update(b"tower-conditional idempotency fingerprint 2\0");
        hasher.hash.update([content as u8]);
        hasher.head(method, target, headers);
        hasher
    }

    fn head(&mut self, method: &Method, target: &Uri, headers: &HeaderMap) {
        self.part(method.as_str().as_bytes());
        self.part(&host(target, headers));
        let path_and_query = target.path_and_query();
        self.part(path_and_query.map_or("", |path| path.as_str()).as_bytes());
        for name in [CONTENT_TYPE, CONTENT_ENCODING] {
            let mut values = 0_u64;
            for value in lines::lines(headers, &name) {
                self.part(value.as_bytes());
                values += 1;
            }
            // The number of lines ends their list: an empty line differs from none.
            self.hash.update(values.to_be_bytes());
        }
    }

    /// Adds the next bytes of the content.
    pub(crate) fn content(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.content_length += bytes.len() as u64;
    }

    pub(crate) fn finish(mut self) -> Fingerprint {
        self.hash.update(self.content_length.to_be_bytes());
        Fingerprint {
            version: self.version,
            digest: self.hash.finalize().into(),
        }
    }

    /// Adds a part behind its length, so that no byte moves from one part to the next.
    fn part(&mut self, bytes: &[u8]) {
        self.hash.update((bytes.len() as u64).to_be_bytes());
        self.hash.update(bytes);
    }
}

/// Returns the host and port in lower case. HTTP/2 has them in the URI, HTTP/1.1 in `Host`
/// (RFC 9110, section 7.2).
fn host(target: &Uri, headers: &HeaderMap) -> Vec<u8> {
    let host = match target.authority() {
        Some(authority) => authority::split_user(authority).1.as_bytes(),
        None => lines::first(headers, &HOST).map_or(&[][..], |host| host.as_bytes()),
    };
    host.to_ascii_lowercase()
}
