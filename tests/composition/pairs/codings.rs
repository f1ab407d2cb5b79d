//! A key with compression, and with tags of codings.

use axum::{
    Router,
    routing::{any, put},
};
use http::{HeaderMap, StatusCode, header};
use tower::Layer;
use tower_conditional::{
    CodingTagLayer, EtagLayer, PreconditionLayer, ValidatorCacheLayer, VersionTags, resource::wrap,
    source, stack, store::MemoryValidatorStore, validator_cache::ValidatorCache,
};
use tower_http::{compression::CompressionLayer, decompression::RequestDecompressionLayer};

use super::{Count, REPLAYED, keyed, keys, problem};
use crate::support::{CONTENT, send};

const GZIP: (&str, &str) = ("accept-encoding", "gzip");

fn coded(router: Router) -> Router {
    router
        .layer(CompressionLayer::new())
        .layer(CodingTagLayer::new())
}

/// R-9110-8.8.1-c: first answer and replay have the tag of their own coding.
#[tokio::test]
async fn a_replay_has_the_tag_of_its_coding() {
    let handler = async || (StatusCode::CREATED, [(header::ETAG, "\"v1\"")], CONTENT);
    for (one, other) in [(&[][..], &[GZIP][..]), (&[GZIP], &[])] {
        let app = coded(
            Router::new()
                .route("/", any(handler))
                .layer(stack().idempotency(keys())),
        );
        for (accept, replayed) in [(one, None), (other, Some("true")), (one, Some("true"))] {
            let reply = keyed(&app, "POST", "/", "a", accept).await;
            assert_eq!((reply.status, reply.field(REPLAYED)), (201, replayed));
            let is_coded = reply.field("content-encoding") == Some("gzip");
            assert_eq!(is_coded, !accept.is_empty());
            assert_eq!(reply.tag(), if is_coded { "\"v1-gzip\"" } else { "\"v1\"" });
        }
    }
}

/// RFC 9110, section 12.5.5: a recorded response that compression has varied says so in each replay.
#[tokio::test]
async fn a_replay_names_its_coding_in_vary() {
    let app = Router::new()
        .route("/", any(async || CONTENT))
        .layer(keys())
        .layer(CompressionLayer::new());
    for accept in [&[GZIP][..], &[], &[GZIP]] {
        let reply = keyed(&app, "POST", "/", "a", accept).await;
        let varies = reply.headers.get_all("vary").iter().count();
        assert!(varies <= 1, "{:?}", reply.headers);
        assert_eq!(reply.field("vary"), Some("accept-encoding"));
    }
}

/// A handler that codes its content by itself: the replay is not coded twice.
#[tokio::test]
async fn coded_content_is_not_coded_again() {
    let handler = async || {
        (
            [
                (header::CONTENT_ENCODING, "gzip"),
                (header::VARY, "accept-encoding"),
            ],
            CONTENT,
        )
    };
    let app = coded(
        Router::new()
            .route("/", any(handler))
            .layer(stack().idempotency(keys())),
    );
    for accept in [&[GZIP][..], &[], &[GZIP]] {
        let reply = keyed(&app, "POST", "/", "a", accept).await;
        assert_eq!(
            (reply.field("content-encoding"), &*reply.body),
            (Some("gzip"), CONTENT.as_bytes())
        );
    }
}

/// R-9110-13.1.1-a: a keyed write names the tag of a coding, and its retry names the other one. Both
/// are one write, since the headers of a retry may differ.
#[tokio::test]
async fn a_keyed_write_may_name_any_coding() {
    let version = Count::default();
    version.add();
    let state = version.clone();
    let tags = source::now(move |_| VersionTags::plain().number(state.get() as i64));
    let write = version.clone();
    let write = move || {
        write.add();
        async { StatusCode::NO_CONTENT }
    };
    let guard = PreconditionLayer::new(tags).check_only().require();
    let app = coded(
        Router::new()
            .route("/", put(write))
            .layer(stack().idempotency(keys()).precondition(guard)),
    );
    for (tag, replayed) in [
        ("\"1-gzip\"", None),
        ("\"1\"", Some("true")),
        ("\"1-gzip\"", Some("true")),
    ] {
        let reply = keyed(&app, "PUT", "/", "a", &[("if-match", tag), GZIP]).await;
        assert_eq!(
            (reply.status, reply.field(REPLAYED)),
            (204, replayed),
            "{tag}"
        );
    }
    assert_eq!(
        keyed(&app, "PUT", "/", "b", &[("if-match", "\"1-gzip\"")])
            .await
            .status,
        412
    );
    assert_eq!(version.get(), 2);
}

