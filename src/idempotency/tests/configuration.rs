//! Configurations that no layer can have.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use http::{
    HeaderName, Method,
    header::{
        CACHE_CONTROL, CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, DATE, ETAG, LINK, LOCATION,
        RETRY_AFTER, SET_COOKIE, VARY,
    },
};

use super::{Store, layer};
use crate::idempotency::{IdempotencyLayer, Retention};

type Layer = IdempotencyLayer<Store>;

/// The text of the refusal.
fn refused(configure: impl FnOnce(Layer) -> Layer) -> String {
    let built = catch_unwind(AssertUnwindSafe(|| configure(layer())));
    let panic = built.expect_err("a wrong configuration");
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => (*panic.downcast::<&str>().expect("a text")).to_owned(),
    }
}

#[test]
fn a_wrong_configuration_is_refused_with_a_remedy() {
    assert_eq!(
        refused(|layer| layer.methods([])),
        "invalid methods []: name at least one, or leave the layer out"
    );
    assert_eq!(
        refused(|layer| layer.methods([Method::POST, Method::HEAD])),
        "invalid method \"HEAD\": its response has no content to record"
    );
    for lease in [Duration::ZERO, Duration::from_micros(9_999)] {
        assert_eq!(
            refused(|layer| layer.lease(lease)),
            format!("invalid lease {lease:?}: it ends before it is renewed; use some seconds")
        );
    }
    assert_eq!(
        refused(|layer| layer.timeout(Duration::ZERO)),
        "invalid timeout 0ns: no handler ends in time; use some seconds"
    );
    assert_eq!(
        refused(|layer| layer.retention(Retention::new(Duration::ZERO))),
        "invalid retention 0ns: every retry would run; use some hours"
    );
    for name in [
        CONNECTION,
        DATE,
        SET_COOKIE,
        CONTENT_TYPE,
        ETAG,
        LOCATION,
        CACHE_CONTROL,
        VARY,
        CONTENT_ENCODING,
        RETRY_AFTER,
        LINK,
        HeaderName::from_static("access-control-allow-origin"),
        HeaderName::from_static("example-cache-control"),
        HeaderName::from_static("accept-patch"),
    ] {
        assert_eq!(
            refused(|layer| layer.replay_marker(name.clone())),
            format!(
                "invalid replay marker \"{name}\": it has another meaning; use a name of your own"
            )
        );
    }
}

/// The largest values do not overflow.
#[tokio::test(start_paused = true)]
async fn the_largest_values_are_accepted() {
    let layer = layer()
        .methods([Method::POST])
        .lease(Duration::MAX)
        .timeout(Duration::MAX)
        .wait_timeout(Duration::MAX)
        .retention(Retention::new(Duration::MAX).with_tombstone(Duration::MAX))
        .max_request_bytes(usize::MAX)
        .max_response_bytes(usize::MAX);
    let runs = super::Runs::default();
    let service = super::service(&layer, &runs, super::order);
    let first = super::send(&service, super::post("\"a\"")).await;
    assert_eq!(first.status, 201);
    let retry = super::send(&service, super::post("\"a\"")).await;
    assert!(retry.replayed);
}
