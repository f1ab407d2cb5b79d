//! Which responses get which policy.

use http::HeaderMap;

use super::*;
use crate::cache_policy::{InvalidCachePolicy, Rule};

fn rules(rules: impl IntoIterator<Item = Rule>) -> CachePolicyLayer {
    rules
        .into_iter()
        .fold(layer(CachePolicy::no_cache()), |layer, rule| {
            layer.rule(rule).unwrap()
        })
}

fn asset() -> Rule {
    Rule::new(CachePolicy::immutable_asset())
}

fn public() -> Rule {
    Rule::new(CachePolicy::shared_and_public())
}

const ASSET: &str = "public, max-age=31536000, immutable";
const PUBLIC: &str = "public, max-age=3600";

#[test]
fn the_first_that_fits_decides() {
    let layer = rules([
        asset().path("/assets/{*file}").unwrap(),
        public()
            .path("/assets/old/{name}")
            .unwrap()
            .path("/about")
            .unwrap(),
    ]);
    for (path, expected) in [
        ("/assets/app.css", ASSET),
        ("/assets/old/app.css", ASSET),
        ("/about", PUBLIC),
        ("/", "no-cache"),
        ("/assets/", "no-cache"),
    ] {
        let request = asking(Method::GET, path, &[]);
        assert_eq!(control(&layer, request, 200, &[]), expected, "{path}");
    }
}

/// R-9110-15.1-a, R-9111-4.2.2-a: success is success, and the rest is said too.
#[test]
fn every_status_has_a_policy() {
    let layer = layer(CachePolicy::shared_and_public());
    for status in [200, 203, 204, 206, 304] {
        assert_eq!(control(&layer, get(&[]), status, &[]), PUBLIC, "{status}");
    }
    for status in [201, 202, 300, 301, 302, 303, 307, 308] {
        assert_eq!(
            control(&layer, get(&[]), status, &[]),
            "no-cache",
            "{status}"
        );
    }
    for status in [
        400, 401, 403, 404, 405, 409, 410, 412, 414, 416, 422, 428, 429, 500, 501, 503,
    ] {
        assert_eq!(
            control(&layer, get(&[]), status, &[]),
            "no-store",
            "{status}"
        );
        // Said otherwise.
        let said = [(CACHE_CONTROL, "max-age=9")];
        assert_eq!(
            control(&layer, get(&[]), status, &said),
            "max-age=9",
            "{status}"
        );
    }
    let response = send(&layer, get(&[]), |_| answer(101, &[]));
    assert_eq!(*response.headers(), HeaderMap::new());
}

/// R-9110-15.1-a: statuses by name.
#[test]
fn rules_by_status() {
    let layer = rules([
        public().status(StatusCode::NOT_FOUND),
        Rule::new(CachePolicy::transformed()).errors(),
        asset().redirections(),
        Rule::new(CachePolicy::private()).status(StatusCode::OK),
    ]);
    for (status, expected) in [
        (404, PUBLIC),
        (410, "max-age=60"),
        (500, "max-age=60"),
        (301, ASSET),
        (200, "private, max-age=60"),
        (206, "private, max-age=60"),
        (304, "private, max-age=60"),
        (204, "no-cache"),
    ] {
        assert_eq!(control(&layer, get(&[]), status, &[]), expected, "{status}");
    }
}

