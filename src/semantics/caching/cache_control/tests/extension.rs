use super::parse_line;
use crate::semantics::caching::cache_control::{CacheControl, Extension};

/// R-9111-5.2-a.
#[test]
fn arguments_are_quoted_if_necessary() {
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
        // A directive of requests has no meaning in a response.
        ("max-stale", None, "max-stale"),
    ] {
        let extension = Extension::new(name, argument).unwrap();
        assert_eq!(extension.to_string(), written);
        assert_eq!(extension.name(), name);
        let policy = CacheControl::new().with_extension(extension.clone());
        assert_eq!(policy.to_string(), written);
        assert_eq!(parse_line(written).extensions(), [extension]);
    }
}

/// R-9111-5.2.2.1-a: an extension cannot duplicate a standard directive.
#[test]
fn invalid_names_and_arguments_are_refused() {
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
    // Some caches search the header for this text.
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
