use std::time::Duration;

use super::field;
use crate::semantics::caching::cache_control::RequestCacheControl;

/// R-9111-5.2-a: a mistake never allows a staler response.
#[test]
fn directives_of_a_request_are_parsed() {
    let table: &[(&[&str], &str)] = &[
        (&[], ""),
        (&["No-Cache"], "no-cache"),
        (
            &["no-cache=x, no-store=1, no-transform="],
            "no-cache, no-store, no-transform",
        ),
        (&["max-age=0"], "max-age=0"),
        (&["MAX-AGE=\"5\""], "max-age=5"),
        (&["max-age"], "max-age=0"),
        (&["max-age=x", "max-age=5"], "max-age=0"),
        (&["max-age=9, max-age=5, max-age=7"], "max-age=5"),
        (&["max-age=99999999999"], "max-age=2147483648"),
        (&["min-fresh=5, min-fresh=9, min-fresh=x"], "min-fresh=9"),
        (&["min-fresh"], ""),
        (&["max-stale"], "max-stale"),
        (&["max-stale=5"], "max-stale=5"),
        (&["max-stale=0"], "max-stale=0"),
        (&["max-stale, max-stale=5"], "max-stale=5"),
        (&["max-stale=5, max-stale"], "max-stale=5"),
        (&["max-stale=9", "max-stale=5"], "max-stale=5"),
        (&["max-stale=5", "max-stale=9"], "max-stale=5"),
        (&["max-stale=x"], ""),
        (&["max-stale=x, max-stale=5"], "max-stale=5"),
        (&["max-stale=5, max-stale=x"], "max-stale=5"),
        (&["max-stale="], ""),
        (
            &["stale-if-error=5, stale-if-error=3, stale-if-error=x"],
            "stale-if-error=3",
        ),
        (&["only-if-cached"], "only-if-cached"),
        (&["only-if-cached=1"], "only-if-cached"),
        // Directives of responses are extensions here, and stay unchanged.
        (&["private, Foo=\"a, b\""], "private, Foo=\"a, b\""),
        // In a malformed member, only directives that require a fresher response count.
        (
            &["x=\"a, only-if-cached, max-stale=5, foo, no-cache"],
            "no-cache",
        ),
        (&["max-stale; no-store"], "no-store"),
        (&["max-age=60; only-if-cached"], "max-age=0"),
        (&["x=\"a", "only-if-cached"], "only-if-cached"),
    ];
    for (lines, expected) in table {
        let read = RequestCacheControl::of(&field(*lines));
        assert_eq!(read.to_string(), *expected, "{lines:?}");
    }
}

#[test]
fn every_directive_of_a_request_has_a_getter() {
    let read = RequestCacheControl::of(&field([
        "no-cache, no-store, no-transform, only-if-cached, max-age=1, max-stale=2, min-fresh=3, \
         stale-if-error=4, foo",
    ]));
    assert!(read.is_no_cache() && read.is_no_store());
    assert!(read.is_no_transform() && read.is_only_if_cached());
    let seconds = Duration::from_secs;
    assert_eq!(read.max_age(), Some(seconds(1)));
    assert_eq!(read.max_stale(), Some(seconds(2)));
    assert_eq!(read.min_fresh(), Some(seconds(3)));
    assert_eq!(read.stale_if_error(), Some(seconds(4)));
    assert_eq!(read.extensions()[0].name(), "foo");

    let any = RequestCacheControl::of(&field(["max-stale"]));
    assert_eq!(any.max_stale(), Some(Duration::MAX));

    let empty = RequestCacheControl::new();
    assert_eq!(empty, RequestCacheControl::of(&field([""])));
    assert!(!empty.is_no_cache() && !empty.is_no_store());
    assert!(!empty.is_no_transform() && !empty.is_only_if_cached());
    assert_eq!(empty.max_age(), None);
    assert_eq!(empty.max_stale(), None);
}