/// R-9110-9.3.3-a: nothing fresh on what is no read.
#[test]
fn writes_get_no_freshness() {
    let layer = layer(CachePolicy::shared_and_public());
    for method in [
        "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "MKCOL",
    ] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let ask =
            |status, fields| control(&layer, asking(method.clone(), "/", fields), status, &[]);
        assert_eq!(ask(200, &[]), "");
        assert_eq!(ask(200, &[SECRET]), "");
        assert_eq!(ask(303, &[]), "");
        assert_eq!(ask(422, &[]), "no-store");
        // What the handler makes fresh is not for other users either.
        let request = asking(method.clone(), "/", &[SECRET]);
        let own = [(CACHE_CONTROL, "public, max-age=9")];
        assert_eq!(control(&layer, request, 200, &own), "private, max-age=9");
    }
    let fresh = public().method(Method::POST);
    assert_eq!(
        super::layer(CachePolicy::no_cache())
            .rule(fresh)
            .unwrap_err(),
        InvalidCachePolicy::FreshWrite(Method::POST)
    );
    let named = rules([
        Rule::new(CachePolicy::no_store()).method(Method::POST),
        public().method(Method::from_bytes(b"QUERY").unwrap()),
    ]);
    assert_eq!(
        control(&named, asking(Method::POST, "/", &[]), 200, &[]),
        "no-store"
    );
    let query = asking(Method::from_bytes(b"QUERY").unwrap(), "/", &[]);
    assert_eq!(control(&named, query, 200, &[]), PUBLIC);
    assert_eq!(control(&named, asking(Method::PUT, "/", &[]), 200, &[]), "");
}

#[test]
fn rules_by_method() {
    let layer = rules([public().method(Method::GET), asset().method(Method::HEAD)]);
    assert_eq!(control(&layer, get(&[]), 200, &[]), PUBLIC);
    assert_eq!(
        control(&layer, asking(Method::HEAD, "/", &[]), 200, &[]),
        PUBLIC
    );
    let only_head = rules([asset().method(Method::HEAD)]);
    assert_eq!(control(&only_head, get(&[]), 200, &[]), "no-cache");
    assert_eq!(
        control(&only_head, asking(Method::HEAD, "/", &[]), 200, &[]),
        ASSET
    );
}

/// R-9110-15.4.5-a: a 304 has no `Content-Type`, so that where this decides the
/// stored response keeps its policy.
#[test]
fn rules_by_content_type() {
    let images = public().content_type("image/*").unwrap();
    let json = asset().content_type("application/json").unwrap();
    let layer = rules([images.path("/a").unwrap(), json]);
    let ask =
        |path, status, fields| control(&layer, asking(Method::GET, path, &[]), status, fields);
    assert_eq!(ask("/a", 200, &[(CONTENT_TYPE, "IMAGE/png; q=1")]), PUBLIC);
    assert_eq!(ask("/b", 200, &[(CONTENT_TYPE, "image/png")]), "no-cache");
    assert_eq!(
        ask(
            "/b",
            200,
            &[(CONTENT_TYPE, "Application/JSON ;charset=utf-8")]
        ),
        ASSET
    );
    assert_eq!(
        ask("/b", 200, &[(CONTENT_TYPE, "application/jsonl")]),
        "no-cache"
    );
    assert_eq!(ask("/b", 200, &[(CONTENT_TYPE, "imagex/png")]), "no-cache");
    assert_eq!(ask("/b", 200, &[]), "no-cache");
    assert_eq!(ask("/b", 304, &[]), "");
    assert_eq!(
        ask("/b", 404, &[(CONTENT_TYPE, "application/json")]),
        "no-store"
    );
    for wrong in [
        "",
        "image",
        "*/*",
        "image/",
        "/png",
        "im age/png",
        "image/png;q=1",
        "application/*+json",
        "im*/png",
    ] {
        assert!(public().content_type(wrong).is_err(), "{wrong}");
    }
}

