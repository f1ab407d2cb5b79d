//! Whether a client can read a problem in JSON (RFC 9110, section 12.5.1).

use http::{HeaderMap, header::ACCEPT};

use super::{
    fields,
    list::{members, trim_ows},
};

/// Whether JSON is acceptable: where nothing is said, and where the most
/// specific range that covers `application/problem+json`, or the one that
/// names `application/json`, has a weight other than zero.
pub(crate) fn json(headers: &HeaderMap) -> bool {
    if !fields::has(headers, &ACCEPT) {
        return true;
    }
    let mut general = (0, false);
    let mut plain = false;
    for member in members(headers.get_all(ACCEPT)) {
        let mut parts = member.split(|byte| *byte == b';').map(trim_ows);
        let range = parts.next().unwrap_or_default();
        let wanted = !parts.any(is_zero_weight);
        if range.eq_ignore_ascii_case(b"application/json") {
            plain |= wanted;
            continue;
        }
        let specific = match () {
            () if range == b"*/*" => 1,
            () if range.eq_ignore_ascii_case(b"application/*") => 2,
            () if range.eq_ignore_ascii_case(b"application/problem+json") => 3,
            () => continue,
        };
        if specific > general.0 {
            general = (specific, wanted);
        }
    }
    plain || general.1
}

/// `q=0`, `q=0.`, up to `q=0.000` (section 12.4.2).
fn is_zero_weight(parameter: &[u8]) -> bool {
    let [b'q' | b'Q', b'=', b'0', rest @ ..] = parameter else {
        return false;
    };
    match rest {
        [] => true,
        [b'.', digits @ ..] => digits.iter().all(|digit| *digit == b'0'),
        _ => false,
    }
}
