mod agreement;

use std::time::Duration;

use http::header::CACHE_CONTROL;
use proptest::prelude::*;

use super::{field, parse, parse_line, policies::lines};
use crate::semantics::caching::cache_control::{
    CacheControl, Directives, RequestCacheControl, Syntax, parse_field,
};

/// R-9111-5.2-a: names in any case, arguments with and without quotes, and all lines are parsed.
/// Extensions stay unchanged.
#[test]
fn well_formed_headers_are_parsed() {
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
        // RFC 9111 defines these for requests, so they are extensions here.
        (
            &["only-if-cached, max-stale=5"],
            "only-if-cached, max-stale=5",
        ),
        // All directives, in the order in which they are formatted.
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
        assert_eq!(parse(*lines).to_string(), *expected, "{lines:?}");
    }
}

/// R-9111-5.2-a, R-9111-4.2.1-a: an invalid value makes its directive stricter, and leaves the
/// others unchanged.
#[test]
fn malformed_headers_are_never_laxer() {
    let table: &[(&[&str], &str)] = &[
        // Invalid numbers.
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
        // A number that is too great is not malformed (RFC 9111, section 1.2.2).
        (&["max-age=2147483647"], "max-age=2147483647"),
        (&["max-age=2147483649"], "max-age=2147483648"),
        (&["max-age=99999999999999999999999"], "max-age=2147483648"),
        // Of duplicates the shorter counts, and an invalid number is 0.
        (&["max-age=60, max-age=5"], "max-age=5"),
        (&["max-age=5", "max-age=60"], "max-age=5"),
        (&["max-age=60, max-age=x"], "max-age=0"),
        (&["stale-if-error=x, stale-if-error=60"], "stale-if-error=0"),
        (&["private=\"a\", private"], "private"),
        (&["private, private=\"a\""], "private"),
        (&["public, public, no-store, No-Store"], "no-store, public"),
        // Arguments of directives that have none.
        (&["public=1"], ""),
        (&["public=\"\""], ""),
        (&["must-understand=1, no-store"], "no-store"),
        (&["no-store=0"], "no-store"),
        (
            &["must-revalidate=x, proxy-revalidate="],
            "must-revalidate, proxy-revalidate",
        ),
        (&["no-transform=\"x\""], "no-transform"),
        // An argument of `immutable` must be ignored (RFC 8246, section 2).
        (&["immutable=1"], "immutable"),
        (&["immutable="], ""),
        // Invalid field names.
        (&["private="], "private"),
        (&["private=\"\""], "private"),
        (&["private=\" , \""], "private"),
        (&["private=\"a b\""], "private"),
        (&["private=\"Set\\-Cookie\""], "private"),
        (&["private=\"a"], "private"),
        (&["private=a\""], "private"),
        (&["no-cache=\"a:\""], "no-cache"),
        (&["no-cache = \"a\""], "no-cache"),
        // Wrong separators.
        (&["private; max-age=5"], "private, max-age=0"),
        (&["max-age=5; private"], "private, max-age=0"),
        (&["public; no-store"], "no-store"),
        (&["no-cache no-transform"], "no-cache, no-transform"),
        (&["foo; bar, baz"], "baz"),
        // An unclosed quote extends to the end of its line.
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
        // Misplaced quotes.
        (&["\"no-store\""], "no-store"),
        (&["\"max-age=60, private\""], "private, max-age=0"),
        (&["x\"a, private\", foo"], "private, foo"),
        (&["x=\"a\"b, foo"], "foo"),
        // Missing names.
        (&["=5, foo"], "foo"),
        (&["=private"], ""),
        (&["(private), foo"], "private, foo"),
        // The text of a valid argument has no effect.
        (
            &["x=private, y=\"no-store, private\""],
            "x=private, y=\"no-store, private\"",
        ),
    ];
    for (lines, expected) in table {
        assert_eq!(parse(*lines).to_string(), *expected, "{lines:?}");
    }
}

/// R-9111-5.2-a.
#[test]
fn bytes_beyond_ascii_affect_only_their_directive() {
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
        let value = parse([line]).to_value(value);
        let bytes = value.as_ref().map_or(&b""[..], |value| value.as_bytes());
        assert_eq!(bytes, *expected, "{}", line.escape_ascii());
    }
}