/// R-9110-12.5.5-a, R-9111-4.1-a: a field that a rule looks at is in `Vary`,
/// whether it was there or not.
#[test]
fn rules_by_request() {
    let tenant = HeaderName::from_static("x-tenant");
    let beta = public().header(tenant.clone(), |value| {
        value.is_some_and(|value| value == "beta")
    });
    let layer = rules([
        beta,
        asset().request(|parts| parts.uri.query() == Some("v=1")),
    ]);
    let with = |fields: Fields<'_>, path, status| {
        let response = send(&layer, asking(Method::GET, path, fields), |_| {
            answer(status, &[])
        });
        assert_eq!(
            says(&response, &VARY),
            "x-tenant",
            "{fields:?} {path} {status}"
        );
        says(&response, &CACHE_CONTROL)
    };
    assert_eq!(with(&[(tenant.clone(), "beta")], "/", 200), PUBLIC);
    assert_eq!(with(&[(tenant.clone(), "other")], "/", 200), "no-cache");
    assert_eq!(with(&[], "/", 200), "no-cache");
    assert_eq!(with(&[], "/?v=1", 200), ASSET);
    assert_eq!(with(&[], "/", 404), "no-store");
    assert_eq!(with(&[], "/", 301), "no-cache");
    assert_eq!(with(&[(tenant, "beta")], "/", 304), PUBLIC);
}

/// Unlike paths, of which a request has one.
#[test]
fn all_that_is_said_of_the_request_has_to_hold() {
    let version = |parts: &http::request::Parts| parts.uri.query() == Some("v=1");
    let layer = rules([public()
        .request(version)
        .header(ACCEPT, |value| value.is_some())
        .header(ORIGIN, |value| value.is_none())]);
    let says =
        |path, fields: Fields<'_>| control(&layer, asking(Method::GET, path, fields), 200, &[]);
    assert_eq!(says("/?v=1", &[(ACCEPT, "a/b")]), PUBLIC);
    assert_eq!(says("/", &[(ACCEPT, "a/b")]), "no-cache");
    assert_eq!(says("/?v=1", &[]), "no-cache");
    assert_eq!(says("/?v=1", &[(ACCEPT, "a/b"), (ORIGIN, "o")]), "no-cache");
}

/// R-9111-4.1-a: an error varies as the success of its route does.
#[test]
fn an_error_varies_as_its_route() {
    let route = Rule::new(CachePolicy::no_cache().vary([ACCEPT_LANGUAGE]));
    let layer = rules([public().errors(), route.path("/a").unwrap()]);
    let plain = rules([Rule::new(CachePolicy::no_cache().vary([ACCEPT_LANGUAGE]))
        .path("/a")
        .unwrap()]);
    let vary = |layer, path| {
        let response = send(layer, asking(Method::GET, path, &[]), |_| answer(404, &[]));
        says(&response, &VARY)
    };
    assert_eq!(vary(&plain, "/a"), "accept-language");
    assert_eq!(vary(&plain, "/b"), "");
    assert_eq!(vary(&layer, "/a"), "");
}

/// R-9110-15.4.5-e: what a 304 may be of is in its `Vary`, all of it.
#[test]
fn a_304_that_does_not_tell_varies_as_all_it_may_be() {
    let around = super::layer(CachePolicy::no_cache().vary([ORIGIN]));
    let json = Rule::new(CachePolicy::transformed().vary([ACCEPT]));
    let json = json.content_type("application/json").unwrap();
    let response = send(&around.rule(json).unwrap(), get(&[]), |_| answer(304, &[]));
    assert_eq!(says(&response, &VARY), "accept, origin");
    assert_eq!(says(&response, &CACHE_CONTROL), "");
}

/// R-9110-12.5.5-a: what a rule looked at counts though the handler then chose.
#[test]
fn a_chosen_policy_varies_by_what_rules_look_at() {
    let layer = rules([public().header(ACCEPT, |_| false)]);
    let response = send(&layer, get(&[]), |_| {
        let mut response = answer(200, &[]);
        response.extensions_mut().insert(CachePolicy::transformed());
        response
    });
    assert_eq!(says(&response, &CACHE_CONTROL), "max-age=60");
    assert_eq!(says(&response, &VARY), "accept");
}

/// R-9111-5.2-b: a redirection of which the handler speaks.
#[test]
fn a_redirection_is_as_the_handler_says() {
    let layer = layer(CachePolicy::no_store());
    let own = [(CACHE_CONTROL, "max-age=9")];
    assert_eq!(control(&layer, get(&[]), 301, &own), "max-age=9");
}

