//! `AuditLayer` around services with mistakes, which it finds.

use axum::{Router, body::Body, routing::get};
use http::{HeaderValue, Response, header};
use tower::ServiceBuilder;
use tower_conditional::{Audit, AuditLayer, CodingTagLayer, EtagLayer, audit::Code, stack};
use tower_http::{
    compression::CompressionLayer, cors::CorsLayer, services::ServeDir,
    set_header::SetResponseHeaderLayer,
};

use crate::audit::{Files, codes, policy, read_all_ways};
use crate::support::{CONTENT, router, send};

/// The 304 of `ServeDir` does not repeat the `Vary` of its 200.
#[tokio::test]
async fn precompressed_files_are_found() {
    let files = Files::new("precompressed");
    std::fs::write(files.0.join("a.txt.gz"), "not really").unwrap();
    let audit = Audit::new();
    let service = ServiceBuilder::new()
        .layer(AuditLayer::new(audit.clone()))
        .layer(policy("no-cache"))
        .service(ServeDir::new(&files.0).precompressed_gzip());
    read_all_ways(&service, "/a.txt").await;
    assert_eq!(codes(&audit), [Code::VaryMissingOn304]);
}

/// The compositions that `compression.rs` shows to be wrong.
#[tokio::test]
async fn compression_around_strong_tags_is_found() {
    let audit = Audit::new();
    let service = router()
        .layer(stack())
        .layer(CompressionLayer::new())
        .layer(policy("no-cache"))
        .layer(AuditLayer::new(audit.clone()));
    read_all_ways(&service, "/").await;
    assert!(
        codes(&audit).contains(&Code::SameTagTwoCodings),
        "{audit:?}"
    );
    assert!(codes(&audit).contains(&Code::VaryMissingOn304), "{audit:?}");
}

/// No layer evaluates conditions for these tags.
#[tokio::test]
async fn a_tag_without_a_304_is_found() {
    let audit = Audit::new();
    let service = ServiceBuilder::new()
        .layer(AuditLayer::new(audit.clone()))
        .layer(policy("no-cache"))
        .layer(EtagLayer::new())
        .service(router());
    read_all_ways(&service, "/").await;
    assert_eq!(codes(&audit), [Code::Missed304]);
    let finding = &audit.findings()[0];
    assert_eq!(finding.target(), "GET /");
    assert!(finding.detail().starts_with("If-None-Match names \""));
}

/// Returns the first bytes to a request for a range, with the version "7" or with none.
async fn in_part(headers: http::HeaderMap) -> Response<Body> {
    let response = Response::builder().header("accept-ranges", "bytes");
    let is_current = headers.get("if-range").is_none_or(|tag| tag == "\"7\"");
    let in_part = is_current && headers.contains_key("range");
    let response = if in_part {
        let part = format!("bytes 0-4/{}", CONTENT.len());
        response.status(206).header("content-range", part)
    } else {
        response
    };
    let content = if in_part { &CONTENT[..5] } else { CONTENT };
    response.body(Body::from(content)).unwrap()
}

/// R-9110-15.3.7-a: a tag from the content is on the 200 alone, and a tag of the handler is on
/// every 206.
#[tokio::test]
async fn a_206_needs_the_tag_of_the_200() {
    let audit = Audit::new();
    let service = |router: Router| {
        ServiceBuilder::new()
            .layer(AuditLayer::new(audit.clone()))
            .layer(policy("no-cache"))
            .layer(CodingTagLayer::new())
            .layer(CompressionLayer::new())
            .layer(stack())
            .service(router)
    };
    let tagless = Router::new().route("/", get(in_part));
    read_all_ways(&service(tagless), "/").await;
    assert_eq!(codes(&audit), [Code::MissingOn206]);

    audit.clear();
    let tagged = |headers| async { ([("etag", "\"7\"")], in_part(headers).await) };
    read_all_ways(&service(Router::new().route("/", get(tagged))), "/").await;
    assert!(audit.findings().is_empty(), "{audit:?}");
}

