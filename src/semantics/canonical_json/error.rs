//! The reasons of a refusal.

use std::{error::Error, fmt};

/// An error returned if a document has no canonical form.
///
/// It names a position, and never the content: bodies have secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotCanonical {
    /// Two members of one object have the same name, also if they are escaped differently.
    DuplicateName {
        /// The position of the second member, in bytes.
        at: usize,
    },
    /// Half of a surrogate pair, such as `\ud800`, which is no character.
    LoneSurrogate {
        /// The position of its escape, in bytes.
        at: usize,
    },
    /// The content starts with U+FEFF (RFC 8259, section 8.1).
    ByteOrderMark,
    /// More content after the end of the value.
    TrailingData {
        /// The position of the first byte that is no white space.
        at: usize,
    },
    /// A number beyond the range of a double, such as `1e400`.
    Number {
        /// The position of the number, in bytes.
        at: usize,
    },
    /// An integer beyond ±(2⁵³−1), where doubles skip integers (RFC 7493, section 2.2).
    Integer {
        /// The position of the number, in bytes.
        at: usize,
    },
    /// More arrays and objects in each other than the limit.
    TooDeep {
        /// The position of the array or object, in bytes.
        at: usize,
    },
    /// More bytes than the limit.
    TooLarge,
    /// Bytes that are not UTF-8.
    Utf8 {
        /// The position of the first of them.
        at: usize,
    },
    /// No JSON (RFC 8259), or its end is missing.
    Syntax {
        /// The position of the first byte that does not fit.
        at: usize,
    },
}

impl fmt::Display for NotCanonical {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (reason, at) = match *self {
            Self::ByteOrderMark => {
                return formatter.write_str("no canonical JSON: remove the byte order mark");
            }
            Self::TooLarge => {
                return formatter.write_str("no canonical JSON: it is longer than the limit");
            }
            Self::DuplicateName { at } => ("two members of one object have this name", at),
            Self::LoneSurrogate { at } => ("the other half of the surrogate pair is missing", at),
            Self::TrailingData { at } => ("a document has one value", at),
            Self::Number { at } => ("the number is beyond the range of a double", at),
            Self::Integer { at } => (
                "the integer is beyond 2^53 - 1 and would be rounded: write it as a string",
                at,
            ),
            Self::TooDeep { at } => ("more levels than the limit", at),
            Self::Utf8 { at } => ("the text is not UTF-8", at),
            Self::Syntax { at } => ("this is not JSON", at),
        };
        write!(formatter, "no canonical JSON, byte {at}: {reason}")
    }
}

impl Error for NotCanonical {}