/// R-9111-4.1-a: a rule for other statuses says nothing about the success.
#[test]
fn an_error_does_not_vary_as_another_status() {
    let moved = Rule::new(CachePolicy::no_cache().vary([ORIGIN])).redirections();
    let route = Rule::new(CachePolicy::no_cache().vary([ACCEPT]));
    let response = send(&rules([moved, route]), get(&[]), |_| answer(404, &[]));
    assert_eq!(says(&response, &VARY), "accept");
}

/// R-9110-15.4.5-e: of several policies that decide by the content.
#[test]
fn a_304_that_does_not_tell_varies_as_every_later_rule() {
    let json = Rule::new(CachePolicy::transformed().vary([ACCEPT]));
    let html = Rule::new(CachePolicy::transformed().vary([ACCEPT_LANGUAGE]));
    let rest = Rule::new(CachePolicy::no_cache().vary([ORIGIN]));
    let never = Rule::new(CachePolicy::no_cache().vary([HOST]));
    let layer = rules([
        json.content_type("application/json").unwrap(),
        html.content_type("text/html").unwrap(),
        rest,
        never,
    ]);
    let vary = |status| says(&send(&layer, get(&[]), |_| answer(status, &[])), &VARY);
    assert_eq!(vary(304), "accept, accept-language, origin");
    // An error may be instead of any of them.
    assert_eq!(vary(404), "accept, accept-language, origin");
}

/// R-9111-3.5-a, R-9111-7.3-a: what the service says on a 304 replaces what is
/// stored, and is kept from other users though no rule applies.
#[test]
fn a_304_that_does_not_tell_leaks_nothing() {
    let layer = rules([public().content_type("application/json").unwrap()]);
    for own in [
        "public",
        "must-revalidate",
        "public, max-age=9",
        "s-maxage=9",
    ] {
        let fields = [(CACHE_CONTROL, own), (CDN, "max-age=9")];
        let response = send(&layer, get(&[SECRET]), |_| answer(304, &fields));
        let found = says(&response, &CACHE_CONTROL);
        assert!(found.starts_with("private"), "{own}: {found}");
        assert!(!found.contains("public"), "{own}: {found}");
        assert_eq!(says(&response, &CDN), "private, max-age=9");
        assert_eq!(control(&layer, get(&[]), 304, &fields), own);
    }
    assert_eq!(control(&layer, get(&[SECRET]), 304, &[]), "");
}

/// R-9110-15.1-a: several ranges have a `Content-Type` of their own, and one that
/// `If-Range` asked for may have none (RFC 9110, section 15.3.7).
#[test]
fn a_206_that_does_not_tell_is_not_kept() {
    let own = Rule::new(CachePolicy::private().vary([ACCEPT]));
    let layer = super::layer(CachePolicy::shared_and_public());
    let layer = layer
        .rule(own.content_type("application/json").unwrap())
        .unwrap();
    let ranges = (CONTENT_TYPE, "Multipart/ByteRanges; boundary=x");
    for fields in [
        &[ranges.clone()][..],
        &[],
        &[ranges, (CACHE_CONTROL, "max-age=9")],
    ] {
        let response = send(&layer, get(&[]), |_| answer(206, fields));
        assert_eq!(says(&response, &CACHE_CONTROL), "no-store", "{fields:?}");
        assert_eq!(says(&response, &VARY), "accept");
    }
    assert_eq!(
        control(&layer, get(&[]), 206, &[(CONTENT_TYPE, "application/json")]),
        "private, max-age=60"
    );
    assert_eq!(
        control(&layer, get(&[]), 206, &[(CONTENT_TYPE, "text/html")]),
        PUBLIC
    );
}

/// R-9111-4.1-a: a rule for the success alone is one for the success.
#[test]
fn an_error_varies_as_the_200_that_a_rule_names() {
    let route = Rule::new(CachePolicy::no_cache().vary([ACCEPT]));
    let response = send(&rules([route.status(StatusCode::OK)]), get(&[]), |_| {
        answer(406, &[])
    });
    assert_eq!(says(&response, &VARY), "accept");
}

