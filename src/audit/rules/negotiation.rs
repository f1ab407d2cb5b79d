//! `Vary` on one response (RFC 9110, section 12.5.5).

use http::{
    HeaderName, StatusCode,
    header::{ACCEPT_ENCODING, ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LANGUAGE},
};

use super::{AuditedExchange, Code, RuleFinding, exchange::text};
use crate::semantics::field::{lines, vary};

pub(super) fn check(exchange: &AuditedExchange<'_>, findings: &mut Vec<RuleFinding>) {
    if vary::is_any(exchange.response) {
        findings.push(Code::VaryAny.finding("Vary: *"));
    }
    if vary::names(exchange.response).any(|name| name == AUTHORIZATION) {
        findings.push(Code::VaryAuthorization.finding("Vary names Authorization"));
    }
    let full = matches!(
        exchange.status,
        StatusCode::OK | StatusCode::PARTIAL_CONTENT
    );
    if !exchange.is_read() || !full || exchange.policy.is_no_store() {
        return;
    }
    check_vary(
        exchange,
        (&CONTENT_ENCODING, &ACCEPT_ENCODING),
        Code::CodingWithoutVary,
        findings,
    );
    check_vary(
        exchange,
        (&CONTENT_LANGUAGE, &ACCEPT_LANGUAGE),
        Code::LanguageWithoutVary,
        findings,
    );
}

/// Checks that `Vary` names the request header that may have selected a property of the content.
/// Without that header in the request, nothing was negotiated.
fn check_vary(
    exchange: &AuditedExchange<'_>,
    (content, accept): (&HeaderName, &HeaderName),
    code: Code,
    findings: &mut Vec<RuleFinding>,
) {
    let Some(value) = lines::first(exchange.response, content) else {
        return;
    };
    let named = vary::is_any(exchange.response)
        || vary::names(exchange.response).any(|name| name == accept);
    let plain = value.as_bytes().eq_ignore_ascii_case(b"identity");
    if !named && !plain && lines::has(exchange.request, accept) {
        findings.push(code.finding(format!(
            "{content}: {} for a request with {accept}, which Vary does not name",
            text(value)
        )));
    }
}
