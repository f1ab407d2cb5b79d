use std::{error::Error, fmt, sync::Arc};

use http::HeaderMap;
use sfv::{BareItem, Item, Parser};

use crate::semantics::field::{lines, names::IDEMPOTENCY_KEY};

/// The value of an `Idempotency-Key` header: 1 to 255 characters of printable ASCII.
///
/// Clones share the text. A key may be a secret: `Debug` shows only its length.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(Arc<str>);

impl IdempotencyKey {
    /// The largest number of characters of a key.
    pub const MAX_LENGTH: usize = 255;

    /// Returns `true` if a request has the header.
    #[inline]
    pub(crate) fn is_in(headers: &HeaderMap) -> bool {
        lines::has(headers, &IDEMPOTENCY_KEY)
    }

    /// Parses the header of a request, a String of RFC 9651, section 3.3.3. Parameters are
    /// ignored. Returns `None` if the request has no such header.
    ///
    /// With `accept_bare`, the text may also stand without its quotes, as many older clients
    /// send it. Both forms are the same key.
    pub(crate) fn from_headers(
        headers: &HeaderMap,
        accept_bare: bool,
    ) -> Result<Option<Self>, InvalidIdempotencyKey> {
        if !Self::is_in(headers) {
            return Ok(None);
        }
        // Two lines would be joined by a comma, which no Item has (RFC 9651, section 4.2).
        let line = lines::only(headers, &IDEMPOTENCY_KEY)
            .ok_or(InvalidIdempotencyKey(Fault::Repeated))?
            .as_bytes();
        let key = match parse_string(line) {
            Some(key) => key?,
            None if accept_bare => parse_bare(line)?,
            None => return Err(InvalidIdempotencyKey(Fault::NotAString)),
        };
        Ok(Some(key))
    }

    /// Creates a key with this text.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is empty, has more than 255 characters, or has characters other
    /// than printable ASCII.
    pub fn new(text: &str) -> Result<Self, InvalidIdempotencyKey> {
        let fault = if text.is_empty() {
            Fault::Empty
        } else if text.len() > Self::MAX_LENGTH {
            Fault::TooLong(text.len())
        } else if !text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            Fault::NotPrintable
        } else {
            return Ok(Self(text.into()));
        };
        Err(InvalidIdempotencyKey(fault))
    }

    /// Returns the text, without quotes and escapes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdempotencyKey({} characters)", self.0.len())
    }
}

/// Parses a quoted key. `None` if the value is no String.
fn parse_string(line: &[u8]) -> Option<Result<IdempotencyKey, InvalidIdempotencyKey>> {
    // A value of a megabyte is refused before it is copied. Each character may be escaped.
    const MAX_QUOTED: usize = 4 * IdempotencyKey::MAX_LENGTH;
    if line.len() > MAX_QUOTED {
        return Some(Err(InvalidIdempotencyKey(Fault::TooLong(line.len()))));
    }
    let item: Item = Parser::new(line).parse().ok()?;
    match item.bare_item {
        BareItem::String(text) => Some(IdempotencyKey::new(text.as_str())),
        _ => None,
    }
}

/// Parses a key without quotes: visible ASCII that cannot be part of a quoted one.
fn parse_bare(line: &[u8]) -> Result<IdempotencyKey, InvalidIdempotencyKey> {
    let is_legal = |byte: &u8| byte.is_ascii_graphic() && !b"\"\\,;".contains(byte);
    if !line.iter().all(is_legal) {
        return Err(InvalidIdempotencyKey(Fault::NotBare));
    }
    let text = std::str::from_utf8(line).expect("graphic ASCII");
    IdempotencyKey::new(text)
}

/// An error returned by [`IdempotencyKey::new`], and the reason why a request with a malformed
/// `Idempotency-Key` is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidIdempotencyKey(Fault);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Empty,
    TooLong(usize),
    NotPrintable,
    NotAString,
    NotBare,
    Repeated,
}

impl fmt::Display for InvalidIdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let max = IdempotencyKey::MAX_LENGTH;
        f.write_str("invalid idempotency key: ")?;
        match self.0 {
            Fault::Empty => f.write_str("it is empty"),
            Fault::TooLong(length) => write!(f, "it has {length} characters, at most {max} fit"),
            Fault::NotPrintable => f.write_str("it has characters other than printable ASCII"),
            Fault::NotAString => f.write_str("the header's value is not a string in quotes"),
            Fault::NotBare => f.write_str(
                "without quotes it has only visible ASCII, and none of `\"`, `\\`, `,`, `;`",
            ),
            Fault::Repeated => f.write_str("the header is there more than once"),
        }
    }
}

impl Error for InvalidIdempotencyKey {}
