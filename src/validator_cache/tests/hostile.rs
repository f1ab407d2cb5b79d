//! Requests, purges and clocks that mean harm, or are only unlucky.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, Request, StatusCode};
use http_body_util::Full;
use tower::ServiceExt;

use super::{Site, TestService, get, get_if, request, send};
use crate::{
    cache_tags::{CacheTag, CacheTags},
    purge::Purge,
    validator_cache::EtagsCacheService,
};

const MILLISECOND: Duration = Duration::from_millis(1);

async fn status(service: &TestService, fields: &[(&str, &str)]) -> u16 {
    let response = send(service, request("GET", "/a", fields)).await;
    response.status().as_u16()
}

/// R-9110-13.1.2-d: text that is no tag never counts as a match.
#[tokio::test]
async fn a_malformed_condition_is_never_answered() {
    let site = Site::new();
    let service = site.service(&site.layer());
    site.fill(&service, "/a").await;
    for value in [
        "",
        ",",
        "v1",
        "\"v1",
        "v1\"",
        "'v1'",
        "w/\"v1\"",
        "W/ \"v1\"",
        "\"v1\"x",
        "\"v1\";q=1",
        "\"v1\" \"v2\"",
        "\"V1\"",
        "*, \"v2\"",
        "*,*",
        "true",
        "\"v1\\\"",
    ] {
        assert_eq!(get_if(&service, "/a", value).await, 200, "{value}");
    }
    for value in ["*", "\"v1\"", "W/\"v1\"", ",, \"v1\"", "\"v0\",\t\"v1\" "] {
        assert_eq!(get_if(&service, "/a", value).await, 304, "{value}");
    }
}

#[tokio::test]
async fn the_last_of_ten_thousand_tags_is_found() {
    let site = Site::new();
    let service = site.service(&site.layer());
    site.fill(&service, "/a").await;
    let others: String = (2..10_000)
        .map(|number| format!("\"v{number}\","))
        .collect();
    assert_eq!(get_if(&service, "/a", &others).await, StatusCode::OK);
    let with_own = others + "\"v1\"";
    assert_eq!(get_if(&service, "/a", &with_own).await, 304);
    let commas = ",".repeat(65_536) + "\"v1\"";
    assert_eq!(get_if(&service, "/a", &commas).await, 304);
}

/// The tags of a client may come in many lines (RFC 9110, section 5.3).
#[tokio::test]
async fn conditions_in_many_lines_are_one_list() {
    let site = Site::new();
    let service = site.service(&site.layer());
    site.fill(&service, "/a").await;
    let mut lines = vec![("if-none-match", "\"v0\""); 1_000];
    assert_eq!(status(&service, &lines).await, 200);
    lines.push(("if-none-match", "\"v1\""));
    assert_eq!(status(&service, &lines).await, 304);
    // A tag does not continue in the next line.
    let cut = [("if-none-match", "\"v"), ("if-none-match", "1\"")];
    assert_eq!(status(&service, &cut).await, 200);
}

/// R-9111-3.5-a: any line of a credential counts, also an empty one.
#[tokio::test]
async fn any_credential_passes_by() {
    let site = Site::new();
    let service = site.service(&site.layer());
    site.fill(&service, "/a").await;
    for name in ["authorization", "cookie", "proxy-authorization"] {
        for value in ["", "x", "Bearer a"] {
            let fields = [("if-none-match", "\"v1\""), (name, value)];
            let pass = site.runs();
            assert_eq!(status(&service, &fields).await, 200, "{name} {value}");
            assert_eq!((pass, site.runs()), (0, 1));
        }
    }
}

/// RFC 9111, section 4.2.1: an age that cannot be read is none that allows an answer.
#[tokio::test]
async fn unreadable_ages_ask_the_handler() {
    let site = Site::new();
    let service = site.service(&site.layer());
    site.fill(&service, "/a").await;
    for (value, expected) in [
        ("max-age=0", 200),
        ("max-age=-1", 200),
        ("no-cache", 200),
        ("NO-CACHE", 200),
        ("no-store", 200),
        ("max-age=60", 304),
        ("max-agee=0", 304),
        ("max-age=99999999999999999999", 304),
        ("", 304),
    ] {
        let fields = [("if-none-match", "\"v1\""), ("cache-control", value)];
        assert_eq!(status(&service, &fields).await, expected, "{value}");
    }
}

