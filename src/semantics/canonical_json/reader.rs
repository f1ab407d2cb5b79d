//! The tokens of JSON (RFC 8259).

use super::error::NotCanonical;

const ONES: u64 = u64::MAX / 255;
const HIGH_BITS: u64 = ONES << 7;

/// A number in the text.
#[derive(Clone, Copy)]
pub(super) struct NumberToken<'a> {
    pub(super) text: &'a str,
    /// It has neither a fraction nor an exponent.
    pub(super) is_integer: bool,
}

/// A place in a text, and the functions that read the token there.
pub(super) struct Reader<'a> {
    text: &'a str,
    pub(super) at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Returns the next byte that is no white space, and stays before it.
    pub(super) fn peek_token(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
        self.peek()
    }

    pub(super) fn unexpected(&self) -> NotCanonical {
        NotCanonical::Syntax { at: self.at }
    }

    pub(super) fn take(&mut self, expected: u8) -> Result<(), NotCanonical> {
        if self.peek_token() != Some(expected) {
            return Err(self.unexpected());
        }
        self.at += 1;
        Ok(())
    }

    pub(super) fn literal(&mut self, literal: &str) -> Result<(), NotCanonical> {
        for expected in literal.bytes() {
            if self.peek() != Some(expected) {
                return Err(self.unexpected());
            }
            self.at += 1;
        }
        Ok(())
    }

    /// Reads a string (RFC 8259, section 7). Returns `true` if it has escapes.
    pub(super) fn string(&mut self) -> Result<bool, NotCanonical> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected());
        }
        self.at += 1;
        let mut has_escapes = false;
        loop {
            self.at += plain_length(&self.text.as_bytes()[self.at..]);
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    has_escapes = true;
                    self.at += escape(self.text, self.at)?.1;
                }
                _ => return Err(self.unexpected()),
            }
        }
        self.at += 1;
        Ok(has_escapes)
    }

    /// Reads a number (RFC 8259, section 6).
    pub(super) fn number(&mut self) -> Result<NumberToken<'a>, NotCanonical> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        let mut is_integer = true;
        if self.peek() == Some(b'.') {
            is_integer = false;
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            is_integer = false;
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        let text = &self.text[start..self.at];
        Ok(NumberToken { text, is_integer })
    }

    /// Skips a value whose syntax is checked.
    pub(super) fn skip_value(&mut self) -> Result<(), NotCanonical> {
        let mut depth = 0_usize;
        loop {
            match self.peek_token() {
                Some(b'"') => _ = self.string()?,
                Some(b'[' | b'{') => {
                    depth += 1;
                    self.at += 1;
                }
                Some(b']' | b'}') => {
                    depth -= 1;
                    self.at += 1;
                }
                Some(b',' | b':') => self.at += 1,
                Some(_) => self.skip_plain(),
                None => return Err(self.unexpected()),
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }

    /// Skips a number or a literal.
    fn skip_plain(&mut self) {
        while let Some(b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-' | b'.' | b'E') = self.peek() {
            self.at += 1;
        }
    }

    fn digits(&mut self) -> Result<(), NotCanonical> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start {
            return Err(self.unexpected());
        }
        Ok(())
    }
}

/// Returns the character of the escape at `at`, and the length of the escape.
pub(super) fn escape(text: &str, at: usize) -> Result<(char, usize), NotCanonical> {
    let bytes = text.as_bytes();
    let syntax = |offset| NotCanonical::Syntax { at: at + offset };
    let character = match bytes.get(at + 1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => {
            let unit = code_unit(bytes, at + 2)?;
            if let Some(character) = char::from_u32(unit) {
                return Ok((character, 6));
            }
            let lone = NotCanonical::LoneSurrogate { at };
            if unit >= 0xdc00 || bytes.get(at + 6..at + 8) != Some(b"\\u") {
                return Err(lone);
            }
            let low = code_unit(bytes, at + 8)?;
            if !(0xdc00..0xe000).contains(&low) {
                return Err(lone);
            }
            let scalar = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
            return Ok((char::from_u32(scalar).ok_or(lone)?, 12));
        }
        _ => return Err(syntax(1)),
    };
    Ok((character, 2))
}

/// Returns the four hexadecimal digits at `at`.
fn code_unit(bytes: &[u8], at: usize) -> Result<u32, NotCanonical> {
    let mut unit = 0;
    for at in at..at + 4 {
        let digit = bytes
            .get(at)
            .and_then(|&byte| char::from(byte).to_digit(16));
        unit = unit << 4 | digit.ok_or(NotCanonical::Syntax { at })?;
    }
    Ok(unit)
}

/// Returns the number of bytes before the first quote, backslash or control character.
pub(super) fn plain_length(bytes: &[u8]) -> usize {
    let mut length = 0;
    while let Some(word) = bytes[length..].first_chunk() {
        let word = u64::from_le_bytes(*word);
        // A byte of zero borrows from the next, so that only the first hit is exact.
        let zero = |word: u64| word.wrapping_sub(ONES) & !word;
        let special = zero(word ^ (ONES * u64::from(b'"')))
            | zero(word ^ (ONES * u64::from(b'\\')))
            | word.wrapping_sub(ONES * 0x20) & !word;
        let hits = special & HIGH_BITS;
        if hits != 0 {
            return length + hits.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    let rest = &bytes[length..];
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    length + rest.iter().position(special).unwrap_or(rest.len())
}
