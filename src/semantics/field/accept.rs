//! `Accept`: whether a client reads JSON, the format of refusals (RFC 9110, section 12.5.1).

use std::borrow::Borrow;

use http::{HeaderMap, HeaderValue, header::ACCEPT};

use super::{
    OneOrMany, lines,
    list::{members, trim_ows},
};

/// The lines of the `Accept` header of a request, parsed only if the request is refused.
#[derive(Debug, Clone)]
pub(crate) struct Accept<L = HeaderValue>(OneOrMany<L>);

impl<L> Default for Accept<L> {
    fn default() -> Self {
        Self(OneOrMany::None)
    }
}

impl<'a> Accept<&'a HeaderValue> {
    pub(crate) fn from_headers(headers: &'a HeaderMap) -> Self {
        let mut accept = Self::default();
        lines::lines(headers, &ACCEPT).for_each(|line| accept.push(line));
        accept
    }

    pub(crate) fn push(&mut self, line: &'a HeaderValue) {
        self.0.push(line);
    }

    /// Returns a copy that outlives the request.
    pub(crate) fn cloned(&self) -> Accept {
        if self.accepts_anything() {
            return Accept::default();
        }
        Accept(self.0.map(|line| HeaderValue::clone(line)))
    }
}

impl<L: Borrow<HeaderValue>> Accept<L> {
    /// Returns `true` if the client accepts `application/problem+json` or `application/json`.
    ///
    /// One of them is enough. Without the header, everything is acceptable. For
    /// `application/problem+json` the most specific range decides: a weight of zero excludes it.
    /// `application/json` must be named.
    pub(crate) fn accepts_json(&self) -> bool {
        self.accepts_anything() || is_json_acceptable(self.0.as_slice().iter().map(L::borrow))
    }

    /// Returns `true` if the header is missing or is `*/*`, which most clients send.
    fn accepts_anything(&self) -> bool {
        match &self.0 {
            OneOrMany::None => true,
            OneOrMany::One(line) => line.borrow().as_bytes() == b"*/*",
            OneOrMany::Many(_) => false,
        }
    }
}

fn is_json_acceptable<'a>(lines: impl IntoIterator<Item = &'a HeaderValue>) -> bool {
    // The precedence of the most specific range so far, and whether its weight is above zero.
    let mut most_specific = (0, false);
    let mut plain_json = false;
    for member in members(lines) {
        let mut parts = member.split(|byte| *byte == b';').map(trim_ows);
        let range = parts.next().unwrap_or_default();
        let wanted = !parts.any(is_zero_weight);
        // A client that names plain JSON can read a problem document too (RFC 9457, section 3).
        if range.eq_ignore_ascii_case(b"application/json") {
            plain_json |= wanted;
            continue;
        }
        let precedence = match () {
            () if range == b"*/*" => 1,
            () if range.eq_ignore_ascii_case(b"application/*") => 2,
            () if range.eq_ignore_ascii_case(b"application/problem+json") => 3,
            () => continue,
        };
        if precedence > most_specific.0 {
            most_specific = (precedence, wanted);
        }
    }
    plain_json || most_specific.1
}

/// Returns `true` if the parameter is a weight from `q=0` to `q=0.000` (section 12.4.2).
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
