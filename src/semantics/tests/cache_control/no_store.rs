use http::{HeaderMap, HeaderValue, header::CACHE_CONTROL};
use proptest::prelude::*;

use super::field;
use crate::semantics::{
    caching::cache_control::{forbid_storing, no_store},
    proptests::strategies::lines,
};

/// R-9111-5.2-a: names in any case, arguments in quotes, several lines, and
/// nothing malformed makes the policy laxer.
#[test]
fn no_store_is_found_wherever_it_stands() {
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
        // Whatever is broken, and how, hides nothing.
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
        assert_eq!(no_store(&field(*lines)), *expected, "{lines:?}");
    }
}

#[test]
fn other_bytes_are_no_obstacle() {
    assert!(no_store(&field([b"ext=\xe9, no-store"])));
    assert!(no_store(&field([b"ext=\"\xe9, no-store"])));
}

/// R-9213-2.2-a: a refusal is kept by no cache, whatever field it reads.
#[test]
fn what_is_forbidden_to_store_says_so_in_no_other_field() {
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
    fn no_store_is_never_hidden(lines in lines(), at: prop::sample::Index) {
        let mut headers = HeaderMap::new();
        let mut lines = lines;
        lines.insert(at.index(lines.len() + 1), HeaderValue::from_static("max-age=1, No-Store"));
        for line in lines {
            headers.append(CACHE_CONTROL, line);
        }
        prop_assert!(no_store(&headers));
    }
}
