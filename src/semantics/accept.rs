//! The representations of a problem that a client can read (RFC 9110, section 12.5.1).

use http::{HeaderMap, HeaderValue, header::ACCEPT};

use super::{
    fields,
    list::{members, trim_ows},
};

/// The `Accept` of a request that is gone. It is read only for a refusal.
#[derive(Debug, Clone, Default)]
pub(crate) struct Accept {
    first: Option<HeaderValue>,
    more: Vec<HeaderValue>,
}

impl Accept {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        if accepts_anything(headers) {
            return Self::default();
        }
        let mut lines = fields::lines(headers, &ACCEPT).cloned();
        Self {
            first: lines.next(),
            more: lines.collect(),
        }
    }

    /// See [`json`].
    pub(crate) fn json(&self) -> bool {
        self.first.is_none() || any_json(self.first.iter().chain(&self.more))
    }
}

/// Returns `true` if JSON is acceptable: without the field, and if the most specific
/// range that covers `application/problem+json`, or the one that names
/// `application/json`, has a weight other than zero.
pub(crate) fn json(headers: &HeaderMap) -> bool {
    accepts_anything(headers) || any_json(headers.get_all(ACCEPT))
}

/// Returns `true` without the field, and for the `*/*` of most clients.
fn accepts_anything(headers: &HeaderMap) -> bool {
    let mut lines = fields::lines(headers, &ACCEPT);
    match (lines.next(), lines.next()) {
        (None, _) => true,
        (Some(line), None) => line.as_bytes() == b"*/*",
        _ => false,
    }
}

fn any_json<'a>(lines: impl IntoIterator<Item = &'a HeaderValue>) -> bool {
    let mut general = (0, false);
    let mut plain = false;
    for member in members(lines) {
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
