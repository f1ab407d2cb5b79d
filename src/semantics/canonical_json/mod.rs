//! The canonical form of JSON: names in one order, one notation for each number and string, no
//! white space (RFC 8785).
//!
//! Two documents with the same canonical form are the same value, if each fraction counts as the
//! nearest double: `0.1` and `0.10000000000000001` are one number. Documents whose difference the
//! form would lose otherwise are refused ([`NotCanonical`]), and the caller compares their bytes:
//!
//! - Two members with one name: parsers disagree about which of them counts.
//! - Integers beyond ±(2⁵³−1), also in another notation such as `9007199254740993.0`. RFC 8785
//!   rounds them, so that 9007199254740992 and 9007199254740993 would be equal.
//! - Surrogates without their other half, a byte order mark, and content behind the value.
//!
//! `serde_json` does not read the text, since any other crate may turn on its features. Its
//! `float_roundtrip` changes the last digit of numbers, and `arbitrary_precision` their type: then
//! `{"$serde_json::private::Number":"1"}` cannot be told from `1`.
//!
//! The text is read twice. The [first pass](index) checks the syntax and sorts the names of the objects that are not
//! in order. It keeps four bytes for each of them, and no copy of a name. The [second](writer)
//! writes the form. Neither recurses, so that depth costs a limit and no stack.

mod decimal;
mod error;
mod ignored;
mod index;
mod limits;
mod matching;
mod names;
mod number;
mod pointer;
mod reader;
mod string;
#[cfg(test)]
mod tests;
mod writer;

pub use error::NotCanonical;
pub use ignored::IgnoredMembers;
pub use limits::CanonicalLimits;
pub use pointer::InvalidPointer;

/// The canonical form of a document without its ignored members.
#[derive(Debug, PartialEq, Eq)]
pub struct ReducedForm<'a> {
    /// The canonical form.
    pub content: Vec<u8>,
    /// The pointers that matched no member of this document.
    pub unmatched: Vec<&'a str>,
}

/// Returns the canonical form of a JSON document (RFC 8785).
///
/// The form is longer than the document only if numbers have an exponent: `1e15` has sixteen
/// digits. A list of nothing else becomes 3.4 times as long, and no document more than 4 times.
///
/// # Errors
///
/// Fails if the document is no JSON, exceeds a limit, or has content that the form cannot carry.
pub fn canonicalize(json: &[u8], limits: &CanonicalLimits) -> Result<Vec<u8>, NotCanonical> {
    let json = checked_text(json, limits)?;
    let index = index::index(json, limits)?;
    writer::write(json, &index, None).map(|form| form.content)
}

/// Returns the canonical form of a JSON document without the members that `ignored` names.
///
/// Ignored members must be JSON without duplicate names, but their numbers may be any.
///
/// # Errors
///
/// Fails as [`canonicalize`] does.
pub fn canonicalize_without<'a>(
    json: &[u8],
    ignored: &'a IgnoredMembers,
    limits: &CanonicalLimits,
) -> Result<ReducedForm<'a>, NotCanonical> {
    let json = checked_text(json, limits)?;
    let index = index::index(json, limits)?;
    writer::write(json, &index, Some(ignored))
}

/// Returns the text if its length and its encoding are accepted.
fn checked_text<'a>(json: &'a [u8], limits: &CanonicalLimits) -> Result<&'a str, NotCanonical> {
    if json.len() > limits.bytes() {
        return Err(NotCanonical::TooLarge);
    }
    if json.starts_with("\u{feff}".as_bytes()) {
        return Err(NotCanonical::ByteOrderMark);
    }
    std::str::from_utf8(json).map_err(|error| NotCanonical::Utf8 {
        at: error.valid_up_to(),
    })
}
