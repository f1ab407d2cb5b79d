//! Entries that are checked against the handler.

use std::sync::{Arc, Mutex};

use http::StatusCode;

use super::{Fault, Site, ValidatorCacheLayer, get, get_if, put, request, send};
use crate::{
    cache_tags::CacheTags, test_support::Act, test_support::pass, validator_cache::StaleValidator,
};

pub(super) type Reports = Arc<Mutex<Vec<StaleValidator>>>;

/// Returns a site whose wrong entries are reported.
pub(super) fn watched() -> (Site, Reports) {
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
    pass(std::time::Duration::from_secs(6)).await;
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