/// R-9111-5.2-a: a field name may have every byte of a token, and any length that `http` allows.
#[test]
fn field_names_are_tokens_of_any_length() {
    let tokens = "!#$%&'*+-.^_`|~09azAZ";
    let fields = parse_line(&format!("private=\"{tokens}\""));
    assert_eq!(
        fields.private_fields(),
        [tokens.to_ascii_lowercase().as_str()]
    );

    for (length, whole) in [(65_535, false), (65_536, true)] {
        let long = parse_line(&format!(
            "no-cache=\"{}\", private={}",
            "a".repeat(length),
            "b".repeat(length)
        ));
        assert_eq!(long.is_no_cache(), whole, "{length}");
        assert_eq!(long.is_private(), whole, "{length}");
    }
}

/// R-9111-5.2-a: parsing without an allocation gives the same directives.
#[test]
fn a_targeted_field_is_parsed_in_the_same_way() {
    let mut headers = field(["no-store"]);
    headers.insert(
        "cdn-cache-control",
        "MAX-AGE=60, private=\"a\"".parse().unwrap(),
    );
    let name = http::HeaderName::from_static("cdn-cache-control");
    let targeted = CacheControl::of_field(&headers, &name);
    assert_eq!(targeted.to_string(), "private=\"a\", max-age=60");
    assert_eq!(
        targeted.directives(),
        parse_field(&headers, &name).unwrap().directives
    );
}

/// R-9111-5.2-a.
#[test]
fn no_byte_in_front_hides_a_restriction() {
    for junk in ["\u{a0}", "\u{feff}", "/", "(", "x:", "?"] {
        let policy = parse([format!("max-age=60, {junk}no-store")]);
        assert!(policy.is_no_store(), "{junk:?}");
        let policy = parse([format!("max-age=60,{junk}private")]);
        assert!(policy.is_private(), "{junk:?}");
    }
}

/// R-9111-5.2.2.4-a: new directives never have an empty list of fields.
#[test]
fn new_directives_keep_matching_field_names() {
    let some = parse_line("private=\"a\", no-cache=\"b\", x");
    let whole = parse_line("private, no-cache");
    assert_eq!(
        some.clone().with_directives(whole.directives()).to_string(),
        "no-cache, private, x"
    );
    assert_eq!(
        whole.with_directives(some.directives()).to_string(),
        "no-cache, private"
    );
    let none = some.clone().with_directives(Directives::NONE);
    assert_eq!(none, parse_line("x"));
    assert_eq!(
        none.with_directives(some.directives()).to_string(),
        "no-cache, private, x"
    );
    assert_eq!(some.clone().with_directives(some.directives()), some);
}

#[test]
fn field_names_and_extensions_do_not_fit_in_directives() {
    for (text, expected) in [
        ("", true),
        ("private, max-age=5", true),
        ("private=\"a\"", false),
        ("no-cache=\"a\"", false),
        ("x", false),
    ] {
        assert_eq!(parse_line(text).fits_in_directives(), expected, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    /// R-9111-5.2-a: both parsers agree on any header, and the result parses back.
    #[test]
    fn any_header_is_parsed(lines in lines()) {
        let headers = field(&lines);
        let all = CacheControl::of(&headers);
        let known = parse_field(&headers, &CACHE_CONTROL).map(|field| field.directives);
        prop_assert_eq!(all.directives(), known.unwrap_or(Directives::NONE));
        let value = all.to_value(Syntax::CacheControl);
        prop_assert_eq!(&parse(value.as_ref().map(|value| value.as_bytes())), &all);
        prop_assert_eq!(&all.stricter(&all).stricter(&all), &all.stricter(&all));
        let request = RequestCacheControl::of(&headers);
        let text = request.to_string();
        if !text.contains('\u{fffd}') {
            prop_assert_eq!(RequestCacheControl::of(&field([text])), request);
        }
    }

    /// R-9111-5.2-a: no other line makes the policy laxer.
    #[test]
    fn no_line_hides_a_restriction(lines in lines(), at: prop::sample::Index) {
        let mut lines = lines;
        lines.insert(at.index(lines.len() + 1), b"max-age=1, Private, no-store, NO-CACHE".to_vec());
        let all = parse(&lines);
        prop_assert!(all.is_no_store() && all.is_private() && all.is_no_cache());
        prop_assert!(all.max_age() <= Some(Duration::from_secs(1)));
    }
}
