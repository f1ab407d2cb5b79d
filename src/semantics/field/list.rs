//! Comma-separated field values, read as bytes over all lines of a field
//! (RFC 9110, sections 5.3 and 5.6.1).

use http::HeaderValue;

/// Iterates over the members of a list of tokens, parameters and quoted
/// strings, such as `Vary` or `Cache-Control`.
///
/// Empty members and surrounding white space are left out. A comma inside a
/// quoted string, where a backslash escapes the next byte, does not split.
/// A quoted string never runs on into the next field line.
pub fn members<'a, I>(lines: I) -> impl Iterator<Item = &'a [u8]>
where
    I: IntoIterator<Item = &'a HeaderValue>,
{
    lines.into_iter().flat_map(|line| Members {
        rest: line.as_bytes(),
    })
}

/// `bytes` without the optional white space around it (RFC 9110, section 5.6.3).
pub(crate) fn trim_ows(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// `tchar` (RFC 9110, section 5.6.2).
pub(crate) fn is_token(byte: u8) -> bool {
    TOKEN[byte as usize]
}

static TOKEN: [bool; 256] = {
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

fn end_of_member(bytes: &[u8]) -> usize {
    // Most members have no quotes.
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

pub(in crate::semantics) fn after_comma(bytes: &[u8], end: usize) -> &[u8] {
    bytes.get(end + 1..).unwrap_or_default()
}
