//! The rules for one exchange: an example of each code, and similar exchanges without it.

mod cors;
mod negotiation;
mod personal;
mod policy;
mod sharing;
mod structured;
mod tags;
mod writes;

use std::{collections::BTreeSet, time::Duration};

use http::{Method, StatusCode};

use super::{AuditedExchange, Code, RuleFinding, check_exchange};
use crate::semantics::{caching::cache_control::CacheControl, field::HttpDate, tests::headers};

type Lines<'a> = &'a [(&'a str, &'a str)];

/// 2025-01-31, 21:20:00 GMT.
const NOW: i64 = 1_738_358_400;
const GMT: &str = "Fri, 31 Jan 2025 21:20:00 GMT";

/// Returns the findings in one exchange.
fn find(method: &str, request: Lines<'_>, status: u16, response: Lines<'_>) -> Vec<RuleFinding> {
    let request = headers(request.iter().copied());
    let response = headers(response.iter().copied());
    check_exchange(&AuditedExchange {
        method: &Method::from_bytes(method.as_bytes()).unwrap(),
        target: "/notes/1",
        request: &request,
        status: StatusCode::from_u16(status).unwrap(),
        response: &response,
        now: HttpDate::from_unix_seconds(NOW),
        max_lifetime: Duration::from_secs(31_536_000),
        policy: &CacheControl::of(&response),
    })
}

/// Returns the codes of the findings in one exchange, each once.
fn find_codes(method: &str, request: Lines<'_>, status: u16, response: Lines<'_>) -> Vec<Code> {
    let findings = find(method, request, status, response);
    let codes: BTreeSet<_> = findings.iter().map(|finding| finding.code).collect();
    codes.into_iter().collect()
}

/// Expects these codes for a `GET` with these headers, and a 200 with those.
#[track_caller]
fn expect(request: Lines<'_>, response: Lines<'_>, codes: &[Code]) {
    assert_eq!(
        find_codes("GET", request, 200, response),
        codes,
        "{response:?}"
    );
}

/// A policy that needs revalidation, with which there are no other findings.
const ASK: (&str, &str) = ("cache-control", "no-cache");

#[test]
fn codes_are_unique_and_complete() {
    let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(names.len(), Code::ALL.len());
    for code in Code::ALL {
        let is_known = |name| code.section().starts_with(name);
        assert!(
            [
                "RFC 9",
                "RFC 6585",
                "RFC 6901",
                "RFC 8785",
                "Fetch Standard"
            ]
            .into_iter()
            .any(is_known),
            "{code}"
        );
        assert!(
            !code.remedy().is_empty() && !code.remedy().ends_with('.'),
            "{code}"
        );
        let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(code.as_str().chars().all(kebab), "{code}");
    }
}

/// No input makes a rule panic.
#[test]
fn no_input_panics() {
    let odd = [
        "",
        "\u{e4}\u{f6}",
        "\"",
        "=",
        ",,,",
        "W/",
        "Basic =",
        "Basic ",
        "a=\"\\",
    ];
    let names = [
        "authorization",
        "cookie",
        "if-none-match",
        "etag",
        "vary",
        "cache-control",
        "expires",
        "last-modified",
        "surrogate-control",
        "cdn-cache-control",
        "cache-status",
        "accept-ranges",
        "date",
    ];
    for value in odd {
        let lines: Vec<_> = names.iter().map(|name| (*name, value)).collect();
        find_codes("GET", &lines, 200, &lines);
        find_codes("PUT", &lines, 304, &lines);
    }
}
