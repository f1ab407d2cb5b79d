//! Targets from clients never reach a cache as a pattern.

use http::{
    HeaderValue, Request, Uri,
    header::{ACCEPT_ENCODING, HOST},
};

use super::{cache, targeted, uri};
use crate::{
    purge::{HttpPurger, NotPurged, Purge, Purger},
    test_support::{Log, run},
};

/// Returns the requests for the target of this request, besides `/good`.
fn sent(base: &str, target: &str, host: Option<&[u8]>) -> Result<Vec<String>, NotPurged> {
    let log = Log::default();
    let nginx = HttpPurger::purge_urls(cache(&log, &[]), uri(base)).unwrap();
    let mut request = Request::put(target);
    if let Some(host) = host {
        request = request.header(HOST, HeaderValue::from_bytes(host).unwrap());
    }
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let purge = Purge::of(&parts).with_target(Uri::from_static("/good"));
    let result = run(nginx.purge(&purge));
    let mut lines = log.take();
    // A refused target does not stop the others.
    let good = lines.pop().expect("the other target");
    assert!(good.contains("/good"), "{good}");
    result.map(|()| lines)
}

/// Issue 10, B.2: `PUT /*` became `PURGE /*`, which means everything to nginx's module.
#[test]
fn an_asterisk_in_a_path_or_query_is_not_sent() {
    for target in [
        "/*",
        "*",
        "/notes/*",
        "/notes*",
        "/no*tes/1",
        "/%2A",
        "/%2a",
        "/notes/1?*",
        "/notes/1?q=%2A",
        "http://example.org/*",
    ] {
        let error = sent("http://cache/", target, None).expect_err(target);
        assert!(
            error.is_final() && error.to_string().contains('*'),
            "{error}"
        );
    }
    let target = "http://example.org/notes/*?key=secret";
    let error = sent("http://cache/", target, None).expect_err(target);
    assert_eq!(
        error.to_string(),
        "the target \"http://example.org/notes/*\" is not sent: `*` is a pattern to some caches"
    );
    // After one decoding it is a plain text.
    for target in ["/%252A", "/notes/1?q=%252a"] {
        let lines = sent("http://cache/", target, None).expect(target);
        assert_eq!(lines, [format!("PURGE http://cache{target}")]);
    }
}

/// Issue 10, B.2: a quote ends a text in a cache's expression.
#[test]
fn quotes_and_backslashes_are_not_sent() {
    for target in ["/a\"b", "/a\\b", "/a?\\"] {
        let error = sent("http://cache/", target, None).expect_err(target);
        assert!(error.is_final(), "{error}");
    }
    for target in ["/a%22b", "/a%5Cb", "/a%20b", "/a%0d%0aX:%20y", "/a?b='c'"] {
        let lines = sent("http://cache/", target, None).expect(target);
        assert_eq!(lines, [format!("PURGE http://cache{target}")]);
    }
    // A URI cannot have these characters.
    for target in ["/a?b\"", "/a b", "/a\rb", "/a\nb", "/a\0b", "/a\tb"] {
        assert!(target.parse::<Uri>().is_err(), "{target:?}");
    }
}

/// Issue 10, B.2: a `Host` with an asterisk is not sent.
#[test]
fn a_host_that_may_be_a_pattern_is_not_sent() {
    for host in [
        "*",
        "*.example.org",
        "example.*",
        "a*b:80",
        "(a)",
        "a,b",
        "a+",
        "a$",
        "a!b",
        "a&b",
        "a;b",
        "a='b'",
    ] {
        // An invalid authority is not taken from the header.
        let of_request = sent("http://cache/", "/1", Some(host.as_bytes()));
        if let Ok(lines) = &of_request {
            assert_eq!(lines, &["PURGE http://cache/1"], "{host}");
        }
        let named = format!("http://{host}/1").parse::<Uri>();
        let of_uri = named.map(|named| sent("http://cache/", &named.to_string(), None));
        assert!(of_uri.is_err() || of_uri.unwrap().is_err(), "{host}");
    }
    for host in ["example.org", "a-b_c~d:8080", "[::1]:80", "127.0.0.1"] {
        let lines = sent("http://cache/", "/1", Some(host.as_bytes())).expect(host);
        assert_eq!(lines, [format!("PURGE http://cache/1 host: {host}")]);
    }
    // A host that the configuration replaces is never sent.
    let log = Log::default();
    let nginx = HttpPurger::purge_urls(cache(&log, &[]), uri("http://cache/")).unwrap();
    let nginx = nginx.host(&"example.org".parse().unwrap());
    run(nginx.purge(&targeted(&[], &["http://*/1"]))).expect("sent");
    assert_eq!(log.take(), ["PURGE http://cache/1 host: example.org"]);
}

/// Issue 10, B.2: a target stays below the path of the base.
#[test]
fn dots_that_lead_out_of_the_base_are_not_sent() {
    for target in [
        "/../x",
        "/a/../../x",
        "/..",
        "/.",
        "/./x",
        "/%2e%2E/x",
        "/.%2e",
    ] {
        let error = sent("http://cache/purge/", target, None).expect_err(target);
        assert!(error.is_final(), "{error}");
        let lines = sent("http://cache/", target, None).expect(target);
        assert_eq!(lines, [format!("PURGE http://cache{target}")]);
    }
    for target in ["/.a", "/...", "/a..", "/a?../..", "/..a/b"] {
        assert!(
            sent("http://cache/purge/", target, None).is_ok(),
            "{target}"
        );
    }
}

/// Issue 10, B.2: all variants of such a target are left out, and its tags are sent.
#[test]
fn the_tags_of_a_refused_target_are_sent() {
    let log = Log::default();
    let varnish = HttpPurger::varnish(cache(&log, &[]), uri("http://cache/")).unwrap();
    let varnish = varnish.variants(
        ACCEPT_ENCODING,
        ["br", "gzip"].map(HeaderValue::from_static),
    );
    let error = run(varnish.purge(&targeted(&["a"], &["/*"]))).expect_err("a star");
    assert!(error.is_final());
    assert_eq!(log.take(), ["PURGE http://cache/ xkey-purge: a"]);
}
