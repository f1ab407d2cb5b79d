//! Entity tags (RFC 9110, section 8.8.3).

use std::{error::Error, fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::HeaderValue;

use super::opaque::{self, is_opaque};

/// An entity tag (ETag): an opaque text in quotes. It is strong, or weak with `W/` before it.
///
/// A strong tag identifies one sequence of bytes. A weak tag identifies contents that are
/// equivalent for the client.
///
/// The type has no `PartialEq`. Tags are compared either [strongly](Self::strong_eq) or
/// [weakly](Self::weak_eq) (RFC 9110, section 8.8.3.2), and the caller must choose.
#[derive(Debug, Clone)]
pub struct EntityTag(HeaderValue);

/// A borrowed [`EntityTag`], such as one in a header.
#[derive(Debug, Clone, Copy)]
pub struct TagRef<'a> {
    weak: bool,
    opaque: &'a [u8],
}

/// The largest number of bytes of a digest that [`EntityTag::from_digest`] uses.
const MAX_DIGEST_BYTES: usize = 64;

impl EntityTag {
    /// Creates a strong tag from its opaque text, which is given without quotes.
    ///
    /// # Errors
    ///
    /// Returns an error if the text contains a quote, white space or a control character.
    pub fn strong(opaque: impl AsRef<[u8]>) -> Result<Self, InvalidEntityTag> {
        Self::quote(b"\"", opaque.as_ref())
    }

    /// Creates a weak tag from its opaque text, which is given without quotes.
    ///
    /// # Errors
    ///
    /// Returns an error if the text contains a quote, white space or a control character.
    pub fn weak(opaque: impl AsRef<[u8]>) -> Result<Self, InvalidEntityTag> {
        Self::quote(b"W/\"", opaque.as_ref())
    }

    /// Creates a strong tag with `digest` in base64url, without padding.
    ///
    /// Only the first 64 bytes of the digest are used. An empty digest is the tag `""`, whatever the
    /// content.
    #[must_use]
    pub fn from_digest(digest: &[u8]) -> Self {
        Self::encode(false, digest)
    }

    /// Creates a weak tag with `digest` in base64url, as [`from_digest`](Self::from_digest).
    #[must_use]
    pub fn weak_from_digest(digest: &[u8]) -> Self {
        Self::encode(true, digest)
    }

    /// Converts the tag into a weak one with the same opaque text.
    #[must_use]
    pub fn into_weak(self) -> Self {
        if self.is_weak() {
            return self;
        }
        let text = [b"W/", self.0.as_bytes()].concat();
        Self(
            HeaderValue::from_maybe_shared(Bytes::from(text))
                .expect("a valid tag with W/ before it"),
        )
    }

    /// Returns `true` if the tag is weak: it starts with `W/`.
    #[must_use]
    pub fn is_weak(&self) -> bool {
        self.as_ref().weak
    }

    /// Returns the bytes between the quotes.
    #[must_use]
    pub fn opaque(&self) -> &[u8] {
        self.as_ref().opaque
    }

    /// Returns `true` if both tags are strong and equal (RFC 9110, section 8.8.3.2).
    #[must_use]
    pub fn strong_eq(&self, other: &Self) -> bool {
        self.as_ref().strong_eq(other.as_ref())
    }

    /// Returns `true` if the opaque texts are equal (RFC 9110, section 8.8.3.2).
    #[must_use]
    pub fn weak_eq(&self, other: &Self) -> bool {
        self.as_ref().weak_eq(other.as_ref())
    }

