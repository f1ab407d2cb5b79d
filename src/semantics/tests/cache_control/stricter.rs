use super::said;

/// R-9111-4.2.1-a: the more restrictive word on each part, where both say
/// something.
#[test]
fn the_stricter_word_counts() {
    let table = [
        // Who says nothing leaves all to the other.
        ("", "", ""),
        ("", "public, max-age=60", "public, max-age=60"),
        ("foo", "public, max-age=60", "public, max-age=60, foo"),
        // Who may keep it: nobody, the user, a cache, any cache.
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
        // Where the status is understood.
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
        // For how long.
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
        // Asking each time leaves no lifetime.
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
        // Stale, and unasked on a reload.
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
        // The others restrict, and add up.
        (
            "max-age=9, must-revalidate",
            "max-age=9, proxy-revalidate",
            "max-age=9, must-revalidate, proxy-revalidate",
        ),
        ("no-transform", "max-age=9", "max-age=9, no-transform"),
        // What is not known is kept, once.
        (
            "no-store, foo=1",
            "max-age=9, foo=1, foo=2",
            "no-store, foo=1, foo=2",
        ),
    ];
    for (one, other, expected) in table {
        let merged = said(one).stricter(&said(other));
        assert_eq!(merged.to_string(), expected, "{one} / {other}");
        assert_eq!(merged, said(expected), "{one} / {other}");
        // In another order only lists look different.
        let back = said(other).stricter(&said(one));
        assert_eq!(back.known(), merged.known(), "{other} / {one}");
    }
}

/// R-9111-4.2.1-a: where it was merged with a restriction before, no third
/// policy brings back what was taken.
#[test]
fn a_word_is_not_lost_on_the_way() {
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
        let [one, two, three] = [one, two, three].map(said);
        assert_eq!(one.stricter(&two).stricter(&three).to_string(), expected);
        assert_eq!(one.stricter(&two.stricter(&three)).to_string(), expected);
    }
}
