//! Nonces of a Content Security Policy, which are for one response.

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY_REPORT_ONLY},
};

use super::{Code, Exchange, Found, fingerprint::hash};
use crate::semantics::field::lines;

const POLICIES: [HeaderName; 2] = [CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY_REPORT_ONLY];
const NONCE: &[u8] = b"'nonce-";

/// Judges a 304. `stored` stands for the nonces of the 200, if one was seen: a cache takes over the
/// field (RFC 9111, section 3.2), and the page that it has holds the nonce of the 200.
pub(super) fn judge(stored: Option<u64>, exchange: &Exchange<'_>, found: &mut Vec<Found>) {
    let Some(nonces) = fingerprint(exchange.response) else {
        return;
    };
    if stored != Some(nonces) {
        let mut names = POLICIES.iter();
        let name = names.find(|name| nonces_of(exchange.response, name).next().is_some());
        let name = name.map_or("", HeaderName::as_str);
        found.push(Code::NonceOn304.because(format!("{name} has a nonce that the page does not")));
    }
}

/// Stands for the nonces of a response, `None` without any.
pub(super) fn fingerprint(response: &HeaderMap) -> Option<u64> {
    let nonces: Vec<_> = POLICIES
        .iter()
        .flat_map(|name| nonces_of(response, name))
        .filter_map(|nonce| HeaderValue::from_bytes(nonce).ok())
        .collect();
    hash(nonces.iter())
}

/// The source expressions of CSP Level 3, section 2.3.1, in any directive.
fn nonces_of<'a>(response: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
    let separates = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b';' | b',');
    lines::lines(response, name)
        .flat_map(move |line| line.as_bytes().split(separates))
        .filter(|source| {
            source.len() > NONCE.len() + 1
                && source[..NONCE.len()].eq_ignore_ascii_case(NONCE)
                && source.ends_with(b"'")
        })
}
