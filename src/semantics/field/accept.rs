//! The representations of a problem that a client can read (RFC 9110, section 12.5.1).

use std::borrow::Borrow;

use http::{HeaderMap, HeaderValue, header::ACCEPT};

use super::{
    OneOrMany, lines,
    list::{members, trim_ows},
};

/// The `Accept` of a request. It is read only for a refusal.
#[derive(Debug, Clone)]
pub(crate) struct Accept<L = HeaderValue>(OneOrMany<L>);

impl<L> Default for Accept<L> {
    fn default() -> Self {
        Self(OneOrMany::None)
    }
}

impl<'a> Accept<&'a HeaderValue> {
    pub(crate) fn of(headers: &'a HeaderMap) -> Self {
        let mut accept = Self::default();
        lines::lines(headers, &ACCEPT).for_each(|line| accept.push(line));
        accept
    }

    pub(crate) fn push(&mut self, line: &'a HeaderValue) {
        self.0.push(line);
    }

    /// The same, which outlives the request.
    pub(crate) fn cloned(&self) -> Accept {
        if self.is_anything() {
            return Accept::default();
        }
        Accept(self.0.map(|line| HeaderValue::clone(line)))
    }
}

impl<L: Borrow<HeaderValue>> Accept<L> {
    /// Returns `true` if JSON is acceptable: without the field, and if the most specific
    /// range that covers `application/problem+json`, or the one that names
    /// `application/json`, has a weight other than zero.
    pub(crate) fn json(&self) -> bool {
        self.is_anything() || any_json(self.0.as_slice().iter().map(L::borrow))
    }

    /// Returns `true` without the field, and for the line that most clients send.
    fn is_anything(&self) -> bool {
        match &self.0 {
            OneOrMany::None => true,
            OneOrMany::One(line) => line.borrow().as_bytes() == b"*/*",
            OneOrMany::Many(_) => false,
        }
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
