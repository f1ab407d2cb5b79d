//! Rules for digests beside the bytes that they are digests of (RFC 9530).

use http::{HeaderName, Method, StatusCode, header::CONTENT_LOCATION};

use super::{AuditedExchange, Code, RuleFinding, content_range::ContentRange};
use crate::semantics::{
    field::method::is_safe,
    validator::digest_fields::{
        CONTENT_DIGEST, DigestAlgorithm, DigestField, NamedDigest, REPR_DIGEST,
    },
};

/// The digests in the head of a response, until its body has ended.
#[derive(Debug)]
pub(crate) struct ObservedDigests {
    content: DigestField,
    repr: DigestField,
    scope: DigestScope,
}

/// The relation between the content of a response and the representation of its `Repr-Digest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DigestScope {
    /// The content is the representation.
    Whole,
    /// The content is one or several parts of it.
    Part,
    /// The representation may be another one.
    Unknown,
}

/// The hashes of a body that ended without an error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ContentHashes {
    pub(crate) sha256: [u8; 32],
    /// `None` if no digest needs it.
    pub(crate) sha512: Option<[u8; 64]>,
}

impl ContentHashes {
    /// Returns `None` if the hash was not made.
    fn by(&self, algorithm: DigestAlgorithm) -> Option<NamedDigest> {
        match algorithm {
            DigestAlgorithm::Sha256 => Some(NamedDigest::Sha256(self.sha256)),
            DigestAlgorithm::Sha512 => self.sha512.map(NamedDigest::Sha512),
        }
    }

    /// Returns `true` if the digest is that of other bytes.
    fn differ(&self, digest: &NamedDigest) -> bool {
        self.by(digest.algorithm())
            .is_some_and(|own| own != *digest)
    }
}

impl ObservedDigests {
    /// Returns `None` if the response has no digests, or if it has no content by definition.
    pub(crate) fn of(exchange: &AuditedExchange<'_>) -> Option<Self> {
        let has_none = *exchange.method == Method::HEAD
            || matches!(
                exchange.status,
                StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
            );
        let is_there = exchange.has(&CONTENT_DIGEST) || exchange.has(&REPR_DIGEST);
        (is_there && !has_none).then(|| Self {
            content: DigestField::parse(exchange.response, &CONTENT_DIGEST),
            repr: DigestField::parse(exchange.response, &REPR_DIGEST),
            scope: DigestScope::of(exchange),
        })
    }

    /// Returns `true` if the SHA-512 of the content is needed.
    pub(crate) fn need_sha512(&self) -> bool {
        let mut digests = digests(&self.content).chain(digests(&self.repr));
        digests.any(|digest| digest.algorithm() == DigestAlgorithm::Sha512)
    }

    /// Compares the digests with the content. `is_whole` returns `true` for the first half of the
    /// SHA-256 of a 200 of the same target.
    pub(crate) fn check(
        &self,
        hashes: &ContentHashes,
        is_whole: impl Fn(&[u8]) -> bool,
        findings: &mut Vec<RuleFinding>,
    ) {
        for (name, field) in [(CONTENT_DIGEST, &self.content), (REPR_DIGEST, &self.repr)] {
            if *field == DigestField::Malformed {
                let detail = format!("{name} is no dictionary of digests");
                findings.push(Code::DigestDiffers.finding(detail));
            }
        }
        for digest in digests(&self.content).filter(|digest| hashes.differ(digest)) {
            let is_of_whole = self.scope == DigestScope::Part
                && (digests(&self.repr).any(|repr| repr == digest)
                    || half_of_sha256(&digest).is_some_and(&is_whole));
            findings.push(if is_of_whole {
                Code::PartDigest.finding("Content-Digest is that of the whole")
            } else {
                differs(&CONTENT_DIGEST, &digest)
            });
        }
        for digest in digests(&self.repr) {
            match self.scope {
                DigestScope::Whole if hashes.differ(&digest) => {
                    findings.push(differs(&REPR_DIGEST, &digest));
                }
                DigestScope::Part if hashes.by(digest.algorithm()) == Some(digest) => {
                    findings.push(Code::PartDigest.finding("Repr-Digest is that of the part"));
                }
                _ => {}
            }
        }
    }
}

impl DigestScope {
    fn of(exchange: &AuditedExchange<'_>) -> Self {
        if exchange.status == StatusCode::PARTIAL_CONTENT {
            // A part may be the whole.
            let range = ContentRange::of(exchange.response);
            return if range.is_some_and(|range| range.is_whole()) {
                Self::Whole
            } else {
                Self::Part
            };
        }
        // Section 3.1: the response to a write may be about what Content-Location names.
        if is_safe(exchange.method) || !exchange.has(&CONTENT_LOCATION) {
            Self::Whole
        } else {
            Self::Unknown
        }
    }
}

/// Returns the digests of a header by active algorithms.
fn digests(field: &DigestField) -> impl Iterator<Item = NamedDigest> {
    let digests = match field {
        DigestField::Digests(digests) => Some(digests),
        DigestField::Absent | DigestField::Malformed => None,
    };
    digests.into_iter().flat_map(|digests| digests.iter())
}

/// Returns the bytes of a SHA-256 that the audit keeps of each content.
fn half_of_sha256(digest: &NamedDigest) -> Option<&[u8]> {
    match digest {
        NamedDigest::Sha256(digest) => Some(&digest[..16]),
        NamedDigest::Sha512(_) => None,
    }
}

fn differs(name: &HeaderName, digest: &NamedDigest) -> RuleFinding {
    let key = digest.algorithm().key();
    Code::DigestDiffers.finding(format!("{name}: {key} of other bytes"))
}
