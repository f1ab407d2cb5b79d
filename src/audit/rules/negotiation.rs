//! `Vary` on one response (RFC 9110, section 12.5.5).

use http::{
    HeaderName, StatusCode,
    header::{ACCEPT_ENCODING, ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LANGUAGE},
};

use super::{Code, Exchange, Found, exchange::text};
use crate::semantics::field::{lines, vary};

pub(super) fn judge(exchange: &Exchange<'_>, found: &mut Vec<Found>) {
    if vary::is_any(exchange.response) {
        found.push(Code::VaryAny.because("Vary: *"));
    }
    if vary::names(exchange.response).any(|name| name == AUTHORIZATION) {
        found.push(Code::VaryAuthorization.because("Vary names Authorization"));
    }
    let full = matches!(
        exchange.status,
        StatusCode::OK | StatusCode::PARTIAL_CONTENT
    );
    if !exchange.reads() || !full || exchange.policy.is_no_store() {
        return;
    }
    unnamed(
        exchange,
        (&CONTENT_ENCODING, &ACCEPT_ENCODING),
        Code::CodingWithoutVary,
        found,
    );
    unnamed(
        exchange,
        (&CONTENT_LANGUAGE, &ACCEPT_LANGUAGE),
        Code::LanguageWithoutVary,
        found,
    );
}

/// What the response says of its content, and the field of the request that
/// may have chosen it: without the latter nothing was negotiated.
fn unnamed(
    exchange: &Exchange<'_>,
    (content, accept): (&HeaderName, &HeaderName),
    code: Code,
    found: &mut Vec<Found>,
) {
    let Some(value) = lines::first(exchange.response, content) else {
        return;
    };
    let named = vary::is_any(exchange.response)
        || vary::names(exchange.response).any(|name| name == accept);
    let plain = value.as_bytes().eq_ignore_ascii_case(b"identity");
    if !named && !plain && lines::has(exchange.request, accept) {
        found.push(code.because(format!(
            "{content}: {} for a request with {accept}, which Vary does not name",
            text(value)
        )));
    }
}
