//! Entries that are checked against the handler.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header::ETAG};
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};

use super::{Fault, Site, ValidatorCacheLayer, content, get, get_if, put, request, send};
use crate::{
    EtagLayer,
    cache_tags::CacheTags,
    purge::Purge,
    test_support::{Act, ScriptedBody, read_unchecked},
    validator_cache::StaleValidator,
};

type Reports = Arc<Mutex<Vec<StaleValidator>>>;

/// Returns a site whose wrong entries are reported.
fn watched() -> (Site, Reports) {
    let mut site = Site::new();
    let reports = Reports::default();
    let all = Arc::clone(&reports);
    site.cache = site
        .cache
        .on_stale(move |stale| all.lock().unwrap().push(stale.clone()));
    (site, reports)
}

/// The rate is a part of the 304s, spread evenly.
#[tokio::test]
async fn the_rate_is_met() {
    for (rate, runs) in [(0.0, 0), (0.25, 25), (0.5, 50), (1.0, 100)] {
        let (site, reports) = watched();
        let service = site.service(&site.layer().sample(rate));
        get(&service, "/a").await;
        site.runs();
        for _ in 0..100 {
            assert_eq!(
                get_if(&service, "/a", "\"v1\"").await,
                StatusCode::NOT_MODIFIED
            );
            // A `HEAD` is never sampled.
            send(
                &service,
                request("HEAD", "/a", &[("if-none-match", "\"v1\"")]),
            )
            .await;
        }
        assert_eq!(
            (site.runs(), reports.lock().unwrap().len()),
            (runs, 0),
            "{rate}"
        );
        assert_eq!(site.cache.stale_count(), 0);
    }
}

#[test]
fn rates_are_between_0_and_1() {
    for rate in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        let set = || Site::new().layer().sample(rate);
        assert!(std::panic::catch_unwind(set).is_err(), "{rate}");
    }
}

/// A write that nobody has announced is found, and its client gets the current state.
#[tokio::test]
async fn a_stale_entry_is_found() {
    let (site, reports) = watched();
    let service = site.service(&site.layer().sample(1.0));
    get(&service, "/a?q=1").await;
    site.write();
    let response = send(
        &service,
        request("GET", "/a?q=1", &[("if-none-match", "\"v1\"")]),
    )
    .await;
    assert_eq!(
        (response.status(), response.body()),
        (StatusCode::OK, &vec![Act::data("hello")])
    );
    assert_eq!(response.headers()["etag"], "\"v2\"");
    let expected = StaleValidator {
        target: "/a?q=1".parse().expect("a URI"),
        remembered: "\"v1\"".parse().expect("a value"),
        current: Some("\"v2\"".parse().expect("a value")),
        is_sampled: true,
    };
    assert_eq!(*reports.lock().unwrap(), [expected]);
    assert_eq!(site.cache.stale_count(), 1);
    // The entry is gone.
    assert_eq!(get_if(&service, "/a?q=1", "\"v1\"").await, StatusCode::OK);
    site.runs();
    assert_eq!(
        get_if(&service, "/a?q=1", "\"v2\"").await,
        StatusCode::NOT_MODIFIED
    );
    assert_eq!(reports.lock().unwrap().len(), 1);
}

/// The handler runs for reads without the client's condition too, and their tags are compared.
#[tokio::test]
async fn other_reads_find_stale_entries_for_nothing() {
    for fields in [
        &[][..],
        &[("if-none-match", "\"x\"")],
        &[("cache-control", "no-cache")],
    ] {
        let (site, reports) = watched();
        let service = site.service(&site.layer());
        get(&service, "/a").await;
        send(&service, request("GET", "/a", fields)).await;
        assert_eq!(reports.lock().unwrap().len(), 0, "{fields:?}");
        site.write();
        send(&service, request("GET", "/a", fields)).await;
        let found: Vec<_> = reports
            .lock()
            .unwrap()
            .iter()
            .map(|it| it.is_sampled)
            .collect();
        assert_eq!(found, [false], "{fields:?}");
        assert_eq!(get_if(&service, "/a", "\"v1\"").await, StatusCode::OK);
    }
}

/// R-9110-9.3.2-a: a service need not make the tag for a `HEAD`.
#[tokio::test]
async fn a_head_without_a_tag_is_no_alarm() {
    let (site, reports) = watched();
    let service = site.serve(&site.layer(), |site, parts| {
        let page = match parts.method {
            http::Method::HEAD => http::Response::builder(),
            _ => site.page(),
        };
        page.body(content("hello")).unwrap()
    });
    get(&service, "/a").await;
    send(&service, request("HEAD", "/a", &[])).await;
    assert_eq!(
        (reports.lock().unwrap().len(), site.cache.stale_count()),
        (0, 0)
    );
    assert!(site.is_hit(&service, "/a", "\"v1\"").await);
}

