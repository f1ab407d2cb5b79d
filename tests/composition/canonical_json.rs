//! Tags from canonical JSON among the other layers: polls, writes, ranges, and recipes.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use axum::{Router, http::StatusCode, routing::get};
use http::header;
use tower_conditional::{
    Audit, AuditLayer, CodingTagLayer, EtagLayer, Outcome, PreconditionLayer, Stack, audit::Code,
    outcome::TagOrigin, source::SelfGet, stack,
};
use tower_http::compression::CompressionLayer;

use crate::support::{Reply, send};

/// A report with a new time in each response.
#[derive(Clone, Default)]
struct Report {
    clock: Arc<AtomicU32>,
    revision: Arc<AtomicU32>,
}

impl Report {
    fn router(&self) -> Router {
        let report = self.clone();
        let read = move || {
            let at = report.clock.fetch_add(1, Ordering::SeqCst);
            let revision = report.revision.load(Ordering::SeqCst);
            let text = format!("{{\"revision\":{revision},\"generated_at\":{at}}}");
            async move { ([(header::CONTENT_TYPE, "application/json")], text) }
        };
        let report = self.clone();
        let write = move || {
            report.revision.fetch_add(1, Ordering::SeqCst);
            async { StatusCode::NO_CONTENT }
        };
        Router::new().route("/", get(read).put(write))
    }
}

fn ignoring(pointer: &str) -> EtagLayer {
    EtagLayer::new().ignoring([pointer]).expect("a pointer")
}

/// R-8785-3-a, R-9110-8.8.1-e: a client that polls gets the report once, and at once after a change.
#[tokio::test]
async fn polls_are_304_until_something_else_changes() {
    let report = Report::default();
    let audit = Audit::new();
    let app = report
        .router()
        .layer(stack().etag(ignoring("/generated_at")))
        .layer(AuditLayer::new(audit.clone()));
    let mut tag = "\"none\"".to_owned();
    let mut poll = async || {
        let reply = send(&app, "GET", "/", &[("if-none-match", &tag)]).await;
        tag = reply.tag().to_owned();
        reply
    };
    let mut statuses = [0, 0];
    for _ in 0..1000 {
        let reply = poll().await;
        statuses[usize::from(reply.status == 304)] += 1;
        assert!(matches!(reply.status, 200 | 304));
    }
    assert_eq!(statuses, [1, 999]);
    assert_eq!(report.clock.load(Ordering::SeqCst), 1000);

    assert_eq!(send(&app, "PUT", "/", &[]).await.status, 204);
    let changed = poll().await;
    assert_eq!(changed.status, 200);
    assert_eq!(changed.body, b"{\"revision\":1,\"generated_at\":1000}");
    assert_eq!(poll().await.status, 304);
    audit.assert_clean();
    let found = |code| {
        audit
            .findings()
            .iter()
            .any(|finding| finding.code() == code)
    };
    assert!(!found(Code::UnmatchedPointer));

    // Without the setting, each poll gets the whole report.
    let app = report.router().layer(stack());
    let first = send(&app, "GET", "/", &[]).await;
    let again = send(&app, "GET", "/", &[("if-none-match", first.tag())]).await;
    assert_eq!(again.status, 200);
}

/// The audit names a pointer with a slip of the pen, once for all polls.
#[tokio::test]
async fn an_unmatched_pointer_is_advice() {
    let audit = Audit::new();
    let app = Report::default()
        .router()
        .layer(stack().etag(ignoring("/generatedAt")))
        .layer(AuditLayer::new(audit.clone()));
    for _ in 0..3 {
        assert_eq!(send(&app, "GET", "/", &[]).await.status, 200);
    }
    let findings = audit.findings();
    let found: Vec<_> = findings
        .iter()
        .filter(|finding| finding.code() == Code::UnmatchedPointer)
        .collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].count(), 1);
    assert_eq!(found[0].detail(), "nothing at /generatedAt");
    audit.assert_clean();
}

