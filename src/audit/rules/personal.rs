//! Tags that identify the user (RFC 9110, section 17.14).

use base64::{
    Engine,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use http::header::{AUTHORIZATION, COOKIE};

use super::{AuditedExchange, Code, RuleFinding, exchange::truncate};
use crate::semantics::field::list::trim_ows;

/// The length below which a value is ignored, since it is often part of a tag by accident.
const MIN_LENGTH: usize = 4;
/// The length from which on a value counts anywhere in a tag. A shorter one counts as a word only.
const MIN_LENGTH_ANYWHERE: usize = 8;

/// Base64 with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Checks the tag for values of the request. A finding names the header, and never the value.
pub(super) fn check(exchange: &AuditedExchange<'_>, findings: &mut Vec<RuleFinding>) {
    let Some(tag) = exchange.tag() else {
        return;
    };
    for line in exchange.request.get_all(AUTHORIZATION) {
        if credential_values(line.as_bytes())
            .iter()
            .any(|value| contains_value(tag.opaque(), value))
        {
            findings.push(Code::PersonalTag.finding("the tag contains a value of Authorization"));
        }
    }
    for line in exchange.request.get_all(COOKIE) {
        for pair in line.as_bytes().split(|byte| *byte == b';') {
            let pair = trim_ows(pair);
            let Some(at) = pair.iter().position(|byte| *byte == b'=') else {
                continue;
            };
            let value = trim_ows(&pair[at + 1..]);
            if contains_value(tag.opaque(), value) {
                let name = truncate(&String::from_utf8_lossy(&pair[..at]));
                findings.push(
                    Code::PersonalTag
                        .finding(format!("the tag holds the value of cookie {name:?}")),
                );
            }
        }
    }
}

/// Returns the token, or the name and password of `Basic` (RFC 7617).
fn credential_values(line: &[u8]) -> Vec<Vec<u8>> {
    let Some(at) = line.iter().position(|byte| *byte == b' ') else {
        return vec![line.to_vec()];
    };
    let (scheme, token) = (&line[..at], trim_ows(&line[at..]));
    let mut values = vec![token.to_vec()];
    if scheme.eq_ignore_ascii_case(b"basic")
        && let Some(pair) = decode_base64(token)
    {
        values.extend(pair.splitn(2, |byte| *byte == b':').map(<[u8]>::to_vec));
    }
    values
}

fn decode_base64(token: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = vec![0; base64::decoded_len_estimate(token.len())];
    let length = BASE64.decode_slice(token, &mut decoded).ok()?;
    decoded.truncate(length);
    Some(decoded)
}

fn contains_value(opaque: &[u8], value: &[u8]) -> bool {
    if value.len() < MIN_LENGTH || value.len() > opaque.len() {
        return false;
    }
    let is_word = |at: usize| {
        let joins = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let before = at.checked_sub(1).and_then(|before| opaque.get(before));
        !joins(before) && !joins(opaque.get(at + value.len()))
    };
    find_occurrences(opaque, value).any(|at| value.len() >= MIN_LENGTH_ANYWHERE || is_word(at))
}

/// Returns the positions of `value` in linear time, with the failure function of Knuth, Morris and
/// Pratt.
fn find_occurrences<'a>(text: &'a [u8], value: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    let mut fallback = vec![0; value.len()];
    let mut matched = 0;
    for at in 1..value.len() {
        while matched > 0 && value[at] != value[matched] {
            matched = fallback[matched - 1];
        }
        matched += usize::from(value[at] == value[matched]);
        fallback[at] = matched;
    }
    let mut matched = 0;
    text.iter().enumerate().filter_map(move |(at, byte)| {
        while matched > 0 && (matched == value.len() || *byte != value[matched]) {
            matched = fallback[matched - 1];
        }
        matched += usize::from(*byte == value[matched]);
        (matched == value.len()).then(|| at + 1 - value.len())
    })
}
