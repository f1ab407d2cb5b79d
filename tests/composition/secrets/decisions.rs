//! Decisions about requests, failed sources, and findings of an audit.

use std::convert::Infallible;

use axum::{body::Body, extract::Path};
use http::{Request, Response};
use tower::{Layer, service_fn};
use tower_conditional::{
    Audit, AuditLayer, ConditionalLayer, Current, EntityTag, PreconditionLayer, source, stack,
};
use tracing::subscriber::set_default;

use super::{Texts, answer, request, send};

fn secret_tag() -> EntityTag {
    EntityTag::strong("secret-tag").unwrap()
}

#[tokio::test]
async fn decisions_and_failed_sources_tell_no_secrets() {
    let texts = Texts::default();
    let _subscribed = set_default(texts.events.clone());
    let handler = service_fn(async |request: Request<_>| Ok::<_, Infallible>(answer(&request)));
    let knows = source::from_fn(async |_| secret_tag());
    let layer = stack()
        .conditional(ConditionalLayer::new().source(knows))
        .precondition(PreconditionLayer::new(knows).require())
        .observe_with(texts.observe());
    let service = layer.layer(handler);
    let same = "\"secret-tag\"";
    for (method, tag, status) in [
        ("GET", same, 304),
        ("GET", "\"secret-other\"", 200),
        ("PUT", same, 200),
        ("PUT", "\"secret-other\"", 412),
        ("PUT", "secret-nonsense", 412),
        ("SECRET-METHOD", same, 200),
    ] {
        assert_eq!(
            send(&service, request(method, None, tag)).await,
            Some(status),
            "{method} {tag}"
        );
    }
    let mut bare = request("DELETE", None, same);
    bare.headers_mut().remove("if-match");
    assert_eq!(send(&service, bare).await, Some(428));
    texts.assert_told(&[
        "INFO message=an exchange has ended method=PUT route=/{user}/{id} status=412",
        "status=428",
        "method=other",
        "SPAN conditional.outcome=not_modified",
        "updates can be lost",
    ]);

    let fails = source::from_fn(async |_| Err::<Current, _>("the database is gone"));
    let guard = PreconditionLayer::new(fails);
    let failing = stack().precondition(guard).observe_with(texts.observe());
    assert_eq!(
        send(&failing.layer(handler), request("PUT", None, same)).await,
        Some(503)
    );
    texts.assert_told(&[
        "the current state is not known",
        "the database is gone",
        "outcome=source_failed",
    ]);
}

/// The rejection of axum's `Path` repeats the text that is no number.
#[tokio::test]
async fn a_rejected_path_is_told_without_its_text() {
    use axum::{Router, routing::put};

    let texts = Texts::default();
    let _subscribed = set_default(texts.events.clone());
    let source = source::axum(async |Path((_, _)): Path<(String, u64)>| secret_tag());
    let guard = PreconditionLayer::new(source.clone());
    let layer = stack()
        .conditional(ConditionalLayer::new().source(source))
        .precondition(guard)
        .observe_with(texts.observe());
    let notes = put(async || "saved")
        .get(async || "read")
        .route_layer(layer);
    let app = Router::new().route("/{user}/{id}", notes);
    assert_eq!(send(&app, request("PUT", None, "\"v\"")).await, Some(400));
    assert_eq!(send(&app, request("GET", None, "\"v\"")).await, Some(200));
    texts.assert_told(&["status=400", "method=GET"]);
}

/// Findings have targets and tags. Their events have them only if the audit is told so.
#[tokio::test]
async fn findings_tell_secrets_only_if_they_are_asked_to() {
    let texts = Texts::default();
    let _subscribed = set_default(texts.events.clone());
    let handler = service_fn(async |_: Request<_>| {
        let response = Response::builder().header("etag", "secret-unquoted");
        Ok::<_, Infallible>(response.body(Body::from("secret-content")).unwrap())
    });
    let audit = Audit::new();
    let service = AuditLayer::new(audit.clone()).layer(handler);
    assert_eq!(
        send(&service, request("GET", None, "\"v\"")).await,
        Some(200)
    );
    texts.assert_told(&["code=invalid-tag"]);
    assert!(audit.findings()[0].target().contains("secret-path"));
    let service = AuditLayer::new(Audit::new().log_targets()).layer(handler);
    assert_eq!(
        send(&service, request("GET", None, "\"v\"")).await,
        Some(200)
    );
    let told = texts.events.take().concat();
    assert!(
        told.contains("secret-path") && told.contains("secret-unquoted"),
        "{told}"
    );
}
