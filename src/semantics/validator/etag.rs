//! Entity tags (RFC 9110, section 8.8.3).

use std::{error::Error, fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::HeaderValue;

/// An entity tag: an opaque text between quotes, strong, or weak with `W/`
/// before it.
///
/// There is no `PartialEq`: two tags are compared either
/// [strongly](Self::strong_eq) or [weakly](Self::weak_eq)
/// (RFC 9110, section 8.8.3.2), and which one is a decision.
#[derive(Debug, Clone)]
pub struct EntityTag(HeaderValue);

/// A borrowed [`EntityTag`], as it stands in a header field.
#[derive(Debug, Clone, Copy)]
pub struct TagRef<'a> {
    weak: bool,
    opaque: &'a [u8],
}

/// The most bytes of a digest that [`EntityTag::from_digest`] uses.
const MAX_DIGEST: usize = 64;

impl EntityTag {
    /// A strong tag with this opaque text, given without quotes.
    ///
    /// # Errors
    ///
    /// Refuses a quote, white space and control characters.
    pub fn strong(opaque: impl AsRef<[u8]>) -> Result<Self, InvalidEntityTag> {
        Self::quote(b"\"", opaque.as_ref())
    }

    /// A weak tag with this opaque text, given without quotes.
    ///
    /// # Errors
    ///
    /// Refuses a quote, white space and control characters.
    pub fn weak(opaque: impl AsRef<[u8]>) -> Result<Self, InvalidEntityTag> {
        Self::quote(b"W/\"", opaque.as_ref())
    }

    /// A strong tag that spells `digest` in base64url without padding.
    ///
    /// At most 64 bytes of the digest are used.
    #[must_use]
    pub fn from_digest(digest: &[u8]) -> Self {
        Self::encode(false, digest)
    }

    /// As [`from_digest`](Self::from_digest), but weak.
    #[must_use]
    pub fn weak_from_digest(digest: &[u8]) -> Self {
        Self::encode(true, digest)
    }

    /// The same opaque text as a weak tag.
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

    /// Whether the tag starts with `W/`.
    #[must_use]
    pub fn is_weak(&self) -> bool {
        self.as_ref().weak
    }

    /// The bytes between the quotes.
    #[must_use]
    pub fn opaque(&self) -> &[u8] {
        self.as_ref().opaque
    }

    /// Whether both tags are strong and the same (RFC 9110, section 8.8.3.2).
    #[must_use]
    pub fn strong_eq(&self, other: &Self) -> bool {
        self.as_ref().strong_eq(other.as_ref())
    }

    /// Whether the opaque texts are the same (RFC 9110, section 8.8.3.2).
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

    /// The field value, quotes included.
    #[must_use]
    pub fn as_header_value(&self) -> &HeaderValue {
        &self.0
    }

    fn quote(opening: &[u8], opaque: &[u8]) -> Result<Self, InvalidEntityTag> {
        if !is_opaque(opaque) {
            return Err(InvalidEntityTag(()));
        }
        let text = [opening, opaque, b"\""].concat();
        HeaderValue::from_maybe_shared(Bytes::from(text))
            .map(Self)
            .map_err(|_| InvalidEntityTag(()))
    }

    fn encode(weak: bool, digest: &[u8]) -> Self {
        if let Ok(digest) = digest.try_into() {
            return Self::encode_128_bits(weak, digest);
        }
        let mut text = [0; MAX_DIGEST.div_ceil(3) * 4];
        let digest = &digest[..digest.len().min(MAX_DIGEST)];
        let length = URL_SAFE_NO_PAD
            .encode_slice(digest, &mut text)
            .expect("the capacity is that of the longest digest");
        let opening: &[u8] = if weak { b"W/\"" } else { b"\"" };
        Self::quote(opening, &text[..length]).expect("base64url is visible ASCII")
    }

    /// The tags of all content.
    fn encode_128_bits(weak: bool, digest: [u8; 16]) -> Self {
        let mut text = [b'"'; 27];
        text[..2].copy_from_slice(b"W/");
        text[3..].copy_from_slice(&base64url(digest));
        text[25] = b'"';
        let start = if weak { 0 } else { 2 };
        Self(HeaderValue::from_bytes(&text[start..26]).expect("base64url is visible ASCII"))
    }
}