/// An announcement of ten thousand names, as a careless job makes it.
#[tokio::test]
async fn a_purge_of_ten_thousand_tags_is_announced_and_ends() {
    let site = Site::new();
    let service = site.service(&site.tagged_layer());
    for path in ["/a", "/b"] {
        site.fill(&service, path).await;
    }
    let names = (0..10_000).map(|number| CacheTag::encoded(format!("{number} \r\n,")));
    let tags: Vec<_> = names.chain([CacheTag::encoded("a")]).collect();
    let purge = Purge::new().with_tags(&tags);
    let write = site.cache.announce(&purge).await.expect("a store");
    assert!(!site.is_hit(&service, "/a", "\"v1\"").await);
    assert!(site.is_hit(&service, "/b", "\"v1\"").await);
    drop(write);
    site.fill(&service, "/a").await;
}

/// A write that nobody ends counts as over at the end of its time, and no millisecond before.
#[tokio::test]
async fn an_announcement_lives_to_its_last_millisecond() {
    let site = Site::new();
    let service = site.service(&site.layer());
    let write = site.cache.announce(&Purge::new()).await.expect("a store");
    site.clock.advance(Duration::from_secs(60) - MILLISECOND);
    get(&service, "/a").await;
    assert!(!site.is_hit(&service, "/a", "\"v1\"").await);
    site.clock.advance(MILLISECOND);
    site.fill(&service, "/a").await;
    // Its end forgets what was read meanwhile.
    drop(write);
    assert!(!site.is_hit(&service, "/a", "\"v1\"").await);
}

/// A clock that is set back makes announced resources slow, and never stale.
#[tokio::test]
async fn a_clock_set_back_ends_no_announcement() {
    let site = Site::new();
    let service = site.service(&site.layer());
    site.fill(&service, "/a").await;
    let write = site.cache.announce(&Purge::new()).await.expect("a store");
    let earlier = crate::clock::Clock::now(&site.clock) - Duration::from_secs(3_600);
    site.clock.set(earlier);
    get(&service, "/a").await;
    assert!(!site.is_hit(&service, "/a", "\"v1\"").await);
    drop(write);
    site.fill(&service, "/a").await;
}

/// Names of a million kinds change nothing for others.
#[tokio::test]
async fn the_operator_may_name_anything() {
    let site = Site::new();
    let service = site.service(&site.tagged_layer());
    site.fill(&service, "/a").await;
    let long = format!("/{}/$etags-cache", "x".repeat(60_000));
    for path in [
        "/%0D%0A/$etags-cache",
        "/%FF/$etags-cache",
        "/%/$etags-cache",
        "/%2F/$etags-cache",
        "/*/$etags-cache",
        "/a%00/$etags-cache",
        &long,
    ] {
        let delete = Request::delete(path)
            .body(Full::<Bytes>::default())
            .expect("a request");
        let operator = EtagsCacheService::new(site.cache.clone());
        let response = operator.oneshot(delete).await.expect("a response");
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
        assert!(site.is_hit(&service, "/a", "\"v1\"").await);
    }
}

/// The key has the length of each part, so that no letter moves to its neighbor.
#[tokio::test]
async fn a_letter_does_not_move_between_header_and_principal() {
    let site = Site::new();
    let user = HeaderName::from_static("x-user");
    let named = user.clone();
    let layer = site
        .layer()
        .vary([HeaderName::from_static("x-a")])
        .principal(move |request| Some(request.headers.get(&named)?.to_str().ok()?.to_owned()));
    let service = site.service(&layer);
    let ask = async |a: &str, name: &str| {
        let fields = [
            ("x-a", a),
            (user.as_str(), name),
            ("if-none-match", "\"v1\""),
        ];
        status(&service, &fields).await
    };
    for (a, name) in [("ab", "c"), ("a", "bc"), ("", "abc"), ("abc", "d")] {
        assert_eq!(ask(a, name).await, 200, "{a} {name}");
        assert_eq!(ask(a, name).await, 304, "{a} {name}");
    }
}

/// A client that names ten thousand resources pushes out entries, and makes none stale.
#[tokio::test]
async fn many_resources_of_one_client_make_no_other_stale() {
    let site = Site::new();
    let tags =
        |request: &http::request::Parts| CacheTags::from(CacheTag::encoded(request.uri.path()));
    let service = site.service(&site.layer().tags(tags));
    site.fill(&service, "/a").await;
    for number in 0..10_000 {
        get(&service, &format!("/x?{number}")).await;
    }
    site.write();
    let written = Purge::new().with_target("/a".parse().expect("a URI"));
    site.cache.invalidate(&written).await.expect("a store");
    assert!(!site.is_hit(&service, "/a", "\"v1\"").await);
}
