use http::{HeaderMap, HeaderValue, header::CACHE_CONTROL};

use crate::semantics::cache_control::no_store;

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
        (&["no-cache"], false),
        (&["no-storey"], false),
        (&["x-no-store"], false),
        (&["no store"], false),
        (&["must-revalidate, private"], false),
        (&["ext=\"no-store\""], false),
        (&["ext=\"a, no-store, b\""], false),
        (&["\"no-store\""], false),
        (&["ext=no-store"], false),
    ];
    for (lines, expected) in table {
        let mut headers = HeaderMap::new();
        for line in *lines {
            headers.append(CACHE_CONTROL, HeaderValue::from_static(line));
        }
        assert_eq!(no_store(&headers), *expected, "{lines:?}");
    }
}

#[test]
fn other_bytes_are_no_obstacle() {
    let mut headers = HeaderMap::new();
    let line = HeaderValue::from_bytes(b"ext=\xe9, no-store").unwrap();
    headers.append(CACHE_CONTROL, line);
    assert!(no_store(&headers));
}
