//! Writes: announced before the handler, and ended after it.

use std::{panic::AssertUnwindSafe, sync::atomic::Ordering, time::Duration};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Response, StatusCode};
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};

use super::{Site, get_if, head, put, request, send};
use crate::test_support::{Act, ScriptedBody, pass, read};

/// R-9111-4.4-a, R-9111-4-d: the store knows of a write before its handler starts, whatever its method is.
#[tokio::test]
async fn a_write_is_announced_before_its_handler() {
    for method in ["PUT", "POST", "PATCH", "DELETE", "FOO"] {
        let site = Site::new();
        let inner = site.service(&site.layer());
        site.fill(&inner, "/a").await;
        site.store.steps();
        let reader = inner.clone();
        let service = site.serve_async(&site.layer(), move |site, parts| {
            let reader = reader.clone();
            async move {
                assert_eq!(site.store.steps(), ["begin"]);
                // The state is still the old one, and it is neither answered nor remembered.
                assert!(!site.is_hit(&reader, "/a", "\"v1\"").await);
                assert!(!site.is_hit(&reader, "/a", "\"v1\"").await);
                assert_eq!(site.store.steps(), ["lookup", "lookup"]);
                site.respond(&parts)
            }
        });
        send(&service, request(method, "/a", &[])).await;
        assert_eq!(site.store.steps(), ["end"], "{method}");
        assert_eq!(
            get_if(&inner, "/a", "\"v1\"").await,
            StatusCode::OK,
            "{method}"
        );
        assert!(site.is_hit(&inner, "/a", "\"v2\"").await, "{method}");
    }
}

/// R-9111-4.4-b: a write ends with each status, and has forgotten the entry.
#[tokio::test]
async fn a_write_ends_with_each_status() {
    for status in [200, 201, 303, 400, 404, 412, 500, 503] {
        let site = Site::new();
        let service = site.serve(&site.layer(), move |site, parts| {
            let mut response = site.respond(parts);
            if parts.method == "PUT" {
                *response.status_mut() = StatusCode::from_u16(status).unwrap();
            }
            response
        });
        site.fill(&service, "/a").await;
        site.store.steps();
        assert_eq!(put(&service, "/a").await.as_u16(), status);
        assert_eq!(site.store.steps(), ["begin", "end"]);
        assert!(!site.is_hit(&service, "/a", "\"v1\"").await, "{status}");
        assert!(site.is_hit(&service, "/a", "\"v2\"").await, "{status}");
    }
}

/// R-9111-4.4-b: a write ends after an error and after a panic of the service.
#[tokio::test]
async fn a_write_ends_after_an_error_and_a_panic() {
    for panics in [false, true] {
        let site = Site::new();
        let reader = site.service(&site.layer());
        site.fill(&reader, "/a").await;
        let state = site.clone();
        let failing = site
            .layer()
            .layer(service_fn(move |_: http::Request<Full<Bytes>>| {
                state.write();
                async move {
                    assert!(!panics, "on purpose");
                    Err::<Response<ScriptedBody>, _>("failed")
                }
            }));
        let write = failing.oneshot(request("PUT", "/a", &[]));
        let write = AssertUnwindSafe(write).catch_unwind().await;
        assert_eq!(write.is_err(), panics);
        assert_eq!(site.store.steps().last(), Some(&"end"));
        assert!(!site.is_hit(&reader, "/a", "\"v1\"").await);
        assert!(site.is_hit(&reader, "/a", "\"v2\"").await);
    }
}

/// A panic in the call itself, before there is a future.
#[tokio::test]
async fn a_write_ends_after_a_panic_of_the_call() {
    let site = Site::new();
    let reader = site.service(&site.layer());
    let failing = site.layer().layer(service_fn(
        |_: http::Request<Full<Bytes>>| -> std::future::Ready<Result<Response<ScriptedBody>, ()>> {
            panic!("on purpose")
        },
    ));
    let write = failing.oneshot(request("PUT", "/a", &[]));
    assert!(AssertUnwindSafe(write).catch_unwind().await.is_err());
    assert_eq!(site.store.steps(), ["begin", "end"]);
    site.fill(&reader, "/a").await;
}

/// The handler may write while its content is sent, so the write ends with it.
#[tokio::test]
async fn a_streamed_response_ends_the_write_at_its_end() {
    for is_read in [true, false] {
        let site = Site::new();
        let service = site.serve(&site.layer(), |site, parts| {
            let mut response = site.respond(parts);
            if parts.method == "PUT" {
                *response.body_mut() = ScriptedBody::unsized_([Act::data("done")]);
            }
            response
        });
        site.fill(&service, "/a").await;
        site.store.steps();
        let response = head(&service, request("PUT", "/a", &[])).await;
        // The second announcement gives the content its full time.
        assert_eq!(site.store.steps(), ["begin", "begin"]);
        assert!(!site.is_hit(&service, "/a", "\"v2\"").await);
        assert!(!site.is_hit(&service, "/a", "\"v2\"").await);
        if is_read {
            read(response.into_body());
        } else {
            drop(response);
        }
        assert_eq!(site.store.steps().last(), Some(&"end"));
        assert!(!site.is_hit(&service, "/a", "\"v2\"").await);
        assert!(site.is_hit(&service, "/a", "\"v2\"").await);
    }
}

/// A handler may write as long as its content is sent, however long that takes.
#[tokio::test(start_paused = true)]
async fn a_streamed_response_keeps_its_write_announced() {
    let site = Site::new();
    let reader = site.service(&site.layer());
    let service = site.serve(&site.layer(), |_, _| {
        let stream = ScriptedBody::unsized_([Act::Wait, Act::data("done")]);
        Response::new(stream)
    });
    let response = head(&service, request("PUT", "/a", &[])).await;
    for _ in 0..300 {
        pass(Duration::from_secs(1)).await;
        site.clock.advance(Duration::from_secs(1));
        assert!(!site.is_hit(&reader, "/a", "\"v1\"").await);
    }
    site.write();
    read(response.into_body());
    site.store.steps();
    assert!(!site.is_hit(&reader, "/a", "\"v1\"").await);
    assert!(site.is_hit(&reader, "/a", "\"v2\"").await);
    // Its task is over, too.
    for _ in 0..120 {
        pass(Duration::from_secs(1)).await;
    }
    assert!(!site.store.steps().contains(&"begin"));
}

/// R-9111-4.4-d: the read after a write gets its state, each time.
#[tokio::test]
async fn each_write_is_visible_at_once() {
    let site = Site::new();
    let service = site.service(&site.tagged_layer());
    for version in 1..=1000 {
        let old = format!("\"v{version}\"");
        site.fill(&service, "/a").await;
        put(&service, "/a").await;
        let read = send(&service, request("GET", "/a", &[("if-none-match", &old)])).await;
        assert_eq!(read.status(), StatusCode::OK);
        assert_eq!(read.headers()["etag"], *site.tag());
    }
    assert_eq!(site.version.load(Ordering::SeqCst), 1001);
}
