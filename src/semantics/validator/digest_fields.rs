//! Headers with digests (RFC 9530): their names and values, and the preferences of clients.

use std::convert::Infallible;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue};
use sfv::{
    BareItemFromInput, KeyRef, Parser,
    visitor::{DictionaryVisitor, EntryVisitor, Ignored, InnerListVisitor, ItemVisitor},
};

use crate::semantics::field::lines;

/// The digest of the bytes that a message sends (section 2).
pub(crate) const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");
/// The digest of the whole representation, in its content coding (section 3).
pub(crate) const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");
/// The algorithms that a client prefers for `Repr-Digest` (section 4).
pub(crate) const WANT_REPR_DIGEST: HeaderName = HeaderName::from_static("want-repr-digest");

/// Returns `true` for headers with a digest, also for the two that RFC 9530 and RFC 7231 made
/// obsolete.
#[inline]
pub(crate) fn is_digest(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "content-digest" | "repr-digest" | "digest" | "content-md5"
    )
}

/// Removes all headers with a digest.
pub(crate) fn remove_digests(headers: &mut HeaderMap) {
    while let Some(name) = headers.keys().find(|name| is_digest(name)).cloned() {
        headers.remove(name);
    }
}

/// An active algorithm (section 5). All others are ignored: the deprecated ones prove nothing
/// where attackers can influence the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DigestAlgorithm {
    Sha256,
    Sha512,
}

impl DigestAlgorithm {
    /// Returns the key of the algorithm in the header.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Sha256 => "sha-256",
            Self::Sha512 => "sha-512",
        }
    }
}

/// A digest and its algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NamedDigest {
    Sha256([u8; 32]),
    Sha512([u8; 64]),
}

impl NamedDigest {
    pub(crate) fn algorithm(&self) -> DigestAlgorithm {
        match self {
            Self::Sha256(_) => DigestAlgorithm::Sha256,
            Self::Sha512(_) => DigestAlgorithm::Sha512,
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Sha256(digest) => digest,
            Self::Sha512(digest) => digest,
        }
    }

    /// Returns the value of a header with this digest, such as `sha-256=:BASE64:`.
    pub(crate) fn to_value(self) -> HeaderValue {
        // The value of a SHA-512 is the longest, with 98 bytes.
        const OPENING: usize = "sha-512=:".len();
        let mut text = [b':'; OPENING + 88 + 1];
        let key = self.algorithm().key().as_bytes();
        text[..key.len()].copy_from_slice(key);
        text[key.len()] = b'=';
        let length = STANDARD
            .encode_slice(self.as_bytes(), &mut text[OPENING..])
            .expect("64 bytes are 88 characters in Base64");
        HeaderValue::from_bytes(&text[..=OPENING + length]).expect("Base64 is visible ASCII")
    }
}

/// The digests in `Content-Digest` or `Repr-Digest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DigestField {
    /// The header is missing.
    Absent,
    /// The header is no Dictionary, or the value of an active algorithm is no Byte Sequence of
    /// its length.
    Malformed,
    /// The digests by active algorithms. There may be none.
    Digests(Digests),
}

impl DigestField {
    /// Parses all lines of the header `name`. Parameters and other algorithms are ignored.
    pub(crate) fn parse(headers: &HeaderMap, name: &HeaderName) -> Self {
        if !lines::has(headers, name) {
            return Self::Absent;
        }
        let digests = ActiveKeys::parse(headers, name).and_then(|keys| {
            Ok(Digests {
                sha256: digest_in(keys.sha256)?,
                sha512: digest_in(keys.sha512)?,
            })
        });
        digests.map_or(Self::Malformed, Self::Digests)
    }
}

/// At most one digest by each active algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digests {
    pub(crate) sha256: Option<[u8; 32]>,
    pub(crate) sha512: Option<[u8; 64]>,
}

impl Digests {
    /// Returns the digests, that of SHA-256 first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = NamedDigest> {
        let sha256 = self.sha256.map(NamedDigest::Sha256);
        let sha512 = self.sha512.map(NamedDigest::Sha512);
        sha256.into_iter().chain(sha512)
    }
}

/// The preferences in `Want-Repr-Digest` or `Want-Content-Digest` (section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct DigestPreference {
    /// From 0, which refuses the algorithm, to 10. `None` if the client does not name it.
    sha256: Option<u8>,
    sha512: Option<u8>,
}

