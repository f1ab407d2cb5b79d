use std::time::Duration;

use super::{field, read, said};
use crate::semantics::caching::cache_control::{CacheControl, lines_of};

/// R-9111-5.2-a: names in any case, arguments with quotes and without, all
/// lines, and what is not known here as it came.
#[test]
fn what_is_well_formed_is_read_as_it_is_meant() {
    let table: &[(&[&str], &str)] = &[
        (&[], ""),
        (&[""], ""),
        (&[", ,", "\t,"], ""),
        (&["No-Store"], "no-store"),
        (&["MAX-AGE=\"5\""], "max-age=5"),
        (&["max-age=007"], "max-age=7"),
        (&["max-age=0"], "max-age=0"),
        (&["foo=bar"], "foo=bar"),
        (&["Foo=Bar, FOO"], "Foo=Bar, FOO"),
        (
            &["foo=\"a, \\\"b\\\"; no-store\""],
            "foo=\"a, \\\"b\\\"; no-store\"",
        ),
        (
            &["Private, x=1", "MAX-AGE=\"5\""],
            "private, max-age=5, x=1",
        ),
        (&[",private,, ,", "\tmax-age=5\t,"], "private, max-age=5"),
        (&["private=Set-Cookie"], "private=\"set-cookie\""),
        (&["private=\"Set-Cookie\""], "private=\"set-cookie\""),
        (&["No-Cache=\" A ,, b\t\""], "no-cache=\"a, b\""),
        (&["no-cache=\"a\"", "NO-CACHE=\"b\""], "no-cache=\"a, b\""),
        // The letter of RFC 9111 gives it to the request; nobody asks here.
        (
            &["only-if-cached, max-stale=5"],
            "only-if-cached, max-stale=5",
        ),
        // All of them, in the order in which they are written.
        (
            &[
                "no-transform, stale-if-error=4, stale-while-revalidate=3, immutable, \
               proxy-revalidate, must-revalidate, s-maxage=2, max-age=1, public, private, \
               no-cache, no-store, must-understand",
            ],
            "must-understand, no-store, no-cache, private, public, max-age=1, s-maxage=2, \
             must-revalidate, proxy-revalidate, immutable, stale-while-revalidate=3, \
             stale-if-error=4, no-transform",
        ),
    ];
    for (lines, expected) in table {
        assert_eq!(read(*lines).to_string(), *expected, "{lines:?}");
    }
}

