//! Sources that hang.

use std::convert::Infallible;

use http::{HeaderValue, Request, StatusCode};
use http_body_util::Empty;
use tower_layer::Layer;
use tower_service::Service;

use super::{FIELD, Query};
use crate::state_ref::StateRefLayer;

#[tokio::test(start_paused = true)]
async fn a_source_that_hangs_times_out() {
    let layer = StateRefLayer::new(FIELD, |_: &http::request::Parts| {
        std::future::pending::<Result<Option<HeaderValue>, Infallible>>()
    });
    let two_seconds = layer.clone().timeout(std::time::Duration::from_secs(2));
    for (layer, seconds) in [(two_seconds, 2), (layer, 10)] {
        let mut request = Request::new(Empty::new());
        request
            .headers_mut()
            .insert(FIELD, HeaderValue::from_static("1"));
        let started = tokio::time::Instant::now();
        let response = layer.layer(Query::default()).call(request).await.unwrap();
        assert_eq!(started.elapsed().as_secs(), seconds);
        assert_eq!(response.status(), StatusCode::OK);
        assert!(!response.headers().contains_key(FIELD));
    }
}
