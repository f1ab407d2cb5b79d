//! Tests of `Cache-Control`, one file for each module.

mod check;
mod configuration;
mod directives;
mod display;
mod error;
mod extension;
mod grant;
mod merge;
mod parse;
mod policies;
mod request;
mod response;
mod seconds;

use http::{HeaderMap, HeaderValue, header::CACHE_CONTROL};
use proptest::prelude::*;

use super::{CacheControl, forbid_storing, has_no_store};
use crate::semantics::{proptests::strategies, tests::values};

/// Returns headers with these lines of `Cache-Control`.
fn field<V: AsRef<[u8]>>(lines: impl IntoIterator<Item = V>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in values(lines) {
        headers.append(CACHE_CONTROL, line);
    }
    headers
}

/// Parses these lines of `Cache-Control`.
fn parse<V: AsRef<[u8]>>(lines: impl IntoIterator<Item = V>) -> CacheControl {
    CacheControl::of(&field(lines))
}

/// Parses one line, which may contain contradictions.
fn parse_line(text: &str) -> CacheControl {
    parse([text])
}

/// R-9111-5.2-a: any case, argument, line and malformed member is recognized.
#[test]
fn no_store_is_found_anywhere() {
    let table: &[(&[&str], bool)] = &[
        (&[], false),
        (&[""], false),
        (&["no-store"], true),
        (&["No-Store"], true),
        (&["NO-STORE"], true),
        (&["max-age=60, no-store"], true),
        (&["max-age=60,no-store"], true),
        (&["no-store\t, private"], true),
        (&["private", "no-store"], true),
        (&["private,", ", no-store,"], true),
        (&["no-store=1"], true),
        (&["no-store=\"a, b\""], true),
        (&["no-store = x"], true),
        (&["ext=\"a, b\", no-store"], true),
        (&["ext=\"a\\\", b\", no-store"], true),
        (&["ext=\"a", "no-store"], true),
        // A malformed member hides nothing.
        (&["ext=\"a, no-store"], true),
        (&["max-age=60, ext=\"no-store, max-age=60"], true),
        (&["ext=\"a\\\", no-store"], true),
        (&["ext\"a, no-store\""], true),
        (&["\"a, no-store\""], true),
        (&["\"no-store\""], true),
        (&["max-age=60; no-store"], true),
        (&["public no-store"], true),
        (&["ext=a\tno-store"], true),
        (&["=; no-store"], true),
        (&["no-cache"], false),
        (&["no-storey"], false),
        (&["x-no-store"], false),
        (&["no store"], false),
        (&["must-revalidate, private"], false),
        (&["ext=\"no-store\""], false),
        (&["ext=\"a, no-store, b\""], false),
        (&["ext=no-store"], false),
    ];
    for (lines, expected) in table {
        assert_eq!(has_no_store(&field(*lines)), *expected, "{lines:?}");
    }
}

#[test]
fn bytes_beyond_ascii_hide_nothing() {
    assert!(has_no_store(&field([b"ext=\xe9, no-store"])));
    assert!(has_no_store(&field([b"ext=\"\xe9, no-store"])));
}

/// R-9213-2.2-a: no cache stores a refusal, whichever header it reads.
#[test]
fn forbid_storing_removes_all_other_cache_headers() {
    let mut headers = HeaderMap::new();
    for field in [
        "cache-control",
        "expires",
        "cdn-cache-control",
        "cloudflare-cdn-cache-control",
        "surrogate-control",
    ] {
        headers.append(field, HeaderValue::from_static("max-age=60"));
        headers.append(field, HeaderValue::from_static("public"));
    }
    forbid_storing(&mut headers);
    assert_eq!(headers.len(), 1);
    assert_eq!(headers[CACHE_CONTROL], "no-store");
}

proptest! {
    /// R-9111-5.2-a: no other line can hide it.
    #[test]
    fn no_store_is_never_hidden(lines in strategies::lines(), at: prop::sample::Index) {
        let mut headers = HeaderMap::new();
        let mut lines = lines;
        lines.insert(at.index(lines.len() + 1), HeaderValue::from_static("max-age=1, No-Store"));
        for line in lines {
            headers.append(CACHE_CONTROL, line);
        }
        prop_assert!(has_no_store(&headers));
    }
}
