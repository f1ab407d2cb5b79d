//! Rules for the validators of one response (RFC 9110, section 8.8).

use http::{
    StatusCode,
    header::{ACCEPT_RANGES, CACHE_CONTROL, ETAG, LAST_MODIFIED},
};

use super::{
    AuditedExchange, Code, RuleFinding,
    exchange::{tag_text, text},
};
use crate::semantics::{
    caching::cache_control::{self, CacheControl},
    field::{lines, list::members},
    validator::{TagRef, validators},
};

/// Ten years: a number of seconds within that time is taken for a date.
const RECENT: i64 = 10 * 365 * 24 * 60 * 60;

pub(super) fn check(exchange: &AuditedExchange<'_>, findings: &mut Vec<RuleFinding>) {
    check_syntax(exchange, findings);
    if let Some(tag) = exchange.tag() {
        check_value(exchange, tag, findings);
    }
    if exchange.is_read() && exchange.status == StatusCode::OK {
        check_other_fields(exchange, findings);
    }
}

/// Checks that there is one valid `ETag` (RFC 9110, section 8.8.3).
fn check_syntax(exchange: &AuditedExchange<'_>, findings: &mut Vec<RuleFinding>) {
    let lines = lines::lines(exchange.response, &ETAG).count();
    if lines > 1 {
        findings.push(Code::SeveralTags.finding(format!("ETag has {lines} lines")));
    }
    for line in lines::lines(exchange.response, &ETAG) {
        if TagRef::parse(line.as_bytes()).is_none() {
            findings.push(Code::InvalidTag.finding(format!("ETag: {}", text(line))));
        }
    }
}

fn check_value(exchange: &AuditedExchange<'_>, tag: TagRef<'_>, findings: &mut Vec<RuleFinding>) {
    if !tag.is_weak() && is_timestamp(exchange, tag.opaque()) {
        findings.push(Code::TimestampTag.finding(format!("ETag: {}", tag_text(tag))));
    }
    let ranges = members(exchange.response.get_all(ACCEPT_RANGES))
        .any(|unit| unit.eq_ignore_ascii_case(b"bytes"));
    let full = matches!(
        exchange.status,
        StatusCode::OK | StatusCode::PARTIAL_CONTENT
    );
    // If-Modified-Since may have led to a 304 with a weak tag for strong 200s.
    if tag.is_weak() && full && (ranges || exchange.status == StatusCode::PARTIAL_CONTENT) {
        let serves = if ranges {
            "Accept-Ranges: bytes"
        } else {
            "206"
        };
        findings.push(
            Code::WeakTagWithRanges.finding(format!("ETag: {} beside {serves}", tag_text(tag))),
        );
    }
    // A reload may get the full response (RFC 9111, section 5.2.1.4).
    let reload = CacheControl::of(exchange.request).is_no_cache();
    if exchange.is_read() && full && !reload && exchange.if_none_match_names(tag) {
        findings.push(Code::Missed304.finding(format!(
            "If-None-Match names {}, the tag of this {}",
            tag_text(tag),
            exchange.status.as_u16()
        )));
    }
}

/// Returns `true` if the tag is a time in seconds and nothing else.
///
/// That is the time in `Last-Modified`, in decimal or hexadecimal digits. It is also any number
/// of seconds since 1970 from the last ten years, or from the next day.
fn is_timestamp(exchange: &AuditedExchange<'_>, opaque: &[u8]) -> bool {
    let Ok(digits) = std::str::from_utf8(opaque) else {
        return false;
    };
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return false;
    }
    let now = exchange.now.unix_seconds();
    let modified = validators::last_modified(exchange.response, || exchange.now);
    let is_modified =
        |seconds: i64| modified.is_some_and(|modified| modified.unix_seconds() == seconds);
    let is_recent = |seconds: i64| {
        seconds > now.saturating_sub(RECENT) && seconds <= now.saturating_add(24 * 60 * 60)
    };
    digits
        .parse()
        .is_ok_and(|seconds| is_recent(seconds) || is_modified(seconds))
        || i64::from_str_radix(digits, 16).is_ok_and(is_modified)
}

/// Checks the validators of a 200 against `Cache-Control`, and for a missing tag.
fn check_other_fields(exchange: &AuditedExchange<'_>, findings: &mut Vec<RuleFinding>) {
    let tagged = exchange.has(&ETAG);
    let dated = exchange.has(&LAST_MODIFIED);
    if cache_control::has_no_store(exchange.response) && (tagged || dated) {
        let validator = if tagged { "ETag" } else { "Last-Modified" };
        let policy = lines::first(exchange.response, &CACHE_CONTROL).map_or_else(String::new, text);
        findings.push(
            Code::ValidatorBesideNoStore
                .finding(format!("{validator} beside Cache-Control: {policy}")),
        );
    }
    if dated && !tagged {
        findings.push(Code::DateOnlyValidator.finding("Last-Modified without an ETag"));
    }
}
