//! Validators by themselves (RFC 9110, section 8.8).

use http::{
    StatusCode,
    header::{ACCEPT_RANGES, CACHE_CONTROL, ETAG, LAST_MODIFIED},
};

use super::{
    Code, Exchange, Found,
    exchange::{tag_text, text},
};
use crate::semantics::{
    caching::cache_control::{self, CacheControl},
    field::{lines, list::members},
    validator::{TagRef, validators},
};

/// Ten years: a number of seconds within them is taken for a date.
const RECENT: i64 = 10 * 365 * 24 * 60 * 60;

pub(super) fn judge(exchange: &Exchange<'_>, found: &mut Vec<Found>) {
    form(exchange, found);
    if let Some(tag) = exchange.tag() {
        substance(exchange, tag, found);
    }
    if exchange.reads() && exchange.status == StatusCode::OK {
        company(exchange, found);
    }
}

/// RFC 9110, section 8.8.3.
fn form(exchange: &Exchange<'_>, found: &mut Vec<Found>) {
    let lines = lines::lines(exchange.response, &ETAG).count();
    if lines > 1 {
        found.push(Code::SeveralTags.because(format!("ETag has {lines} lines")));
    }
    for line in lines::lines(exchange.response, &ETAG) {
        if TagRef::parse(line.as_bytes()).is_none() {
            found.push(Code::InvalidTag.because(format!("ETag: {}", text(line))));
        }
    }
}

fn substance(exchange: &Exchange<'_>, tag: TagRef<'_>, found: &mut Vec<Found>) {
    if !tag.is_weak() && is_timestamp(exchange, tag.opaque()) {
        found.push(Code::TimestampTag.because(format!("ETag: {}", tag_text(tag))));
    }
    let ranges = members(exchange.response.get_all(ACCEPT_RANGES))
        .any(|unit| unit.eq_ignore_ascii_case(b"bytes"));
    let full = matches!(
        exchange.status,
        StatusCode::OK | StatusCode::PARTIAL_CONTENT
    );
    // A 304 that a date made may be weak where the 200s are strong.
    if tag.is_weak() && full && (ranges || exchange.status == StatusCode::PARTIAL_CONTENT) {
        let serves = if ranges {
            "Accept-Ranges: bytes"
        } else {
            "206"
        };
        found.push(
            Code::WeakTagWithRanges.because(format!("ETag: {} beside {serves}", tag_text(tag))),
        );
    }
    // An end-to-end reload may be answered in full (RFC 9111, section 5.2.1.4).
    let reload = CacheControl::of(exchange.request).is_no_cache();
    if exchange.reads() && full && !reload && exchange.names(tag) {
        found.push(Code::Missed304.because(format!(
            "If-None-Match names {}, the tag of this {}",
            tag_text(tag),
            exchange.status.as_u16()
        )));
    }
}

/// The seconds of `Last-Modified` in decimal or hexadecimal digits, or seconds
/// since 1970 that lie in the last ten years or the coming day.
fn is_timestamp(exchange: &Exchange<'_>, opaque: &[u8]) -> bool {
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

/// What stands beside the validators of a 200, and what does not.
fn company(exchange: &Exchange<'_>, found: &mut Vec<Found>) {
    let tagged = exchange.has(&ETAG);
    let dated = exchange.has(&LAST_MODIFIED);
    if cache_control::has_no_store(exchange.response) && (tagged || dated) {
        let validator = if tagged { "ETag" } else { "Last-Modified" };
        let policy = lines::first(exchange.response, &CACHE_CONTROL).map_or_else(String::new, text);
        found.push(
            Code::ValidatorBesideNoStore
                .because(format!("{validator} beside Cache-Control: {policy}")),
        );
    }
    if dated && !tagged {
        found.push(Code::DateOnlyValidator.because("Last-Modified without an ETag"));
    }
}
