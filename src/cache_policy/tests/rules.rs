//! The choice of the policy by rules.

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
fn the_first_rule_that_matches_decides() {
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

/// R-9110-15.1-a, R-9111-4.2.2-a: successes and all other statuses have a policy.
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
        // The handler sets another policy.
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

/// R-9110-15.1-a: conditions on the status.
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

/// R-9110-9.3.3-a: the response to a write is never fresh.
#[test]
fn writes_get_no_freshness() {
    let layer = layer(CachePolicy::shared_and_public());
    for method in [
        "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "MKCOL",
    ] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let policy_for =
            |status, fields| control(&layer, asking(method.clone(), "/", fields), status, &[]);
        assert_eq!(policy_for(200, &[]), "");
        assert_eq!(policy_for(200, &[SECRET]), "");
        assert_eq!(policy_for(303, &[]), "");
        assert_eq!(policy_for(422, &[]), "no-store");
        // A handler's fresh response is not for other users either.
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

/// R-9110-15.4.5-a: a 304 has no `Content-Type`, so if that decides, the stored response keeps
/// its policy.
#[test]
fn rules_by_content_type() {
    let images = public().content_type("image/*").unwrap();
    let json = asset().content_type("application/json").unwrap();
    let layer = rules([images.path("/a").unwrap(), json]);
    let policy_for =
        |path, status, fields| control(&layer, asking(Method::GET, path, &[]), status, fields);
    assert_eq!(
        policy_for("/a", 200, &[(CONTENT_TYPE, "IMAGE/png; q=1")]),
        PUBLIC
    );
    assert_eq!(
        policy_for("/b", 200, &[(CONTENT_TYPE, "image/png")]),
        "no-cache"
    );
    assert_eq!(
        policy_for(
            "/b",
            200,
            &[(CONTENT_TYPE, "Application/JSON ;charset=utf-8")]
        ),
        ASSET
    );
    assert_eq!(
        policy_for("/b", 200, &[(CONTENT_TYPE, "application/jsonl")]),
        "no-cache"
    );
    assert_eq!(
        policy_for("/b", 200, &[(CONTENT_TYPE, "imagex/png")]),
        "no-cache"
    );
    assert_eq!(policy_for("/b", 200, &[]), "no-cache");
    assert_eq!(policy_for("/b", 304, &[]), "");
    assert_eq!(
        policy_for("/b", 404, &[(CONTENT_TYPE, "application/json")]),
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

/// R-9110-12.5.5-a, R-9111-4.1-a: a header that a rule reads is in `Vary`, present or not.
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

/// A layer is built in linear time. In cubic time, this would take hours.
#[test]
fn thousands_of_rules_may_read_thousands_of_headers() {
    let name = |number: usize| HeaderName::try_from(format!("x-{number}")).unwrap();
    let layer = rules((0..3_000).map(|number| public().header(name(number), |_| false)));
    for own in [&[][..], &[(VARY, "accept")]] {
        let response = send(&layer, get(&[]), |_| answer(200, own));
        let vary = says(&response, &VARY);
        assert_eq!(vary.split(", ").count(), 3_000 + own.len());
        assert!(vary.ends_with("x-2998, x-2999"), "{own:?}");
    }
}

/// A response without a policy of its own varies as a 200 with any of them, in linear time.
#[test]
fn a_response_without_a_rule_varies_by_thousands_of_headers() {
    let layer = rules((0..3_000).map(|number| {
        let [read, own] = ["x", "y"].map(|name| format!("{name}-{number}").try_into().unwrap());
        let policy = CachePolicy::shared_and_public().vary([own]);
        let rule = Rule::new(policy).content_type("image/png").unwrap();
        rule.header(read, |_| true)
    }));
    for status in [404, 304] {
        for own in [&[][..], &[(VARY, "accept")]] {
            let response = send(&layer, get(&[]), |_| answer(status, own));
            let vary = says(&response, &VARY);
            assert_eq!(vary.split(", ").count(), 6_000 + own.len(), "{status}");
        }
    }
}

/// Of several paths one has to match, since a request has one path.
#[test]
fn all_conditions_on_the_request_have_to_hold() {
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

/// R-9111-4.1-a: an error varies like the success of its route.
#[test]
fn an_error_varies_like_its_route() {
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

/// R-9110-15.4.5-e: a 304 varies by the headers of all policies that it may have.
#[test]
fn a_304_without_a_type_varies_by_all_possible_policies() {
    let around = super::layer(CachePolicy::no_cache().vary([ORIGIN]));
    let json = Rule::new(CachePolicy::transformed().vary([ACCEPT]));
    let json = json.content_type("application/json").unwrap();
    let response = send(&around.rule(json).unwrap(), get(&[]), |_| answer(304, &[]));
    assert_eq!(says(&response, &VARY), "accept, origin");
    assert_eq!(says(&response, &CACHE_CONTROL), "");
}

/// R-9110-12.5.5-a: headers that rules read count even if the handler chooses a policy.
#[test]
fn a_chosen_policy_varies_by_the_headers_of_rules() {
    let layer = rules([public().header(ACCEPT, |_| false)]);
    let response = send(&layer, get(&[]), |_| {
        let mut response = answer(200, &[]);
        response.extensions_mut().insert(CachePolicy::transformed());
        response
    });
    assert_eq!(says(&response, &CACHE_CONTROL), "max-age=60");
    assert_eq!(says(&response, &VARY), "accept");
}

/// R-9111-5.2-b: a redirection with a policy of the handler.
#[test]
fn a_redirection_keeps_the_policy_of_the_handler() {
    let layer = layer(CachePolicy::no_store());
    let own = [(CACHE_CONTROL, "max-age=9")];
    assert_eq!(control(&layer, get(&[]), 301, &own), "max-age=9");
}

/// R-9111-4.1-a: a rule for other statuses does not affect the success.
#[test]
fn an_error_does_not_vary_like_another_status() {
    let moved = Rule::new(CachePolicy::no_cache().vary([ORIGIN])).redirections();
    let route = Rule::new(CachePolicy::no_cache().vary([ACCEPT]));
    let response = send(&rules([moved, route]), get(&[]), |_| answer(404, &[]));
    assert_eq!(says(&response, &VARY), "accept");
}

/// R-9110-15.4.5-e: several policies that depend on the media type.
#[test]
fn a_304_without_a_type_varies_by_every_later_rule() {
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
    // An error may replace any of them.
    assert_eq!(vary(404), "accept, accept-language, origin");
}

/// R-9111-3.5-a, R-9111-7.3-a: a 304 replaces stored headers, so it is private even if no rule
/// applies.
#[test]
fn a_304_without_a_type_is_private() {
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

/// R-9110-15.1-a: several ranges have a `Content-Type` of their own, and a response to `If-Range`
/// may have none (RFC 9110, section 15.3.7).
#[test]
fn a_206_without_a_type_is_not_stored() {
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

/// R-9111-4.1-a: a rule for 200 alone is a rule for the success.
#[test]
fn an_error_varies_like_the_200_of_a_rule() {
    let route = Rule::new(CachePolicy::no_cache().vary([ACCEPT]));
    let response = send(&rules([route.status(StatusCode::OK)]), get(&[]), |_| {
        answer(406, &[])
    });
    assert_eq!(says(&response, &VARY), "accept");
}

/// R-9110-9.3.3-a: no cache stores responses to these safe methods.
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

/// R-9110-9.3.3-a: stale use is use without revalidation.
#[test]
fn a_write_has_no_stale_window_either() {
    let window = "max-age=0, stale-while-revalidate=60".parse().unwrap();
    let policy = CachePolicy::new(window).unwrap();
    let refused = layer(CachePolicy::no_cache()).rule(Rule::new(policy).method(Method::POST));
    let expected = InvalidCachePolicy::FreshWrite(Method::POST);
    assert_eq!(refused.unwrap_err(), expected);
}

/// R-9110-9.3.3-a: the policy of the layer is for `GET` and `HEAD`.
#[test]
fn a_named_method_does_not_get_the_policy_of_reads() {
    let query = Method::from_bytes(b"QUERY").unwrap();
    let missing = Rule::new(CachePolicy::no_cache()).method(query.clone());
    let layer = layer(CachePolicy::shared_and_public())
        .rule(missing.status(StatusCode::NOT_FOUND))
        .unwrap();
    let policy_for = |status| control(&layer, asking(query.clone(), "/", &[]), status, &[]);
    assert_eq!(policy_for(404), "no-cache");
    assert_eq!(policy_for(200), "no-cache");
}

/// R-9111-4.2.2-a: a cache may choose a lifetime for other methods than `GET`.
#[test]
fn safe_methods_that_read_have_a_policy() {
    let layer = layer(CachePolicy::shared_and_public());
    for method in ["QUERY", "PROPFIND", "SEARCH"] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let policy_for = |own| control(&layer, asking(method.clone(), "/", &[SECRET]), 200, own);
        assert_eq!(policy_for(&[]), "no-cache, private");
        let own = [(CACHE_CONTROL, "max-age=9")];
        assert_eq!(policy_for(&own), "private, max-age=9");
    }
}

/// R-9110-15.1-a: a status above 599 counts as 5xx (RFC 9110, section 15).
#[test]
fn a_status_above_599_is_an_error() {
    let plain = layer(CachePolicy::shared_and_public());
    assert_eq!(control(&plain, get(&[]), 600, &[]), "no-store");
    assert_eq!(control(&plain, get(&[]), 999, &[]), "no-store");
    let errors = rules([public().errors()]);
    assert_eq!(control(&errors, get(&[]), 999, &[]), PUBLIC);
}

/// These rules could never match, or would replace the policy of the 200.
#[test]
fn rules_for_statuses_without_a_policy_are_refused() {
    let with = |rule: Rule| layer(CachePolicy::no_cache()).rule(rule).map(drop);
    let early = public().status(StatusCode::EARLY_HINTS);
    let refused = |status| Err(InvalidCachePolicy::Status(status));
    assert_eq!(with(early), refused(StatusCode::EARLY_HINTS));
    let alone = public().status(StatusCode::NOT_MODIFIED);
    assert_eq!(with(alone.clone()), refused(StatusCode::NOT_MODIFIED));
    assert_eq!(with(alone.status(StatusCode::OK)), Ok(()));
}
