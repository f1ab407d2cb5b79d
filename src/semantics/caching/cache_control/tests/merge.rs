mod model;

use super::parse_line;

/// R-9111-4.2.1-a: if both policies set a part, the stricter value wins.
#[test]
fn the_stricter_value_wins() {
    let table = [
        // Without directives, the other policy is kept.
        ("", "", ""),
        ("", "public, max-age=60", "public, max-age=60"),
        ("foo", "public, max-age=60", "public, max-age=60, foo"),
        // Storage: nobody, the user, some caches, any cache.
        ("no-store", "public, max-age=60, s-maxage=5", "no-store"),
        (
            "no-store",
            "private, no-cache, no-transform",
            "no-store, no-transform",
        ),
        (
            "no-store",
            "must-understand, no-store, max-age=5",
            "no-store",
        ),
        ("no-store", "must-understand", "no-store"),
        ("private", "public, max-age=60", "private, max-age=60"),
        ("private", "s-maxage=60", "private"),
        ("private, max-age=60", "s-maxage=5", "private, max-age=60"),
        (
            "private",
            "proxy-revalidate, max-age=60",
            "private, max-age=60",
        ),
        ("private", "private=\"a\"", "private"),
        (
            "private=\"a\"",
            "private=\"b, a\", public",
            "private=\"a, b\"",
        ),
        (
            "private=\"a\"",
            "public, max-age=60",
            "private=\"a\", max-age=60",
        ),
        ("private=\"a\"", "no-store", "no-store"),
        (
            "public, max-age=60",
            "public, max-age=5",
            "public, max-age=5",
        ),
        ("public", "max-age=60", "max-age=60"),
        // Caches that understand the status code.
        (
            "must-understand, no-store",
            "max-age=60",
            "must-understand, no-store, max-age=60",
        ),
        (
            "must-understand",
            "max-age=60",
            "must-understand, max-age=60",
        ),
        (
            "must-understand",
            "must-understand, no-store",
            "must-understand, no-store",
        ),
        // Lifetimes.
        ("max-age=60", "max-age=5", "max-age=5"),
        ("private", "max-age=5", "private, max-age=5"),
        ("max-age=60", "s-maxage=600", "max-age=60, s-maxage=60"),
        ("max-age=60", "s-maxage=5", "max-age=60, s-maxage=5"),
        (
            "max-age=5, s-maxage=600",
            "max-age=60",
            "max-age=5, s-maxage=60",
        ),
        ("max-age=0", "max-age=60, immutable", "max-age=0"),
        // Revalidation of each use leaves no lifetime.
        (
            "no-cache",
            "public, max-age=60, s-maxage=5, immutable",
            "no-cache",
        ),
        (
            "no-cache",
            "max-age=60, stale-if-error=5, must-revalidate",
            "no-cache, must-revalidate",
        ),
        ("no-cache=\"a\"", "max-age=60", "no-cache=\"a\", max-age=60"),
        ("no-cache=\"a\"", "no-cache=\"b\"", "no-cache=\"a, b\""),
        ("no-cache=\"a\"", "no-cache", "no-cache"),
        // Stale windows, and reloads without revalidation.
        (
            "max-age=9, stale-if-error=60",
            "max-age=9, stale-if-error=5",
            "max-age=9, stale-if-error=5",
        ),
        (
            "max-age=9, stale-while-revalidate=60",
            "max-age=9",
            "max-age=9",
        ),
        ("stale-while-revalidate=5", "max-age=9", "max-age=9"),
        (
            "private, stale-if-error=5",
            "max-age=9, stale-if-error=9",
            "private, max-age=9, stale-if-error=5",
        ),
        (
            "private",
            "max-age=9, stale-if-error=9",
            "private, max-age=9, stale-if-error=9",
        ),
        (
            "must-revalidate",
            "max-age=9, stale-if-error=9",
            "max-age=9, must-revalidate",
        ),
        ("stale-if-error=0", "private", "private, stale-if-error=0"),
        (
            "max-age=9, stale-if-error=0",
            "max-age=9, stale-if-error=9",
            "max-age=9, stale-if-error=0",
        ),
        ("s-maxage=9, stale-if-error=9", "private", "private"),
        (
            "s-maxage=9, stale-if-error=9",
            "max-age=9, stale-if-error=5",
            "max-age=9, s-maxage=9, stale-if-error=5",
        ),
        (
            "s-maxage=9",
            "private, max-age=9, stale-if-error=5",
            "private, max-age=9, stale-if-error=5",
        ),
        ("max-age=9, immutable", "max-age=9", "max-age=9"),
        (
            "max-age=9, immutable",
            "no-transform",
            "max-age=9, immutable, no-transform",
        ),
        (
            "max-age=9, immutable",
            "max-age=5, immutable",
            "max-age=5, immutable",
        ),
        (
            "max-age=9, immutable",
            "must-revalidate",
            "max-age=9, must-revalidate",
        ),
        // The other directives are restrictions, and add up.
        (
            "max-age=9, must-revalidate",
            "max-age=9, proxy-revalidate",
            "max-age=9, must-revalidate, proxy-revalidate",
        ),
        ("no-transform", "max-age=9", "max-age=9, no-transform"),
        // Extensions of both are kept, without duplicates.
        (
            "no-store, foo=1",
            "max-age=9, foo=1, foo=2",
            "no-store, foo=1, foo=2",
        ),
    ];
    for (one, other, expected) in table {
        let merged = parse_line(one).stricter(&parse_line(other));
        assert_eq!(merged.to_string(), expected, "{one} / {other}");
        assert_eq!(merged, parse_line(expected), "{one} / {other}");
        // In the other order, only lists differ.
        let back = parse_line(other).stricter(&parse_line(one));
        assert_eq!(back.directives(), merged.directives(), "{other} / {one}");
    }
}

/// R-9111-4.2.1-a: a third policy does not restore a removed permission.
#[test]
fn a_restriction_survives_another_merge() {
    let table = [
        (
            [
                "stale-if-error=0",
                "no-transform",
                "max-age=9, stale-if-error=9",
            ],
            "max-age=9, stale-if-error=0, no-transform",
        ),
        (
            ["must-understand", "no-cache", "max-age=9"],
            "must-understand, no-cache",
        ),
        (
            [
                "max-age=9",
                "max-age=9, stale-if-error=9",
                "stale-if-error=9",
            ],
            "max-age=9",
        ),
    ];
    for ([one, two, three], expected) in table {
        let [one, two, three] = [one, two, three].map(parse_line);
        assert_eq!(one.stricter(&two).stricter(&three).to_string(), expected);
        assert_eq!(one.stricter(&two.stricter(&three)).to_string(), expected);
    }
}