impl DigestPreference {
    /// Parses all lines of the header `name`. There is no preference if the header is missing or
    /// no Dictionary. Other algorithms are ignored, and so are values other than 0 to 10.
    pub(crate) fn parse(headers: &HeaderMap, name: &HeaderName) -> Self {
        if !lines::has(headers, name) {
            return Self::default();
        }
        let Ok(keys) = ActiveKeys::parse(headers, name) else {
            return Self::default();
        };
        Self {
            sha256: weight_in(keys.sha256.as_ref()),
            sha512: weight_in(keys.sha512.as_ref()),
        }
    }

    /// Returns the algorithm to use if both are available. SHA-256 is the default and the cheaper
    /// one. `None` if the client refuses it and does not want the other.
    pub(crate) fn best(self) -> Option<DigestAlgorithm> {
        if self.sha512.unwrap_or(0) > self.sha256.unwrap_or(0) {
            return Some(DigestAlgorithm::Sha512);
        }
        self.accepts(DigestAlgorithm::Sha256)
            .then_some(DigestAlgorithm::Sha256)
    }

    /// Returns `false` if the client refuses the algorithm. An algorithm that it does not name is
    /// acceptable, since the header is a hint.
    pub(crate) fn accepts(self, algorithm: DigestAlgorithm) -> bool {
        let weight = match algorithm {
            DigestAlgorithm::Sha256 => self.sha256,
            DigestAlgorithm::Sha512 => self.sha512,
        };
        weight != Some(0)
    }
}

/// A header that is no Dictionary, or a value that is no digest by its algorithm.
struct MalformedDigest;

/// The values of the active algorithms in a Dictionary.
///
/// Other keys are checked and not kept, so that a long header takes no memory.
#[derive(Default)]
struct ActiveKeys<'de> {
    sha256: Option<KeyValue<'de>>,
    sha512: Option<KeyValue<'de>>,
}

enum KeyValue<'de> {
    Item(BareItemFromInput<'de>),
    InnerList,
}

impl<'de> ActiveKeys<'de> {
    /// Parses all lines of a header as one Dictionary. A key that is repeated has its last value
    /// (RFC 9651, section 3.2).
    fn parse(headers: &'de HeaderMap, name: &HeaderName) -> Result<Self, MalformedDigest> {
        let mut keys = Self::default();
        for line in lines::lines(headers, name) {
            Parser::new(line.as_bytes())
                .parse_dictionary_with_visitor(&mut keys)
                .map_err(|_| MalformedDigest)?;
        }
        Ok(keys)
    }
}

impl<'de> DictionaryVisitor<'de> for &mut ActiveKeys<'de> {
    type Out = ();
    type Error = Infallible;

    fn entry(&mut self, key: &'de KeyRef) -> Result<impl EntryVisitor<'de>, Infallible> {
        let value = if key.as_str() == DigestAlgorithm::Sha256.key() {
            &mut self.sha256
        } else if key.as_str() == DigestAlgorithm::Sha512.key() {
            &mut self.sha512
        } else {
            return Ok(None);
        };
        Ok(Some(KeySlot(value)))
    }

    fn finish(self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// The place of the value of one key.
struct KeySlot<'a, 'de>(&'a mut Option<KeyValue<'de>>);

impl<'de> EntryVisitor<'de> for KeySlot<'_, 'de> {
    type Error = Infallible;

    fn item(self) -> Result<impl ItemVisitor<'de>, Infallible> {
        Ok(|value: BareItemFromInput<'de>| {
            *self.0 = Some(KeyValue::Item(value));
            Ok::<_, Infallible>(Ignored)
        })
    }

    fn inner_list(self) -> Result<impl InnerListVisitor<'de>, Infallible> {
        *self.0 = Some(KeyValue::InnerList);
        Ok(Ignored)
    }
}

/// Returns the digest in a value, if there is one.
fn digest_in<const N: usize>(
    value: Option<KeyValue<'_>>,
) -> Result<Option<[u8; N]>, MalformedDigest> {
    match value {
        None => Ok(None),
        Some(KeyValue::Item(BareItemFromInput::ByteSequence(digest))) => {
            let digest = digest.as_slice().try_into();
            digest.map(Some).map_err(|_| MalformedDigest)
        }
        Some(KeyValue::Item(_) | KeyValue::InnerList) => Err(MalformedDigest),
    }
}

/// Returns the weight in a value, if there is a valid one.
fn weight_in(value: Option<&KeyValue<'_>>) -> Option<u8> {
    let Some(KeyValue::Item(BareItemFromInput::Integer(weight))) = value else {
        return None;
    };
    let weight = u8::try_from(i64::from(*weight)).ok()?;
    (weight <= 10).then_some(weight)
}