/// Base64url (RFC 4648, section 5) of a digest and two zero bytes, whose two
/// characters are the last: no remainder is left, and no branch, so that the
/// compiler looks at many characters at a time. It takes some 150 instructions fewer than
/// the crate does for these 16 bytes, which each hashed response pays.
fn base64url(digest: [u8; 16]) -> [u8; 24] {
    let mut bytes = [0; 18];
    bytes[..16].copy_from_slice(&digest);
    let mut text = [0; 24];
    for (four, three) in text.chunks_exact_mut(4).zip(bytes.chunks_exact(3)) {
        let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        let six_in_each = (bits << 6 & 0x3f00_0000)
            | (bits << 4 & 0x003f_0000)
            | (bits << 2 & 0x0000_3f00)
            | (bits & 0x0000_003f);
        four.copy_from_slice(&six_in_each.to_be_bytes());
    }
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
    /// Reads one entity tag that fills `bytes` exactly, without white space
    /// around it. `w/` in lower case, missing quotes, and blanks or quotes
    /// inside make it `None`.
    #[must_use]
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (weak, quoted) = match bytes.strip_prefix(b"W/") {
            Some(quoted) => (true, quoted),
            None => (false, bytes),
        };
        let opaque = quoted.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        is_opaque(opaque).then_some(Self { weak, opaque })
    }

    /// Whether the tag starts with `W/`.
    #[must_use]
    pub fn is_weak(self) -> bool {
        self.weak
    }

    /// The bytes between the quotes.
    #[must_use]
    pub fn opaque(self) -> &'a [u8] {
        self.opaque
    }

    /// Whether this is how `bytes` spell the tag.
    pub(crate) fn is_spelled(self, bytes: &[u8]) -> bool {
        let quoted = if self.weak {
            bytes.strip_prefix(b"W/")
        } else {
            Some(bytes)
        };
        matches!(quoted, Some([b'"', opaque @ .., b'"']) if opaque == self.opaque)
    }

    /// Returns `true` if the opaque text is ASCII without a backslash, so that nothing in
    /// it has to be escaped in JSON.
    pub(crate) fn is_plain_json(self) -> bool {
        all(self.opaque, |bytes| {
            // As in `are_opaque`, none carries into the next byte.
            let is_no_backslash = ((bytes & !HIGH) ^ each(b'\\')) + each(0x7f);
            bytes & HIGH == 0 && is_no_backslash & HIGH == HIGH
        })
    }

    /// The strong tag with the same opaque text.
    pub(crate) fn strong(self) -> Self {
        Self {
            weak: false,
            ..self
        }
    }

    /// Whether both tags are strong and the same (RFC 9110, section 8.8.3.2).
    #[must_use]
    pub fn strong_eq(self, other: TagRef<'_>) -> bool {
        !self.weak && !other.weak && self.opaque == other.opaque
    }

    /// Whether the opaque texts are the same (RFC 9110, section 8.8.3.2).
    #[must_use]
    pub fn weak_eq(self, other: TagRef<'_>) -> bool {
        self.opaque == other.opaque
    }
}

/// As in a field, with U+FFFD for bytes that are not UTF-8.
impl fmt::Display for TagRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weak = if self.weak { "W/" } else { "" };
        write!(f, "{weak}\"{}\"", String::from_utf8_lossy(self.opaque))
    }
}

/// Returns `true` if all bytes are `etagc` of RFC 9110, section 8.8.3: visible
/// characters without the quote, and the bytes from 0x80 on.
fn is_opaque(bytes: &[u8]) -> bool {
    all(bytes, are_opaque)
}

/// Returns `true` if all bytes pass, of which `pass` looks at eight at a time.
#[inline]
fn all(bytes: &[u8], pass: impl Fn(u64) -> bool) -> bool {
    let Some(last) = bytes.last_chunk() else {
        return bytes.iter().all(|byte| pass(each(*byte)));
    };
    let (chunks, _) = bytes.as_chunks();
    // The last chunk and the one before it may overlap.
    let mut chunks = chunks.iter().chain([last]);
    chunks.all(|chunk| pass(u64::from_ne_bytes(*chunk)))
}

const fn each(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

const HIGH: u64 = each(0x80);

/// As [`is_opaque`], for eight bytes.
fn are_opaque(bytes: u64) -> bool {
    // Each sum has the high bit of a byte set if what its name says holds for its other
    // bits. None carries into the next byte.
    let low = bytes & !HIGH;
    let is_visible = low + each(0x7f - b' ');
    let is_no_quote = (low ^ each(b'"')) + each(0x7f);
    let is_no_delete = (low ^ each(0x7f)) + each(0x7f);
    ((is_visible & is_no_quote & is_no_delete) | bytes) & HIGH == HIGH
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
            None => Err(InvalidEntityTag(())),
        }
    }
}

impl FromStr for EntityTag {
    type Err = InvalidEntityTag;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        HeaderValue::from_str(text)
            .map_err(|_| InvalidEntityTag(()))
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

/// A text that cannot stand in an entity tag.
#[derive(Debug, Clone, Copy)]
pub struct InvalidEntityTag(());

impl fmt::Display for InvalidEntityTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an entity tag is visible characters without quotes, between quotes")
    }
}

impl Error for InvalidEntityTag {}