/// R-9111-5.2-a, R-9111-4.2.1-a: a bad value loses its directive, to the strict
/// side, and leaves the others alone.
#[test]
fn what_is_malformed_is_never_laxer_than_it_was_meant() {
    let table: &[(&[&str], &str)] = &[
        // Numbers that are none.
        (&["max-age"], "max-age=0"),
        (&["max-age="], "max-age=0"),
        (&["max-age=\"\""], "max-age=0"),
        (&["max-age=-5"], "max-age=0"),
        (&["max-age=+5"], "max-age=0"),
        (&["max-age=1.5"], "max-age=0"),
        (&["max-age=1e9"], "max-age=0"),
        (&["max-age=5s"], "max-age=0"),
        (&["max-age=\" 5\""], "max-age=0"),
        (&["max-age=\"5"], "max-age=0"),
        (&["max-age=5\""], "max-age=0"),
        (&["max-age=''5''"], "max-age=0"),
        (&["max-age = 5"], "max-age=0"),
        (&["max-age=5 6"], "max-age=0"),
        (&["s-maxage=x, public"], "public, s-maxage=0"),
        (
            &["max-age=60, stale-if-error=x"],
            "max-age=60, stale-if-error=0",
        ),
        (&["stale-while-revalidate"], "stale-while-revalidate=0"),
        // Too great is not malformed (RFC 9111, section 1.2.2).
        (&["max-age=2147483647"], "max-age=2147483647"),
        (&["max-age=2147483649"], "max-age=2147483648"),
        (&["max-age=99999999999999999999999"], "max-age=2147483648"),
        // Twice: the shorter, wherever it stands, and one that is none is short.
        (&["max-age=60, max-age=5"], "max-age=5"),
        (&["max-age=5", "max-age=60"], "max-age=5"),
        (&["max-age=60, max-age=x"], "max-age=0"),
        (&["stale-if-error=x, stale-if-error=60"], "stale-if-error=0"),
        (&["private=\"a\", private"], "private"),
        (&["private, private=\"a\""], "private"),
        (&["public, public, no-store, No-Store"], "no-store, public"),
        // Arguments where none should be.
        (&["public=1"], ""),
        (&["public=\"\""], ""),
        (&["must-understand=1, no-store"], "no-store"),
        (&["no-store=0"], "no-store"),
        (
            &["must-revalidate=x, proxy-revalidate="],
            "must-revalidate, proxy-revalidate",
        ),
        (&["no-transform=\"x\""], "no-transform"),
        // They are to be ignored here (RFC 8246, section 2).
        (&["immutable=1"], "immutable"),
        (&["immutable="], ""),
        // Field names that are none.
        (&["private="], "private"),
        (&["private=\"\""], "private"),
        (&["private=\" , \""], "private"),
        (&["private=\"a b\""], "private"),
        (&["private=\"Set\\-Cookie\""], "private"),
        (&["private=\"a"], "private"),
        (&["private=a\""], "private"),
        (&["no-cache=\"a:\""], "no-cache"),
        (&["no-cache = \"a\""], "no-cache"),
        // The wrong separator.
        (&["private; max-age=5"], "private, max-age=0"),
        (&["max-age=5; private"], "private, max-age=0"),
        (&["public; no-store"], "no-store"),
        (&["no-cache no-transform"], "no-cache, no-transform"),
        (&["foo; bar, baz"], "baz"),
        // A quote that is never closed, up to the end of its line.
        (&["public, x=\"a, public, no-store"], "no-store, public"),
        (&["max-age=5, x=\"a, max-age=60"], "max-age=0"),
        (
            &["x=\"a, immutable, foo, stale-if-error=5"],
            "stale-if-error=0",
        ),
        (&["x=\"a, private=\"b\""], "private"),
        (&["x=\"a\\\", private"], "private"),
        (&["x=\"a", "public, max-age=60"], "public, max-age=60"),
        (&["x=\"a", "b\", no-store"], "no-store"),
        // Quotes where none should be.
        (&["\"no-store\""], "no-store"),
        (&["\"max-age=60, private\""], "private, max-age=0"),
        (&["x\"a, private\", foo"], "private, foo"),
        (&["x=\"a\"b, foo"], "foo"),
        // No name.
        (&["=5, foo"], "foo"),
        (&["=private"], ""),
        (&["(private), foo"], "private, foo"),
        // In a valid argument nothing counts.
        (
            &["x=private, y=\"no-store, private\""],
            "x=private, y=\"no-store, private\"",
        ),
    ];
    for (lines, expected) in table {
        assert_eq!(read(*lines).to_string(), *expected, "{lines:?}");
    }
}

/// R-9111-5.2-a.
#[test]
fn other_bytes_lose_their_directive_and_no_other() {
    let table: &[(&[u8], &[u8])] = &[
        (b"foo=\"\xe9\", private", b"private, foo=\"\xe9\""),
        (b"foo=\xe9, private", b"private"),
        (b"f\xe9o, private", b"private"),
        (b"max-age=5\xe9, private", b"private, max-age=0"),
        (b"private=\"\xe9\"", b"private"),
        (b"private=\"\xc2\xa0a\"", b"private"),
        (b"public\xa0", b""),
    ];
    for (line, expected) in table {
        let value = crate::semantics::caching::cache_control::Syntax::CacheControl;
        let value = read([line]).to_value(value);
        let bytes = value.as_ref().map_or(&b""[..], |value| value.as_bytes());
        assert_eq!(bytes, *expected, "{}", line.escape_ascii());
    }
}

/// R-9111-5.2-a: every byte of a token, and a name of any length.
#[test]
fn names_of_fields_are_tokens_of_any_length() {
    let tokens = "!#$%&'*+-.^_`|~09azAZ";
    let fields = said(&format!("private=\"{tokens}\""));
    assert_eq!(
        fields.private_fields(),
        [tokens.to_ascii_lowercase().as_str()]
    );

    for (length, whole) in [(65_535, false), (65_536, true)] {
        let long = said(&format!(
            "no-cache=\"{}\", private={}",
            "a".repeat(length),
            "b".repeat(length)
        ));
        assert_eq!(long.is_no_cache(), whole, "{length}");
        assert_eq!(long.is_private(), whole, "{length}");
    }
}

