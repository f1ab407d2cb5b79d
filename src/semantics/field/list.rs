//! Comma-separated header values, parsed as bytes over all lines of a header
//! (RFC 9110, sections 5.3 and 5.6.1).

use http::HeaderValue;

/// Returns the members of a list of tokens, parameters and quoted strings, such as `Vary` or
/// `Cache-Control`.
///
/// Empty members and surrounding white space are skipped. A comma inside a quoted string does
/// not separate members, and a backslash there escapes the next byte. A quoted string ends at
/// the end of its line.
pub fn members<'a, I>(lines: I) -> impl Iterator<Item = &'a [u8]>
where
    I: IntoIterator<Item = &'a HeaderValue>,
{
    lines.into_iter().flat_map(|line| Members {
        rest: line.as_bytes(),
    })
}

/// Removes optional white space from both ends (RFC 9110, section 5.6.3).
pub(crate) fn trim_ows(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// Returns `true` if the byte may stand in a token, as a `tchar` (RFC 9110, section 5.6.2).
pub(crate) fn is_tchar(byte: u8) -> bool {
    TCHARS[byte as usize]
}

static TCHARS: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let others = b"!#$%&'*+-.^_`|~";
    let mut at = 0;
    while at < others.len() {
        table[others[at] as usize] = true;
        at += 1;
    }
    table
};

struct Members<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Members<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while !self.rest.is_empty() {
            let end = end_of_member(self.rest);
            let member = trim_ows(&self.rest[..end]);
            self.rest = after_comma(self.rest, end);
            if !member.is_empty() {
                return Some(member);
            }
        }
        None
    }
}

/// Returns the position of the comma that ends the first member, or the length.
fn end_of_member(bytes: &[u8]) -> usize {
    // Most members have no quotes, so the state machine below starts at the first one.
    let stop = bytes.iter().position(|byte| matches!(byte, b',' | b'"'));
    let Some(mut at) = stop else {
        return bytes.len();
    };
    let mut quoted = false;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => quoted = !quoted,
            b'\\' if quoted => at += 1,
            b',' if !quoted => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// Returns the bytes after the comma at `end`, or none if a line ends there.
pub(in crate::semantics) fn after_comma(bytes: &[u8], end: usize) -> &[u8] {
    bytes.get(end + 1..).unwrap_or_default()
}
