//! `AuditLayer` on real connections: bodies are audited however they end.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use axum::{Router, body::Body, extract::Path, response::IntoResponse, routing::get};
use tower_conditional::{Audit, AuditLayer, audit::Code};

use crate::support::{Client, Hint, Scripted, Server, data};

/// Returns new content on each call, always with the same tag.
fn router() -> Router {
    let times = Arc::new(AtomicU8::new(0));
    let handler = move |Path(framing): Path<String>| {
        let time = times.fetch_add(1, Ordering::Relaxed);
        let hint = match &*framing {
            "sized" => Hint::Exact,
            _ => Hint::Unknown,
        };
        let frames = [data("a"), data(vec![time])];
        let fields = [("etag", "\"a\""), ("cache-control", "no-cache")];
        std::future::ready((fields, Body::new(Scripted::new(frames, hint))).into_response())
    };
    Router::new().route("/{framing}", get(handler))
}

/// P-TR-limit, R-9110-8.8.1-a: this is found with all framings and versions, and nothing else is.
#[tokio::test]
async fn bodies_are_audited_at_their_end() {
    let audit = Audit::new();
    let server = Server::start(router().layer(AuditLayer::new(audit.clone()))).await;
    for mut client in Client::both(&server).await {
        for path in ["/sized", "/chunked"] {
            audit.clear();
            for _ in 0..2 {
                let reply = client.request("GET", path, &[]).await;
                assert_eq!((reply.status, reply.body.len()), (200, 2));
            }
            let findings = audit.findings();
            let [finding] = &findings[..] else {
                panic!("{} {path}: {findings:?}", client.version());
            };
            assert_eq!(finding.code(), Code::SameTagOtherBytes);
            assert_eq!(finding.target(), format!("GET {path}"));
        }
    }
}