/// R-9110-9.3.3-a: no cache keeps what these answer, though they are safe.
#[test]
fn options_and_trace_are_never_fresh() {
    for method in [Method::OPTIONS, Method::TRACE] {
        let refused = layer(CachePolicy::no_cache()).rule(public().method(method.clone()));
        let expected = InvalidCachePolicy::FreshWrite(method.clone());
        assert_eq!(refused.unwrap_err(), expected);
        let named = Rule::new(CachePolicy::no_store()).method(method.clone());
        let layer = rules([named.status(StatusCode::ACCEPTED)]);
        let response = send(&layer, asking(method, "/", &[]), |_| {
            let mut response = answer(200, &[]);
            let chosen = CachePolicy::shared_and_public();
            response.extensions_mut().insert(chosen);
            response
        });
        assert_eq!(says(&response, &CACHE_CONTROL), "");
    }
}

/// R-9110-9.3.3-a: stale use without asking is use without asking.
#[test]
fn a_write_has_no_stale_window_either() {
    let window = "max-age=0, stale-while-revalidate=60".parse().unwrap();
    let policy = CachePolicy::new(window).unwrap();
    let refused = layer(CachePolicy::no_cache()).rule(Rule::new(policy).method(Method::POST));
    let expected = InvalidCachePolicy::FreshWrite(Method::POST);
    assert_eq!(refused.unwrap_err(), expected);
}

/// R-9110-9.3.3-a: what the layer was made with is for `GET` and `HEAD`.
#[test]
fn a_named_method_does_not_get_the_policy_of_reads() {
    let query = Method::from_bytes(b"QUERY").unwrap();
    let missing = Rule::new(CachePolicy::no_cache()).method(query.clone());
    let layer = layer(CachePolicy::shared_and_public())
        .rule(missing.status(StatusCode::NOT_FOUND))
        .unwrap();
    let ask = |status| control(&layer, asking(query.clone(), "/", &[]), status, &[]);
    assert_eq!(ask(404), "no-cache");
    assert_eq!(ask(200), "no-cache");
}

/// R-9111-4.2.2-a: a cache may make up a lifetime for what is not a `GET`, too.
#[test]
fn safe_methods_that_read_have_a_policy() {
    let layer = layer(CachePolicy::shared_and_public());
    for method in ["QUERY", "PROPFIND", "SEARCH"] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let ask = |own| control(&layer, asking(method.clone(), "/", &[SECRET]), 200, own);
        assert_eq!(ask(&[]), "no-cache, private");
        let own = [(CACHE_CONTROL, "max-age=9")];
        assert_eq!(ask(&own), "private, max-age=9");
    }
}

/// R-9110-15.1-a: a status beyond 599 is taken for a 5xx (RFC 9110, section 15).
#[test]
fn a_status_of_no_class_is_an_error() {
    let plain = layer(CachePolicy::shared_and_public());
    assert_eq!(control(&plain, get(&[]), 600, &[]), "no-store");
    assert_eq!(control(&plain, get(&[]), 999, &[]), "no-store");
    let errors = rules([public().errors()]);
    assert_eq!(control(&errors, get(&[]), 999, &[]), PUBLIC);
}

/// A rule that could never apply, or would take the policy of the 200 away.
#[test]
fn statuses_without_a_policy_are_refused() {
    let with = |rule: Rule| layer(CachePolicy::no_cache()).rule(rule).map(drop);
    let early = public().status(StatusCode::EARLY_HINTS);
    let refused = |status| Err(InvalidCachePolicy::Status(status));
    assert_eq!(with(early), refused(StatusCode::EARLY_HINTS));
    let alone = public().status(StatusCode::NOT_MODIFIED);
    assert_eq!(with(alone.clone()), refused(StatusCode::NOT_MODIFIED));
    assert_eq!(with(alone.status(StatusCode::OK)), Ok(()));
}
