//! Places in a limit inside, which nobody holds who waits or has an answer.

use std::{convert::Infallible, time::Duration};

use tokio::{
    task::yield_now,
    time::{Instant, timeout},
};
use tower::{
    Layer, Service, ServiceExt, limit::ConcurrencyLimit, service_fn, util::BoxCloneSyncService,
};

use super::{Fault, Site, TestService, get, request, send};

/// Returns the layer around a handler with one place.
fn service(site: &Site) -> TestService {
    let handler = site.clone();
    let handler = service_fn(move |request: http::Request<_>| {
        let response = handler.respond(&request.into_parts().0);
        async { Ok::<_, Infallible>(response) }
    });
    let layer = site.layer();
    BoxCloneSyncService::new(layer.layer(ConcurrencyLimit::new(handler, 1)))
}

/// A request that waits for its store lets others pass.
#[tokio::test(start_paused = true)]
async fn a_slow_store_holds_no_place() {
    for (step, slow, other) in [("lookup", "GET", "PUT"), ("begin", "PUT", "GET")] {
        let site = Site::new();
        let service = service(&site);
        site.store.set(step, Fault::Waits);
        let waiting = tokio::spawn({
            let service = service.clone();
            async move { send(&service, request(slow, "/a", &[])).await }
        });
        yield_now().await;
        assert_eq!(site.store.steps(), [step]);
        let start = Instant::now();
        send(&service, request(other, "/a", &[])).await;
        assert_eq!(start.elapsed(), Duration::ZERO, "{step}");
        site.store.set(step, None);
        assert!(waiting.await.expect("a response").status().is_success());
    }
}

/// A 304 from the cache gives the place back that its service has reserved.
#[tokio::test(start_paused = true)]
async fn a_hit_holds_no_place() {
    let site = Site::new();
    let service = service(&site);
    get(&service, "/a").await;
    let mut kept = service.clone();
    let hit = request("GET", "/a", &[("if-none-match", "\"v1\"")]);
    let ready = kept.ready().await.expect("a ready service");
    assert_eq!(ready.call(hit).await.expect("a response").status(), 304);
    let other = timeout(Duration::from_secs(1), get(&service, "/a")).await;
    assert!(other.is_ok());
    drop(kept);
}