/// A 412 below a key that is repeated names the current state of its time, and stays a 412.
#[tokio::test]
async fn a_recorded_412_stays() {
    let guard = PreconditionLayer::new(source::now(|_| VersionTags::plain().number(1))).require();
    let count = Count::default();
    let app = coded(
        Router::new()
            .route("/", any(count.create()))
            .layer(stack().idempotency(keys()).precondition(guard)),
    );
    let old = [("if-match", "\"0-gzip\"")];
    for replayed in [None, Some("true")] {
        let reply = keyed(&app, "PUT", "/", "a", &old).await;
        assert_eq!(
            (reply.status, reply.field(REPLAYED), reply.field("etag")),
            (412, replayed, Some("\"1\""))
        );
        assert_eq!(reply.field("cache-control"), Some("no-store"));
    }
    // 428 is released: the client may add the condition under the same key.
    assert_eq!(keyed(&app, "PUT", "/", "b", &[]).await.status, 428);
    assert_eq!(
        keyed(&app, "PUT", "/", "b", &[("if-match", "\"1\"")])
            .await
            .status,
        201
    );
    assert_eq!(count.get(), 1);
}

/// R-IK07-2.4-a: content whose coding a layer outside has undone is that of the plain request.
#[tokio::test]
async fn decompression_outside_makes_one_request() {
    let count = Count::default();
    let app = Router::new()
        .route("/", any(count.create()))
        .layer(keys())
        .layer(RequestDecompressionLayer::new());
    assert_eq!(keyed(&app, "POST", "/", "a", &[]).await.status, 201);
    let refused = keyed(&app, "POST", "/", "a", &[("content-encoding", "br")]).await;
    assert!(
        [201, 400, 422].contains(&refused.status),
        "{}",
        problem(&refused)
    );
    assert_eq!(count.get(), 1);
}

/// R-9110-15.4.5-c: below compression, a remembered 304 has the tag, the `Vary` and the policy of its 200.
#[tokio::test]
async fn a_remembered_304_has_the_headers_of_its_200() {
    let count = Count::default();
    let handler = move |headers: HeaderMap| {
        count.add();
        let cached = [
            ("cache-control", "max-age=7"),
            ("content-location", "/here"),
            ("x-own", "1"),
        ];
        async move { (cached, format!("{CONTENT} {}", headers.len() > 100)) }
    };
    let cache = ValidatorCache::new(MemoryValidatorStore::new());
    let inner = Router::new()
        .route("/", any(handler))
        .layer(stack().validators(ValidatorCacheLayer::new(cache)));
    let app = Router::new().fallback_service(wrap(
        inner,
        (CodingTagLayer::new(), CompressionLayer::new()),
    ));
    for accept in [&[][..], &[GZIP], &[("accept-encoding", "br, gzip;q=0.5")]] {
        let full = send(&app, "GET", "/", accept).await;
        for method in ["GET", "HEAD"] {
            let known = [accept, &[("if-none-match", full.tag())]].concat();
            let hit = send(&app, method, "/", &known).await;
            hit.assert_not_modified(&full);
            for name in ["cache-control", "content-location", "vary", "etag"] {
                assert_eq!(
                    hit.field(name),
                    full.field(name),
                    "{name} {accept:?} {method}"
                );
            }
            assert_eq!(hit.field("content-encoding"), None);
        }
    }
}

/// With weak tags compression may be between the layers. A key around them is sealed by what is
/// compressed, and never gets another coding than its client accepts.
#[tokio::test]
async fn compression_between_weak_tags_seals() {
    let count = Count::default();
    let runs = count.clone();
    let handler = move || {
        runs.add();
        async { CONTENT }
    };
    let inner = CompressionLayer::new().layer(
        EtagLayer::new()
            .weak()
            .layer(Router::new().route("/", any(handler))),
    );
    let app =
        Router::new().fallback_service(stack().without_etag().idempotency(keys()).layer(inner));
    assert_eq!(
        keyed(&app, "POST", "/", "a", &[]).await.body,
        CONTENT.as_bytes()
    );
    let plain = keyed(&app, "POST", "/", "a", &[GZIP]).await;
    assert_eq!(
        (plain.field(REPLAYED), plain.field("content-encoding")),
        (Some("true"), None)
    );
    let first = keyed(&app, "POST", "/", "b", &[GZIP]).await;
    assert_eq!(first.field("content-encoding"), Some("gzip"));
    let sealed = keyed(&app, "POST", "/", "b", &[]).await;
    assert_eq!(
        (sealed.status, &*problem(&sealed), count.get()),
        (409, "sealed", 2)
    );
}