/// R-9111-5.2-a.
#[test]
fn a_directive_has_a_getter() {
    let all = said(
        "must-understand, no-store, no-cache, private, public, max-age=1, s-maxage=2, \
         must-revalidate, proxy-revalidate, immutable, stale-while-revalidate=3, \
         stale-if-error=4, no-transform",
    );
    for (there, name) in [
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
        assert!(there, "{name}");
    }
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    assert_eq!(all.max_age(), seconds(1));
    assert_eq!(all.s_maxage(), seconds(2));
    assert_eq!(all.stale_while_revalidate(), seconds(3));
    assert_eq!(all.stale_if_error(), seconds(4));
    assert!(!all.is_empty() && CacheControl::new().is_empty() && said("").is_empty());

    let some = said("no-cache=\"a\", private=\"b, c\", x=\"1, 2\"");
    assert!(!some.is_no_cache() && !some.is_private());
    assert_eq!(some.no_cache_fields(), ["a"]);
    assert_eq!(some.private_fields(), ["b", "c"]);
    let [extension] = some.extensions() else {
        panic!("{some}");
    };
    assert_eq!(extension.name(), "x");
    assert_eq!(extension.argument(), Some(&b"\"1, 2\""[..]));
    assert_eq!(said("x").extensions()[0].argument(), None);
}

/// R-9111-5.2-a: what is read without an allocation is what is read with some.
#[test]
fn another_field_is_read_the_same_way() {
    let mut headers = field(["no-store"]);
    headers.insert(
        "cdn-cache-control",
        "MAX-AGE=60, private=\"a\"".parse().unwrap(),
    );
    let name = http::HeaderName::from_static("cdn-cache-control");
    let targeted = CacheControl::of_field(&headers, &name);
    assert_eq!(targeted.to_string(), "private=\"a\", max-age=60");
    assert_eq!(targeted.known(), lines_of(&headers, &name).unwrap().known);
}

/// R-9111-4.2.1-a.
#[test]
fn fresh_is_what_some_cache_uses_on_its_own() {
    for (text, expected) in [
        ("max-age=1", true),
        ("s-maxage=1", true),
        ("max-age=0, s-maxage=1", true),
        ("max-age=1, s-maxage=0", true),
        ("private, max-age=1", true),
        ("no-cache=\"a\", max-age=1", true),
        ("must-understand, no-store, max-age=1", true),
        ("", false),
        ("public", false),
        ("max-age=0", false),
        ("max-age=x", false),
        ("max-age=0, stale-while-revalidate=5", true),
        ("max-age=0, stale-if-error=5", true),
        ("s-maxage=0, stale-if-error=5", true),
        ("private, s-maxage=0, stale-if-error=5", false),
        ("no-cache, max-age=0, stale-if-error=5", false),
        ("stale-while-revalidate=5", false),
        ("no-cache, max-age=1", false),
        ("no-store, max-age=1", false),
        ("private, s-maxage=1", false),
    ] {
        assert_eq!(said(text).known().is_fresh(), expected, "{text}");
    }
}

/// R-9111-5.2-a: what stands before a word hides it as little as what follows it.
#[test]
fn no_byte_in_front_hides_a_restriction() {
    for junk in ["\u{a0}", "\u{feff}", "/", "(", "x:", "?"] {
        let said = read([format!("max-age=60, {junk}no-store")]);
        assert!(said.is_no_store(), "{junk:?}");
        let said = read([format!("max-age=60,{junk}private")]);
        assert!(said.is_private(), "{junk:?}");
    }
}

/// Issue 12, item 8: a malformed member was searched for a lifetime once for each word in it.
/// So this test would take minutes.
#[test]
fn a_long_malformed_member_costs_linear_time() {
    let member = "a b=1 ".repeat(100_000);
    let headers = field([&*format!("; {member}")]);
    assert!(
        !lines_of(&headers, &http::header::CACHE_CONTROL)
            .unwrap()
            .clear
    );
    let mut targeted = http::HeaderMap::new();
    targeted.insert("surrogate-control", headers["cache-control"].clone());
    let name = http::HeaderName::from_static("surrogate-control");
    assert!(lines_of(&targeted, &name).unwrap().clear);
}