/// A write that was announced meanwhile is no alarm.
#[tokio::test]
async fn an_announced_write_is_no_alarm() {
    for is_over in [false, true] {
        let (site, reports) = watched();
        let layer = site.layer().sample(1.0);
        let writer = site.service(&layer);
        let cache = site.cache.clone();
        let service = site.serve_async(&layer, move |site, parts| {
            let (writer, cache) = (writer.clone(), cache.clone());
            async move {
                if site.store.len() > 0 && parts.headers.contains_key("if-none-match") {
                    if is_over {
                        put(&writer, "/a").await;
                    } else {
                        let write = cache.announce(&Purge::new()).await.expect("a store");
                        site.write();
                        std::mem::forget(write);
                    }
                }
                site.respond(&parts)
            }
        });
        get(&service, "/a").await;
        let read = send(
            &service,
            request("GET", "/a", &[("if-none-match", "\"v1\"")]),
        )
        .await;
        assert_eq!(read.headers()["etag"], "\"v2\"");
        assert_eq!(
            (reports.lock().unwrap().len(), site.cache.stale_count()),
            (0, 0)
        );
    }
}

/// A representation that is gone, or has no tag any more, is another state. Errors say nothing.
#[tokio::test]
async fn a_tag_that_is_gone_is_an_alarm() {
    for (status, alarms) in [(200, 1), (404, 1), (410, 1), (403, 0), (500, 0)] {
        let (site, reports) = watched();
        let service = site.serve(&site.layer().sample(1.0), move |site, parts| {
            let is_first = !parts.headers.contains_key("if-none-match");
            let page = if is_first {
                site.page()
            } else {
                http::Response::builder()
            };
            let status = if is_first { 200 } else { status };
            page.status(status).body(content("hello")).unwrap()
        });
        get(&service, "/a").await;
        assert_eq!(get_if(&service, "/a", "\"v1\"").await.as_u16(), status);
        let reports = reports.lock().unwrap();
        assert_eq!(reports.len(), alarms, "{status}");
        assert!(reports.iter().all(|stale| stale.current.is_none()));
    }
}

/// Content that breaks while it is hashed has no tag, and is no other state.
#[tokio::test]
async fn content_that_breaks_is_no_alarm() {
    let (site, reports) = watched();
    let layer = site.layer().sample(1.0);
    let handler = service_fn(async |request: Request<Full<Bytes>>| {
        let whole = !request.headers().contains_key("if-none-match");
        let acts = [
            Act::data("hel"),
            if whole { Act::data("lo") } else { Act::Error },
        ];
        Ok::<_, Infallible>(Response::new(ScriptedBody::sized(acts)))
    });
    let service = layer.layer(EtagLayer::new().layer(handler));
    let ask = |fields: &[(&str, &str)]| service.clone().oneshot(request("GET", "/a", fields));
    let Ok(whole) = ask(&[]).await;
    let tag = whole.headers()[ETAG].to_str().unwrap().to_owned();
    read_unchecked(whole.into_body());
    let Ok(broken) = ask(&[("if-none-match", &tag)]).await;
    assert_eq!(broken.status(), StatusCode::OK);
    assert_eq!(
        (reports.lock().unwrap().len(), site.cache.stale_count()),
        (0, 0)
    );
}

/// A wrong entry is not used while the store cannot forget it.
#[tokio::test(start_paused = true)]
async fn a_stale_entry_is_not_used_in_an_outage() {
    let (site, _) = watched();
    let service = site.service(&site.layer());
    get(&service, "/a").await;
    site.write();
    site.store.set("invalidate", Fault::Refused);
    get(&service, "/a").await;
    assert_eq!(site.cache.stale_count(), 1);
    assert!(!site.is_hit(&service, "/a", "\"v1\"").await);
    site.store.set("invalidate", None);
    super::pass(std::time::Duration::from_secs(6)).await;
    assert!(!site.is_hit(&service, "/a", "\"v1\"").await);
    assert!(site.is_hit(&service, "/a", "\"v2\"").await);
}

/// A write with a wrong tag is such a write.
#[tokio::test]
async fn a_wrong_tag_is_found() {
    let (site, reports) = watched();
    let tags = |request: &http::request::Parts| {
        let name = if request.method == "GET" {
            "notes"
        } else {
            "note"
        };
        CacheTags::of([name]).expect("a tag")
    };
    let layer = ValidatorCacheLayer::new(site.cache.clone()).tags(tags);
    let service = site.service(&layer);
    site.fill(&service, "/notes").await;
    put(&service, "/notes/1").await;
    get(&service, "/notes").await;
    assert_eq!(reports.lock().unwrap().len(), 1);
}

/// An entry that was filled meanwhile is another one.
#[tokio::test]
async fn an_entry_of_a_later_read_is_no_alarm() {
    let (site, reports) = watched();
    let writer = site.service(&site.layer());
    let service = site.serve_async(&site.layer(), move |site, parts| {
        let writer = writer.clone();
        async move {
            if site.store.len() > 0 && parts.headers.contains_key("if-none-match") {
                put(&writer, "/a").await;
                site.fill(&writer, "/a").await;
            }
            site.respond(&parts)
        }
    });
    get(&service, "/a").await;
    assert_eq!(get_if(&service, "/a", "\"x\"").await, StatusCode::OK);
    assert_eq!(site.tag(), "\"v2\"");
    assert_eq!(reports.lock().unwrap().len(), 0);
    assert!(site.is_hit(&service, "/a", "\"v2\"").await);
}