/// R-9110-13.1.1-a: a weak tag never satisfies `If-Match`, unless the layer for writes compares weakly.
#[tokio::test]
async fn a_weak_tag_guards_no_write() {
    let report = Report::default();
    let reads = report
        .router()
        .layer(stack().etag(ignoring("/generated_at")));
    let guarded = |weakly: bool| {
        let layer = PreconditionLayer::self_get(SelfGet::of(reads.clone())).require();
        let layer = if weakly { layer.weak_if_match() } else { layer };
        reads.clone().layer(layer)
    };
    let tag = send(&reads, "GET", "/", &[]).await.tag().to_owned();
    assert!(tag.starts_with("W/"));
    let put = async |app: &Router| send(app, "PUT", "/", &[("if-match", &tag)]).await.status;
    assert_eq!(put(&guarded(false)).await, 412);
    assert_eq!(put(&guarded(true)).await, 204);
    // The report has changed, so the second writer has lost.
    assert_eq!(put(&guarded(true)).await, 412);
}

/// R-9110-13.1.5-b: a weak tag in `If-Range` never selects a part.
#[tokio::test]
async fn a_weak_tag_selects_no_part() {
    let app = Report::default()
        .router()
        .layer(stack().etag(ignoring("/generated_at")));
    let tag = send(&app, "GET", "/", &[]).await.tag().to_owned();
    let fields = [("range", "bytes=0-3"), ("if-range", &*tag)];
    assert_eq!(send(&app, "GET", "/", &fields).await.status, 200);
}

fn fixed(content: &'static str) -> Router {
    let read = async move || ([(header::CONTENT_TYPE, "application/json")], content);
    Router::new().route("/", get(read))
}

/// R-9110-8.8.1-c: with compression outside, all codings of a value share the weak tag.
#[tokio::test]
async fn compression_goes_outside() {
    let long: &'static str = format!("[\"{}\"]", "a".repeat(2000)).leak();
    let app = fixed(long)
        .layer(stack().etag(EtagLayer::new().canonical_json()))
        .layer(CompressionLayer::new())
        .layer(CodingTagLayer::new());
    let gzip = ("accept-encoding", "gzip");
    let plain = send(&app, "GET", "/", &[]).await;
    let coded = send(&app, "GET", "/", &[gzip]).await;
    assert_eq!(coded.field("content-encoding"), Some("gzip"));
    assert!(coded.tag().starts_with("W/"));
    for (reply, fields) in [(&plain, &[][..]), (&coded, &[gzip])] {
        let condition = ("if-none-match", reply.tag());
        let again = send(&app, "GET", "/", &[fields, &[condition]].concat()).await;
        again.assert_not_modified(reply);
    }
}

/// A recipe takes the layer, as `stack()` does, and tells the origin of the tag.
#[tokio::test]
async fn a_recipe_takes_the_layer() {
    let recipe = |content| {
        let tags = EtagLayer::new().canonical_json();
        fixed(content).layer(Stack::read_mostly_json().etag(tags).explain())
    };
    let replies: [Reply; 2] = [
        send(&recipe("{\"a\":1,\"b\":2}"), "GET", "/", &[]).await,
        send(&recipe("{\"b\":2,\"a\":1}"), "GET", "/", &[]).await,
    ];
    assert_eq!(replies[0].tag(), replies[1].tag());
    let policy = Some("max-age=60, stale-while-revalidate=30");
    assert_eq!(replies[0].field("cache-control"), policy);

    let request = axum::extract::Request::get("/").body(axum::body::Body::empty());
    let app = recipe("{ }");
    let response = tower::ServiceExt::oneshot(app, request.unwrap())
        .await
        .unwrap();
    let origin = Outcome::of(&response).and_then(Outcome::tag);
    assert_eq!(origin, Some(TagOrigin::CanonicalJson(3)));
}
