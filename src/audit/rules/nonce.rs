//! Nonces of a Content Security Policy, which are valid for one response.

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY_REPORT_ONLY},
};

use super::{AuditedExchange, Code, RuleFinding, fingerprint::hash};
use crate::semantics::field::lines;

const POLICIES: [HeaderName; 2] = [CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY_REPORT_ONLY];
const NONCE: &[u8] = b"'nonce-";

/// Checks the nonces of a 304 against those of the 200, if one is known.
///
/// A cache copies the header from the 304 (RFC 9111, section 3.2), but the stored page has the
/// nonce of the 200.
pub(super) fn check(
    stored: Option<u64>,
    exchange: &AuditedExchange<'_>,
    findings: &mut Vec<RuleFinding>,
) {
    let Some(nonces) = fingerprint(exchange.response) else {
        return;
    };
    if stored != Some(nonces) {
        let mut names = POLICIES.iter();
        let name = names.find(|name| nonces_of(exchange.response, name).next().is_some());
        let name = name.map_or("", HeaderName::as_str);
        findings
            .push(Code::NonceOn304.finding(format!("{name} has a nonce that the page does not")));
    }
}

/// Returns a hash of the nonces of a response, or `None` if there are none.
pub(super) fn fingerprint(response: &HeaderMap) -> Option<u64> {
    let nonces: Vec<_> = POLICIES
        .iter()
        .flat_map(|name| nonces_of(response, name))
        .filter_map(|nonce| HeaderValue::from_bytes(nonce).ok())
        .collect();
    hash(nonces.iter())
}

/// Returns the nonces in any directive (CSP Level 3, section 2.3.1).
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
