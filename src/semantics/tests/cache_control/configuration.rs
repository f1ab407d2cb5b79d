use super::said;
use crate::semantics::cache_control::{
    CacheControl, Contradiction, InvalidCacheControl, RequestCacheControl,
};

/// R-9111-5.2-a: what is read from the wire whatever it is, is an error where
/// an operator wrote it.
#[test]
fn a_mistake_in_a_configuration_is_an_error() {
    for (text, named) in [
        ("max-age", "max-age"),
        ("private, max-age=", "max-age="),
        ("max-age=x", "max-age=x"),
        ("max-age=-1", "max-age=-1"),
        ("max-age=1.5", "max-age=1.5"),
        ("s-maxage=\"\"", "s-maxage=\"\""),
        ("max-age=5, stale-if-error", "stale-if-error"),
        (
            "max-age=5, stale-while-revalidate=x",
            "stale-while-revalidate=x",
        ),
        ("max-age=5, MAX-AGE=5", "MAX-AGE=5"),
        ("private, private=\"a\"", "private=\"a\""),
        ("foo, foo", "foo"),
        ("no-store=1", "no-store=1"),
        ("public=\"\"", "public=\"\""),
        ("immutable=1, max-age=5", "immutable=1"),
        ("must-understand=1", "must-understand=1"),
        ("must-revalidate=1", "must-revalidate=1"),
        ("proxy-revalidate=1", "proxy-revalidate=1"),
        ("no-transform=1", "no-transform=1"),
        ("private=\"\"", "private=\"\""),
        ("no-cache=\"a b\"", "no-cache=\"a b\""),
        ("no-cache=", "no-cache="),
        ("max-age=5; private", "max-age=5; private"),
        ("public max-age=5", "public max-age=5"),
        ("public, foo=\"a, private", "foo=\"a, private"),
        ("foo=\"a\"b", "foo=\"a\"b"),
        ("foo=é", "foo=é"),
        ("=", "="),
        ("private, =5", "private, =5"),
        ("private, \"\"", "private, \"\""),
        ("private\nno-store", "private\nno-store"),
        ("private\0", "private\0"),
    ] {
        let expected = InvalidCacheControl::Directive(named.to_owned());
        assert_eq!(text.parse::<CacheControl>(), Err(expected), "{text:?}");
    }
    let error = "no-store, public".parse::<CacheControl>().unwrap_err();
    let contradiction = Contradiction::NoStoreWithPublic;
    assert_eq!(error, InvalidCacheControl::Contradiction(contradiction));
    assert_eq!(error.to_string(), contradiction.as_str());
    let error = "max-age=x".parse::<CacheControl>().unwrap_err();
    assert_eq!(error.to_string(), "\"max-age=x\" is no directive");
}

/// R-9111-5.2-a: what only looks unusual says what it says.
#[test]
fn what_is_valid_is_read() {
    for (text, written) in [
        ("", ""),
        (" , ,", ""),
        ("MAX-AGE=\"5\" ,\tPublic,", "public, max-age=5"),
        ("private=Set-Cookie", "private=\"set-cookie\""),
        ("max-age=99999999999", "max-age=2147483648"),
        ("max-age=0, stale-if-error=0", "max-age=0, stale-if-error=0"),
        (
            "Foo, bar=\"x, é\", only-if-cached",
            "Foo, bar=\"x, é\", only-if-cached",
        ),
    ] {
        let policy: CacheControl = text.parse().expect(text);
        assert_eq!(policy.to_string(), written, "{text:?}");
        assert_eq!(said(text), policy);
        assert_eq!(written.parse(), Ok(policy));
    }
}

/// R-9111-5.2-a.
#[test]
fn a_mistake_in_a_configured_request_is_an_error() {
    for text in [
        "no-cache=1",
        "no-store=1",
        "no-transform=1",
        "only-if-cached=1",
        "max-age",
        "max-age=x",
        "min-fresh",
        "stale-if-error",
        "max-stale=x",
        "max-stale=",
        "no-cache, No-Cache",
        "no-cache; no-store",
        "=",
        "a\n",
    ] {
        assert!(text.parse::<RequestCacheControl>().is_err(), "{text:?}");
    }
    for (text, written) in [
        ("", ""),
        ("MAX-STALE", "max-stale"),
        (
            "max-stale=\"5\", foo=1, private",
            "max-stale=5, foo=1, private",
        ),
        (
            "no-transform, only-if-cached, stale-if-error=4, min-fresh=3, max-stale=2, max-age=1, \
             no-store, no-cache",
            "no-cache, no-store, max-age=1, max-stale=2, min-fresh=3, stale-if-error=4, \
             only-if-cached, no-transform",
        ),
    ] {
        let read: RequestCacheControl = text.parse().expect(text);
        assert_eq!(read.to_string(), written);
        assert_eq!(written.parse(), Ok(read));
    }
}

/// A configuration reads as the field does.
#[cfg(feature = "serde")]
#[test]
fn a_configuration_file_has_it_as_text() {
    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Configuration {
        response: CacheControl,
        request: Option<RequestCacheControl>,
    }

    let json = r#"{"response":"private, max-age=60, x=\"a b\"","request":"max-stale=5"}"#;
    let read: Configuration = serde_json::from_str(json).unwrap();
    assert_eq!(read.response, said("private, max-age=60, x=\"a b\""));
    assert_eq!(serde_json::to_string(&read).unwrap(), json);
    // Strings with escapes cannot be borrowed, and readers cannot at all.
    let value: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(
        serde_json::from_value::<Configuration>(value).unwrap(),
        read
    );
    assert_eq!(
        serde_json::from_reader::<_, Configuration>(json.as_bytes()).unwrap(),
        read
    );

    for (json, says) in [
        (r#"{"response":"max-age=x"}"#, "is no directive"),
        (r#"{"response":"private, public"}"#, "private beside public"),
        (
            r#"{"response":"","request":"max-age=x"}"#,
            "is no directive",
        ),
        (r#"{"response":5}"#, "expected a string"),
    ] {
        let error = serde_json::from_str::<Configuration>(json).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
}
