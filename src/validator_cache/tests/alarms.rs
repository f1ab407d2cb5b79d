//! Answers of the handler that show a wrong entry, and those that do not.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header::ETAG};
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};

use super::{content, get, get_if, put, request, sampler::watched, send};
use crate::{
    EtagLayer,
    purge::Purge,
    test_support::{Act, ScriptedBody, read_unchecked},
};

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
