use http::StatusCode;
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::{Runs, layer, order, post, send, service};
use crate::refusal::Refusal;

/// P-ID-replay-fidelity, P-ID-replay-secrets, P-ID-marker.
#[tokio::test]
async fn a_replay_has_the_headers_of_the_first_response() {
    let runs = Runs::default();
    let service = service(&layer(), &runs, order);
    let first = service
        .clone()
        .oneshot(post("\"a\""))
        .await
        .expect("a response");
    assert_eq!(first.headers()["set-cookie"], "session=1");
    assert!(!first.headers().contains_key("idempotent-replayed"));
    let first = first
        .into_body()
        .collect()
        .await
        .expect("the content")
        .to_bytes();
    let retry = service.oneshot(post("\"a\"")).await.expect("a response");
    assert_eq!(retry.status(), StatusCode::CREATED);
    let headers = retry.headers();
    assert_eq!(headers["location"], "/orders/1");
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["idempotent-replayed"], "true");
    assert_eq!(headers["content-length"], first.len().to_string());
    assert_eq!(headers.len(), 4);
    let content = retry.into_body().collect().await.expect("the content");
    assert_eq!(content.to_bytes(), first);
}

#[tokio::test]
async fn the_marker_can_be_named() {
    let runs = Runs::default();
    let name = http::HeaderName::from_static("idempotency-replayed");
    let service = service(&layer().replay_marker(name), &runs, order);
    for is_marked in [false, true] {
        let response = service
            .clone()
            .oneshot(post("\"a\""))
            .await
            .expect("a response");
        assert_eq!(
            response.headers().contains_key("idempotency-replayed"),
            is_marked
        );
    }
}

/// P-ID-marker: a proxy inside may pass the marker of another service on.
#[tokio::test]
async fn a_first_response_never_has_the_marker() {
    let runs = Runs::default();
    let service = service(&layer(), &runs, |number, request| async move {
        let mut response = order(number, request).await;
        let marker = http::HeaderValue::from_static("true");
        response.headers_mut().insert("idempotent-replayed", marker);
        response
    });
    assert!(!send(&service, post("\"a\"")).await.replayed);
    assert!(send(&service, post("\"a\"")).await.replayed);
}

/// P-ID-nocache: refusals are stored by nobody, and lead to the documentation.
#[tokio::test]
async fn refusals_are_not_stored() {
    let runs = Runs::default();
    let link = "<https://api.example/keys>; rel=\"describedby\"";
    let layer = layer().described_by(link.parse().expect("a value"));
    let service = service(&layer, &runs, order);
    let refused = service.oneshot(post("a")).await.expect("a response");
    assert_eq!(refused.headers()["cache-control"], "no-store");
    assert_eq!(
        refused.headers()["content-type"],
        "application/problem+json"
    );
    assert_eq!(refused.headers()["link"], link);
}

/// An application writes the text of a refusal itself.
#[tokio::test]
async fn refusals_have_a_text_of_the_application() {
    let layer = layer().refusals(|refusal: &Refusal<'_>| {
        let text = refusal.title().into();
        (http::HeaderValue::from_static("text/x-own"), text)
    });
    let service = service(&layer, &Runs::default(), order);
    let refused = service.oneshot(post("a")).await.expect("a response");
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert_eq!(refused.headers()["content-type"], "text/x-own");
}

/// R-9110-8.6-b: a 204 has no length, first or repeated.
#[tokio::test]
async fn a_replay_without_content_has_no_length() {
    for (status, length) in [(StatusCode::NO_CONTENT, None), (StatusCode::OK, Some("0"))] {
        let runs = Runs::default();
        let service = service(&layer(), &runs, move |_, _| async move {
            let mut response = http::Response::new(http_body_util::Full::default());
            *response.status_mut() = status;
            response
        });
        assert_eq!(send(&service, post("\"a\"")).await.status, status);
        let replay = service.oneshot(post("\"a\"")).await.expect("a response");
        assert_eq!(replay.headers()["idempotent-replayed"], "true");
        let found = replay.headers().get("content-length");
        assert_eq!(
            found.map(|value| value.as_bytes()),
            length.map(str::as_bytes)
        );
    }
}
