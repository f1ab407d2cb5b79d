//! The headers of the 200 that the 304 of a source repeats.

use http::{
    HeaderMap, HeaderValue, Request, Response,
    header::{ACCEPT, ACCEPT_LANGUAGE},
};

use crate::{
    ConditionalLayer,
    semantics::{
        caching::cache_control::CacheControl, condition::Current, field::HttpDate,
        validator::RepeatedFields,
    },
    source::{ValidatorSource, now},
    test_support::{Act, ScriptedBody, Upload, request, send, tagged},
};

const REPEATED: [&str; 4] = ["cache-control", "content-location", "expires", "vary"];

fn fields() -> RepeatedFields {
    RepeatedFields::new()
        .with_cache_control(&"max-age=60".parse::<CacheControl>().unwrap())
        .with_content_location(HeaderValue::from_static("/notes/1.en"))
        .with_expires(HttpDate::from_unix_seconds(1_000_000_060))
        .with_vary([ACCEPT_LANGUAGE])
}

fn get<Q: ValidatorSource>(source: Q, condition: (&str, &str), own: &[(&str, &str)]) -> HeaderMap {
    let layer = ConditionalLayer::new().source(source);
    let own: Vec<(String, String)> = own
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let answer = send(
        &layer,
        request("GET", "/", [condition]),
        move |_: Request<Upload>| {
            let mut response = Response::builder();
            for (name, value) in &own {
                response = response.header(name, value);
            }
            response
                .body(ScriptedBody::sized([Act::data("hello")]))
                .unwrap()
        },
    );
    answer.headers().clone()
}

fn source_of(current: Current) -> impl ValidatorSource {
    now(move |_| current.clone())
}

/// Issue 10, A.4, R-9110-15.4.5-a: the 304 has the headers of the 200.
#[test]
fn the_304_has_the_headers_of_the_200() {
    let source = || source_of(tagged("1").with_repeated(fields()).into());
    let not_modified = get(source(), ("if-none-match", "\"1\""), &[]);
    let ok = get(source(), ("if-none-match", "\"0\""), &[]);
    for name in REPEATED {
        assert_eq!(not_modified.get(name), ok.get(name), "{name}");
        assert!(ok.contains_key(name), "{name}");
    }
    let failed = get(source(), ("if-match", "\"0\""), &[]);
    assert_eq!(failed["cache-control"], "no-store");
    assert!(!failed.contains_key("expires"));
}

/// A header that the handler sets stays. `Vary` is the union of both.
#[test]
fn a_handlers_own_headers_win() {
    let own = [("cache-control", "max-age=5"), ("vary", "accept")];
    let source = source_of(tagged("1").with_repeated(fields()).into());
    let ok = get(source, ("if-none-match", "\"0\""), &own);
    assert_eq!(ok["cache-control"], "max-age=5");
    assert_eq!(ok["vary"], "accept, accept-language");
}

/// Constant headers are added to a source of validators. The source's own headers win.
#[test]
fn headers_are_added_to_a_source() {
    let vary = RepeatedFields::new().with_vary([ACCEPT]);
    let stated = vary.with_cache_control(&"no-cache".parse::<CacheControl>().unwrap());
    for (current, cache_control, vary) in [
        (tagged("1"), "max-age=60", "accept-language"),
        (
            tagged("1").with_repeated(stated),
            "no-cache",
            "accept, accept-language",
        ),
    ] {
        let source = source_of(current.into()).repeating(fields());
        let not_modified = get(source, ("if-none-match", "*"), &[]);
        assert_eq!(not_modified["cache-control"], cache_control);
        assert_eq!(not_modified["vary"], vary);
    }
    let source = source_of(Current::Absent).repeating(fields());
    assert!(!get(source, ("if-none-match", "*"), &[]).contains_key("expires"));
}

/// Issue 12: the headers are those of the 200, and not of an error.
#[test]
fn an_error_has_none_of_the_headers() {
    let source = source_of(tagged("1").with_repeated(fields()).into());
    let layer = ConditionalLayer::new().source(source);
    for (status, repeats) in [(200, true), (206, true), (404, false), (500, false)] {
        let answer = send(
            &layer,
            request("GET", "/", []),
            move |_: Request<Upload>| {
                let response = Response::builder().status(status);
                response.body(ScriptedBody::sized([])).unwrap()
            },
        );
        for name in REPEATED {
            let there = answer.headers().contains_key(name);
            assert_eq!(there, repeats, "{status} {name}");
        }
    }
}
