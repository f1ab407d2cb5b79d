use proptest::prelude::*;

use super::{field, parse, parse_line, policies::lines};
use crate::semantics::caching::cache_control::{
    CacheControl, DirectiveConflict, InvalidCachePolicy, RequestCacheControl,
};

/// R-9111-5.2-a: a mistake that is corrected in a header is an error in a configuration.
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
        ("no-store, No-Store", "No-Store"),
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
        let expected = InvalidCachePolicy::Directive(named.to_owned());
        assert_eq!(text.parse::<CacheControl>(), Err(expected), "{text:?}");
    }
    let error = "no-store, public".parse::<CacheControl>().unwrap_err();
    let contradiction = DirectiveConflict::NoStoreWithPublic;
    assert_eq!(error, InvalidCachePolicy::Contradiction(contradiction));
    assert_eq!(error.to_string(), contradiction.as_str());
}

/// Issue 10, B.1 (R-9111-5.2-a): an unknown directive is a mistake, unless it is allowed by name.
#[test]
fn an_unknown_directive_in_a_configuration_is_an_error() {
    for (text, name, nearest) in [
        ("max-agee=60", "max-agee", Some("max-age")),
        ("private, MaxAge=60", "MaxAge", Some("max-age")),
        ("nocache", "nocache", Some("no-cache")),
        ("no_store", "no_store", Some("no-store")),
        ("s-max-age", "s-max-age", Some("s-maxage")),
        ("max-age=5, imutable", "imutable", Some("immutable")),
        (
            "max-age=5, stale-while-revalidating=5",
            "stale-while-revalidating",
            Some("stale-while-revalidate"),
        ),
        ("x", "x", None),
        ("max-age=60, pop=\"fra\"", "pop", None),
        ("only-if-cached", "only-if-cached", None),
    ] {
        let error = text.parse::<CacheControl>().unwrap_err();
        let InvalidCachePolicy::Unknown {
            name: found,
            nearest: remedied,
        } = &error
        else {
            panic!("{text}: {error}");
        };
        assert_eq!((found.as_str(), *remedied), (name, nearest));
        let remedy = match nearest {
            Some(nearest) => format!("did you mean {nearest:?}?"),
            None => "an extension must be allowed by name".to_owned(),
        };
        let expected = format!("unknown directive {name:?}: {remedy}");
        assert_eq!(error.to_string(), expected);
        let allowed = CacheControl::parse_with_extensions(text, &["other", name]);
        assert_eq!(allowed, Ok(parse_line(text)), "{text}");
    }
    let hidden = CacheControl::parse_with_extensions("x-max-age=5", &["x-max-age"]);
    let expected = InvalidCachePolicy::Directive("x-max-age=5".to_owned());
    assert_eq!(hidden, Err(expected), "nginx takes it for max-age=5");
    let error = "max-stal=60".parse::<RequestCacheControl>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "unknown directive \"max-stal\": did you mean \"max-stale\"?"
    );
}

/// Issue 10, B.1 (R-9111-4.2.2-a): a policy needs a directive.
#[test]
fn an_empty_configuration_is_an_error() {
    for text in ["", " ", ",", " , ,"] {
        let error = text.parse::<CacheControl>().unwrap_err();
        assert_eq!(error, InvalidCachePolicy::Empty, "{text:?}");
        assert!(text.parse::<RequestCacheControl>().is_ok(), "{text:?}");
    }
}

/// R-9111-5.2-a: unusual spellings that every cache understands are no mistakes.
#[test]
fn unusual_spellings_are_accepted() {
    for (text, written) in [
        ("MAX-AGE=\"5\" ,\tPublic,", "public, max-age=5"),
        ("private=Set-Cookie", "private=\"set-cookie\""),
        ("max-age=99999999999", "max-age=2147483648"),
        ("max-age=0, stale-if-error=0", "max-age=0, stale-if-error=0"),
        (
            "Foo, bar=\"x, é\", only-if-cached",
            "Foo, bar=\"x, é\", only-if-cached",
        ),
    ] {
        let parse =
            |text| CacheControl::parse_with_extensions(text, &["foo", "BAR", "only-if-cached"]);
        let policy = parse(text).expect(text);
        assert_eq!(policy.to_string(), written, "{text:?}");
        assert_eq!(parse_line(text), policy);
        assert_eq!(parse(written), Ok(policy));
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
        "max-stale=5, foo=1",
        "private",
        "=",
        "a\n",
    ] {
        assert!(text.parse::<RequestCacheControl>().is_err(), "{text:?}");
    }
    for (text, written) in [
        ("", ""),
        ("MAX-STALE", "max-stale"),
        ("max-stale=\"5\"", "max-stale=5"),
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

/// A configuration file has the syntax of the header.
#[cfg(feature = "serde")]
#[test]
fn a_configuration_file_has_directives_as_text() {
    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Configuration {
        response: CacheControl,
        request: Option<RequestCacheControl>,
    }

    let json = r#"{"response":"no-cache=\"a, b\", max-age=60","request":"max-stale=5"}"#;
    let read: Configuration = serde_json::from_str(json).unwrap();
    assert_eq!(read.response, parse_line("no-cache=\"a, b\", max-age=60"));
    assert_eq!(serde_json::to_string(&read).unwrap(), json);
    // Strings with escapes cannot be borrowed, and readers never lend their text.
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
        (r#"{"response":"max-age=x"}"#, "invalid directive"),
        (
            r#"{"response":"private, public"}"#,
            "`private` contradicts `public`",
        ),
        (r#"{"response":""}"#, "no directive"),
        (r#"{"response":"max-agee=60"}"#, "did you mean \"max-age\"?"),
        (
            r#"{"response":"private","request":"max-age=x"}"#,
            "invalid directive",
        ),
        (r#"{"response":5}"#, "expected a string"),
    ] {
        let error = serde_json::from_str::<Configuration>(json).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    /// R-9111-5.2-a: a valid configuration parses to the same directives as a header.
    #[test]
    fn a_configuration_parses_as_the_header_does(lines in lines()) {
        for line in lines {
            let text = String::from_utf8_lossy(&line).into_owned();
            if let Ok(policy) = text.parse::<CacheControl>() {
                prop_assert_eq!(parse([&text]), policy);
            }
            if let Ok(request) = text.parse::<RequestCacheControl>() {
                prop_assert_eq!(RequestCacheControl::of(&field([&text])), request);
            }
        }
    }
}