    /// Borrows the tag.
    #[must_use]
    pub fn as_ref(&self) -> TagRef<'_> {
        let bytes = self.0.as_bytes();
        let (weak, quoted) = match bytes.strip_prefix(b"W/") {
            Some(quoted) => (true, quoted),
            None => (false, bytes),
        };
        TagRef {
            weak,
            opaque: &quoted[1..quoted.len() - 1],
        }
    }

    /// Returns the header value, including the quotes.
    #[must_use]
    pub fn as_header_value(&self) -> &HeaderValue {
        &self.0
    }

    fn quote(opening: &[u8], opaque: &[u8]) -> Result<Self, InvalidEntityTag> {
        if !is_opaque(opaque) {
            return Err(InvalidEntityTag::opaque(opaque));
        }
        let text = [opening, opaque, b"\""].concat();
        HeaderValue::from_maybe_shared(Bytes::from(text))
            .map(Self)
            .map_err(|_| InvalidEntityTag::opaque(opaque))
    }

    /// Creates a tag with the digest in base64url.
    fn encode(weak: bool, digest: &[u8]) -> Self {
        // Tags of content have 128 bits. They are made for each hashed response.
        if let Ok(digest) = digest.try_into() {
            return Self::encode_128_bits(weak, digest);
        }
        let mut text = [0; MAX_DIGEST_BYTES.div_ceil(3) * 4];
        let digest = &digest[..digest.len().min(MAX_DIGEST_BYTES)];
        let length = URL_SAFE_NO_PAD
            .encode_slice(digest, &mut text)
            .expect("the capacity is that of the longest digest");
        let opening: &[u8] = if weak { b"W/\"" } else { b"\"" };
        Self::quote(opening, &text[..length]).expect("base64url is visible ASCII")
    }

    /// Creates a tag with a digest of 128 bits in base64url, without a general encoder.
    fn encode_128_bits(weak: bool, digest: [u8; 16]) -> Self {
        let mut text = [b'"'; 27];
        text[..2].copy_from_slice(b"W/");
        text[3..].copy_from_slice(&base64url(digest));
        text[25] = b'"';
        let start = if weak { 0 } else { 2 };
        Self(HeaderValue::from_bytes(&text[start..26]).expect("base64url is visible ASCII"))
    }
}

/// Encodes a digest and two zero bytes in base64url (RFC 4648, section 5).
///
/// With the zero bytes, no remainder is left. There is no branch, so the compiler can
/// vectorize the loops. Each hashed response runs this. It takes about 150 instructions
/// fewer than the `base64` crate for 16 bytes.
fn base64url(digest: [u8; 16]) -> [u8; 24] {
    let mut bytes = [0; 18];
    bytes[..16].copy_from_slice(&digest);
    let mut text = [0; 24];
    // Three bytes become four groups of six bits, each in a byte of its own.
    for (four, three) in text.chunks_exact_mut(4).zip(bytes.chunks_exact(3)) {
        let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        let six_in_each = (bits << 6 & 0x3f00_0000)
            | (bits << 4 & 0x003f_0000)
            | (bits << 2 & 0x0000_3f00)
            | (bits & 0x0000_003f);
        four.copy_from_slice(&six_in_each.to_be_bytes());
    }
    // The alphabet is `A-Z`, `a-z`, `0-9`, `-` and `_`: each step skips the gap before a range.
    for byte in &mut text {
        let six = *byte;
        *byte += b'A';
        *byte += if six > 25 { b'a' - b'Z' - 1 } else { 0 };
        *byte -= if six > 51 { b'z' + 1 - b'0' } else { 0 };
        *byte -= if six > 61 { b'9' + 1 - b'-' } else { 0 };
        *byte += if six > 62 { b'_' - b'-' - 1 } else { 0 };
    }
    text
}

