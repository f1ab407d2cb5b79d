use std::time::Duration;

use super::parse_line;
use crate::semantics::caching::cache_control::CacheControl;

/// R-9111-5.2.2.1-a: a directive never occurs twice.
#[test]
fn a_setter_replaces_the_previous_value() {
    let twice = CacheControl::new()
        .with_max_age(Duration::from_secs(60))
        .with_private()
        .with_max_age(Duration::from_secs(5))
        .with_private();
    assert_eq!(twice.to_string(), "private, max-age=5");
}

/// R-9111-5.2-a.
#[test]
fn every_directive_has_a_getter() {
    let all = parse_line(
        "must-understand, no-store, no-cache, private, public, max-age=1, s-maxage=2, \
         must-revalidate, proxy-revalidate, immutable, stale-while-revalidate=3, \
         stale-if-error=4, no-transform",
    );
    for (present, name) in [
        (all.is_must_understand(), "must-understand"),
        (all.is_no_store(), "no-store"),
        (all.is_no_cache(), "no-cache"),
        (all.is_private(), "private"),
        (all.is_public(), "public"),
        (all.is_must_revalidate(), "must-revalidate"),
        (all.is_proxy_revalidate(), "proxy-revalidate"),
        (all.is_immutable(), "immutable"),
        (all.is_no_transform(), "no-transform"),
    ] {
        assert!(present, "{name}");
    }
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    assert_eq!(all.max_age(), seconds(1));
    assert_eq!(all.s_maxage(), seconds(2));
    assert_eq!(all.stale_while_revalidate(), seconds(3));
    assert_eq!(all.stale_if_error(), seconds(4));
    assert!(!all.is_empty() && CacheControl::new().is_empty() && parse_line("").is_empty());

    let some = parse_line("no-cache=\"a\", private=\"b, c\", x=\"1, 2\"");
    assert!(!some.is_no_cache() && !some.is_private());
    assert_eq!(some.no_cache_fields(), ["a"]);
    assert_eq!(some.private_fields(), ["b", "c"]);
    let [extension] = some.extensions() else {
        panic!("{some}");
    };
    assert_eq!(extension.name(), "x");
    assert_eq!(extension.argument(), Some(&b"\"1, 2\""[..]));
    assert_eq!(parse_line("x").extensions()[0].argument(), None);
}

/// A merge compares policies to find out if the header has to be written.
#[test]
fn names_of_fields_and_extensions_count_in_comparisons() {
    for [one, other] in [
        ["no-cache=\"a\"", "no-cache=\"b\""],
        ["private=\"a\"", "private=\"b\""],
        ["foo=1", "foo=2"],
    ] {
        assert_eq!(parse_line(one), parse_line(one));
        assert_ne!(parse_line(one), parse_line(other));
    }
}