/// R-9110-9.3.2-a: a handler has its own response to `HEAD`.
#[tokio::test]
async fn another_answer_to_head_is_found() {
    let audit = Audit::new();
    let tagged = |tag: &'static str| move || async move { ([("etag", tag)], CONTENT) };
    let service = ServiceBuilder::new()
        .layer(AuditLayer::new(audit.clone()))
        .layer(policy("no-cache"))
        .layer(stack())
        .service(Router::new().route("/", get(tagged("\"7\"")).head(tagged("\"8\""))));
    read_all_ways(&service, "/").await;
    assert_eq!(codes(&audit), [Code::HeadDiffers]);
}

/// Issue 10, B.4 and A.3: reads are tagged by their content, and writes are checked against a
/// version.
#[tokio::test]
async fn tags_of_two_origins_are_found() {
    let audit = Audit::new();
    let write = |headers: http::HeaderMap| async move {
        match headers.get("if-match") {
            Some(tag) if tag == "\"1\"" => http::StatusCode::NO_CONTENT,
            _ => http::StatusCode::PRECONDITION_FAILED,
        }
    };
    let service = ServiceBuilder::new()
        .layer(AuditLayer::new(audit.clone()))
        .layer(policy("no-cache"))
        .layer(stack())
        .service(Router::new().route("/", get(|| async { CONTENT }).put(write)));
    let full = send(&service, "GET", "/", &[]).await;
    let tag = full.field("etag").unwrap().to_owned();
    send(&service, "PUT", "/", &[("if-match", "\"stale\"")]).await;
    assert!(audit.findings().is_empty(), "{audit:?}");
    send(&service, "PUT", "/", &[("if-match", &tag)]).await;
    assert_eq!(codes(&audit), [Code::CurrentTagRefused]);
    assert_eq!(audit.findings()[0].target(), "PUT /");
}

/// Issue 10, B.4: the content depends on a header that is not in `Vary`.
#[tokio::test]
async fn shared_content_of_a_tenant_is_found() {
    let tenant = |headers: http::HeaderMap| async move {
        let tenant = headers.get("x-tenant").cloned();
        tenant.map_or_else(Vec::new, |tenant| tenant.as_bytes().to_vec())
    };
    let app = Router::new().route("/", get(tenant)).layer(stack());
    let vary =
        SetResponseHeaderLayer::if_not_present(header::VARY, HeaderValue::from_static("x-tenant"));
    let audit = Audit::new();
    let layer = AuditLayer::new(audit.clone());
    let (one, other) = ([("x-tenant", "one")], [("x-tenant", "other")]);
    for (service, expected) in [
        (
            app.clone().layer(policy("public, max-age=60")),
            &[Code::SharedContent][..],
        ),
        (
            app.clone().layer(policy("public, max-age=60")).layer(vary),
            &[],
        ),
        (app.layer(policy("private, max-age=60")), &[]),
    ] {
        audit.clear();
        let service = service.layer(layer.clone());
        send(&service, "GET", "/", &one).await;
        send(&service, "GET", "/", &other).await;
        assert_eq!(codes(&audit), expected);
    }
}

/// Issue 10, B.4: `CorsLayer` exposes only the configured headers.
#[tokio::test]
async fn a_tag_that_scripts_cannot_read_is_found() {
    let audit = Audit::new();
    let layer = AuditLayer::new(audit.clone());
    let app = router().layer(stack()).layer(policy("no-cache"));
    let any = || CorsLayer::new().allow_origin(tower_http::cors::Any);
    for (cors, expected) in [
        (any(), &[Code::HeaderNotExposed][..]),
        (CorsLayer::very_permissive(), &[Code::HeaderNotExposed]),
        (any().expose_headers([header::ETAG]), &[]),
        (CorsLayer::permissive(), &[]),
    ] {
        audit.clear();
        let service = app.clone().layer(cors).layer(layer.clone());
        send(&service, "GET", "/", &[("origin", "https://app.example")]).await;
        assert_eq!(codes(&audit), expected);
        audit.assert_clean();
    }
}
