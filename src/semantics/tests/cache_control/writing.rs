use std::time::Duration;

use http::header::{AUTHORIZATION, SET_COOKIE};

use super::said;
use crate::semantics::caching::cache_control::{CacheControl, Extension, Known, Scope, Syntax};

const MINUTE: Duration = Duration::from_secs(60);

/// R-9111-5.2.2.1-a: whole seconds, as a token, at most 2³¹.
#[test]
fn seconds_are_clamped_and_never_quoted() {
    for (duration, written) in [
        (Duration::ZERO, "0"),
        (Duration::from_millis(999), "0"),
        (Duration::from_millis(1_999), "1"),
        (MINUTE, "60"),
        (Duration::from_secs((1 << 31) - 1), "2147483647"),
        (Duration::from_secs(1 << 31), "2147483648"),
        (Duration::from_secs((1 << 31) + 1), "2147483648"),
        (Duration::from_secs(1 << 32), "2147483648"),
        (Duration::from_secs(u64::MAX), "2147483648"),
        (Duration::MAX, "2147483648"),
    ] {
        let new = CacheControl::new;
        for (policy, name) in [
            (new().with_max_age(duration), "max-age"),
            (new().with_s_maxage(duration), "s-maxage"),
            (
                new().with_stale_while_revalidate(duration),
                "stale-while-revalidate",
            ),
            (new().with_stale_if_error(duration), "stale-if-error"),
        ] {
            assert_eq!(policy.to_string(), format!("{name}={written}"));
            assert_eq!(said(&policy.to_string()), policy);
        }
    }
}

/// R-9111-5.2.2.1-a: no directive stands twice.
#[test]
fn a_setter_replaces_what_was_there() {
    let twice = CacheControl::new()
        .with_max_age(MINUTE)
        .with_private()
        .with_max_age(Duration::from_secs(5))
        .with_private();
    assert_eq!(twice.to_string(), "private, max-age=5");
}

/// R-9111-5.2.2.4-a: field names stand in one quoted string, never as a token.
#[test]
fn fields_are_written_in_quotes() {
    let new = CacheControl::new;
    for (policy, written) in [
        (
            new().with_no_cache_fields([SET_COOKIE]),
            "no-cache=\"set-cookie\"",
        ),
        (
            new().with_private_fields([SET_COOKIE]),
            "private=\"set-cookie\"",
        ),
        (
            new().with_private_fields([SET_COOKIE, AUTHORIZATION]),
            "private=\"set-cookie, authorization\"",
        ),
        (new().with_no_cache_fields([]), "no-cache"),
        (new().with_private_fields([]), "private"),
        // The last word counts.
        (
            new().with_private_fields([SET_COOKIE]).with_private(),
            "private",
        ),
        (
            new().with_no_cache_fields([SET_COOKIE]).with_no_cache(),
            "no-cache",
        ),
        (
            new().with_private().with_private_fields([SET_COOKIE]),
            "private=\"set-cookie\"",
        ),
    ] {
        assert_eq!(policy.to_string(), written);
        // The fields of a word that was taken back are gone.
        assert_eq!(said(written), policy);
        let plain = policy.known().private != Scope::Fields;
        assert_eq!(policy.private_fields().is_empty(), plain);
    }
}

/// R-9111-5.2.2.4-a: never an empty list, whatever the directives come from.
#[test]
fn other_directives_keep_the_fields_in_order() {
    let some = said("private=\"a\", no-cache=\"b\", x");
    let whole = said("private, no-cache");
    assert_eq!(
        some.clone().with_known(whole.known()).to_string(),
        "no-cache, private, x"
    );
    assert_eq!(
        whole.with_known(some.known()).to_string(),
        "no-cache, private"
    );
    let none = some.clone().with_known(Known::NOTHING);
    assert_eq!(none, said("x"));
    assert_eq!(
        none.with_known(some.known()).to_string(),
        "no-cache, private, x"
    );
    assert_eq!(some.clone().with_known(some.known()), some);
}

#[test]
fn plain_is_what_needs_no_allocation() {
    for (text, expected) in [
        ("", true),
        ("private, max-age=5", true),
        ("private=\"a\"", false),
        ("no-cache=\"a\"", false),
        ("x", false),
    ] {
        assert_eq!(said(text).is_plain(), expected, "{text}");
    }
}

#[test]
fn nothing_to_say_is_no_value() {
    assert_eq!(CacheControl::new().to_value(Syntax::CacheControl), None);
    assert_eq!(CacheControl::new().to_string(), "");
}

/// R-9111-5.2-a.
#[test]
fn an_extension_is_quoted_where_it_has_to_be() {
    for (name, argument, written) in [
        ("foo", None, "foo"),
        ("Foo", Some("Bar"), "Foo=Bar"),
        ("foo", Some("5"), "foo=5"),
        ("foo", Some(""), "foo=\"\""),
        ("foo", Some("a b"), "foo=\"a b\""),
        ("foo", Some("a, no-store"), "foo=\"a, no-store\""),
        ("foo", Some("\"\\"), "foo=\"\\\"\\\\\""),
        ("foo", Some("é"), "foo=\"é\""),
        (
            "!#$%&'*+-.^_`|~",
            Some("!#$%&'*+-.^_`|~"),
            "!#$%&'*+-.^_`|~=!#$%&'*+-.^_`|~",
        ),
        // The name of a directive of requests says nothing in a response.
        ("max-stale", None, "max-stale"),
    ] {
        let extension = Extension::new(name, argument).unwrap();
        assert_eq!(extension.to_string(), written);
        assert_eq!(extension.name(), name);
        let policy = CacheControl::new().with_extension(extension.clone());
        assert_eq!(policy.to_string(), written);
        assert_eq!(said(written).extensions(), [extension]);
    }
}

/// R-9111-5.2.2.1-a: a standard directive never stands twice.
#[test]
fn an_extension_is_no_standard_directive_and_no_line() {
    for name in [
        "",
        "a b",
        "a=",
        "a,",
        "é",
        "\"a\"",
        "a\n",
        "a\0",
        "no-store",
        "No-Cache",
        "PRIVATE",
        "public",
        "max-age",
        "s-maxage",
        "must-revalidate",
        "proxy-revalidate",
        "must-understand",
        "no-transform",
        "immutable",
        "stale-while-revalidate",
        "stale-if-error",
    ] {
        assert!(Extension::new(name, None).is_err(), "{name:?}");
        assert!(Extension::new(name, Some("1")).is_err(), "{name:?}");
    }
    // Some caches look for this text, wherever it stands.
    for (name, argument) in [
        ("x-max-age", "5"),
        ("X-S-MaxAge", ""),
        ("x", "stale-if-error=5"),
        ("x", "a; Max-Age=5"),
    ] {
        assert!(Extension::new(name, Some(argument)).is_err(), "{name:?}");
    }
    assert!(Extension::new("x-max-age", None).is_ok());
    assert!(Extension::new("x", Some("max-age")).is_ok());
    for argument in ["\n", "a\rb", "\0", "\x7f", "\t"] {
        assert!(Extension::new("a", Some(argument)).is_err(), "{argument:?}");
    }
}