impl<'a> TagRef<'a> {
    /// Parses one entity tag, which must fill `bytes` exactly.
    ///
    /// Returns `None` for white space around the tag, `w/` in lower case, missing quotes, and
    /// blanks or quotes inside.
    #[must_use]
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (weak, quoted) = match bytes.strip_prefix(b"W/") {
            Some(quoted) => (true, quoted),
            None => (false, bytes),
        };
        let opaque = quoted.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        is_opaque(opaque).then_some(Self { weak, opaque })
    }

    /// Returns `true` if the tag is weak: it starts with `W/`.
    #[must_use]
    pub fn is_weak(self) -> bool {
        self.weak
    }

    /// Returns the bytes between the quotes.
    #[must_use]
    pub fn opaque(self) -> &'a [u8] {
        self.opaque
    }

    /// Returns `true` if `bytes` are exactly this tag, with its quotes.
    pub(crate) fn equals_bytes(self, bytes: &[u8]) -> bool {
        let quoted = if self.weak {
            bytes.strip_prefix(b"W/")
        } else {
            Some(bytes)
        };
        matches!(quoted, Some([b'"', opaque @ .., b'"']) if opaque == self.opaque)
    }

    /// Returns `true` if the opaque text is ASCII without a backslash. JSON then needs no
    /// escapes.
    pub(crate) fn is_plain_json(self) -> bool {
        opaque::is_plain_json(self.opaque)
    }

    /// Returns the strong tag with the same opaque text.
    pub(crate) fn strong(self) -> Self {
        Self {
            weak: false,
            ..self
        }
    }

    /// Returns `true` if both tags are strong and equal (RFC 9110, section 8.8.3.2).
    #[must_use]
    pub fn strong_eq(self, other: TagRef<'_>) -> bool {
        !self.weak && !other.weak && self.opaque == other.opaque
    }

    /// Returns `true` if the opaque texts are equal (RFC 9110, section 8.8.3.2).
    #[must_use]
    pub fn weak_eq(self, other: TagRef<'_>) -> bool {
        self.opaque == other.opaque
    }
}

/// Writes the tag as in a header, with U+FFFD for bytes that are not UTF-8.
impl fmt::Display for TagRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weak = if self.weak { "W/" } else { "" };
        write!(f, "{weak}\"{}\"", String::from_utf8_lossy(self.opaque))
    }
}

impl TryFrom<&HeaderValue> for EntityTag {
    type Error = InvalidEntityTag;

    fn try_from(value: &HeaderValue) -> Result<Self, Self::Error> {
        Self::try_from(value.clone())
    }
}

impl TryFrom<HeaderValue> for EntityTag {
    type Error = InvalidEntityTag;

    fn try_from(value: HeaderValue) -> Result<Self, Self::Error> {
        match TagRef::parse(value.as_bytes()) {
            Some(_) => Ok(Self(value)),
            None => Err(InvalidEntityTag::syntax(value.as_bytes())),
        }
    }
}

impl FromStr for EntityTag {
    type Err = InvalidEntityTag;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        HeaderValue::from_str(text)
            .map_err(|_| InvalidEntityTag::syntax(text.as_bytes()))
            .and_then(Self::try_from)
    }
}

impl From<TagRef<'_>> for EntityTag {
    fn from(tag: TagRef<'_>) -> Self {
        let opening: &[u8] = if tag.weak { b"W/\"" } else { b"\"" };
        Self::quote(opening, tag.opaque).expect("a tag that was parsed")
    }
}

impl From<EntityTag> for HeaderValue {
    fn from(tag: EntityTag) -> Self {
        tag.0
    }
}

impl fmt::Display for EntityTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().fmt(f)
    }
}

/// An error returned by conversions into an [`EntityTag`]: the text is not a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidEntityTag {
    text: Box<[u8]>,
    rule: &'static str,
}

impl InvalidEntityTag {
    fn opaque(text: &[u8]) -> Self {
        Self {
            text: text.into(),
            rule: "the text between the quotes has visible characters only, and no quotes",
        }
    }

    fn syntax(text: &[u8]) -> Self {
        Self {
            text: text.into(),
            rule: "a tag is `\"..\"` or `W/\"..\"`, with visible characters and no quotes inside",
        }
    }
}

impl fmt::Display for InvalidEntityTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = String::from_utf8_lossy(&self.text);
        write!(f, "invalid entity tag {text:?}: {}", self.rule)
    }
}

impl Error for InvalidEntityTag {}
