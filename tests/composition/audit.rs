//! `AuditLayer` around correct services, where it finds nothing.

use axum::{Extension, Router, body::Body, response::IntoResponse, routing::get};
use http::{HeaderValue, Request, Response, header};
use tower::{Layer, Service, ServiceBuilder};
use tower_conditional::{
    Audit, AuditLayer, CodingTagLayer, EtagLayer, audit::Code, etag::ContentDigest, stack,
};
use tower_http::{
    compression::CompressionLayer, cors::CorsLayer, services::ServeDir,
    set_header::SetResponseHeaderLayer,
};

use crate::support::{CONTENT, Fields, Reply, router, send};

const GZIP: (&str, &str) = ("accept-encoding", "gzip");
const BROTLI: (&str, &str) = ("accept-encoding", "br");

pub(crate) fn policy(value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, HeaderValue::from_static(value))
}

/// Sends every kind of read, with the validators of the responses.
pub(crate) async fn read_all_ways<S, B>(service: &S, path: &str)
where
    S: Service<Request<Body>, Response = Response<B>, Error: Into<tower::BoxError>> + Clone,
    B: http_body::Body<Error: Into<tower::BoxError>>,
{
    let ask = async |method: &str, fields: Fields<'_>| send(service, method, path, fields).await;
    for accept in [&[][..], &[GZIP], &[BROTLI], &[("accept", "text/html")]] {
        for method in ["GET", "HEAD", "OPTIONS"] {
            ask(method, accept).await;
        }
        let full: Reply = ask("GET", accept).await;
        let tag = full.field("etag").unwrap_or("\"none\"").to_owned();
        let date = full.field("last-modified").unwrap_or("never").to_owned();
        let conditions: [(&str, &str); 6] = [
            ("if-none-match", &tag),
            ("if-none-match", "\"other\""),
            ("if-none-match", "*"),
            ("if-modified-since", &date),
            ("if-match", &tag),
            ("if-match", "\"other\""),
        ];
        for condition in conditions {
            for method in ["GET", "HEAD"] {
                ask(method, &[accept, &[condition]].concat()).await;
            }
        }
        for range in ["bytes=0-4", "bytes=99999999-", "bytes=0-1,3-4"] {
            ask("GET", &[accept, &[("range", range)]].concat()).await;
            ask(
                "GET",
                &[accept, &[("range", range), ("if-range", &tag)]].concat(),
            )
            .await;
        }
    }
    let user = ("authorization", "Bearer 0123456789");
    ask("GET", &[user, ("cookie", "sid=0123456789; lang=de")]).await;
    ask("GET", &[("cache-control", "no-cache")]).await;
    ask("GET", &[]).await;
}

pub(crate) fn codes(audit: &Audit) -> Vec<Code> {
    let findings = audit.findings();
    let mut codes: Vec<_> = findings.iter().map(|finding| finding.code()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// A directory for one test, removed at the end.
pub(crate) struct Files(pub(crate) std::path::PathBuf);

impl Files {
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("tower-conditional-{name}-{}", std::process::id());
        let files = Self(std::env::temp_dir().join(name));
        std::fs::create_dir_all(files.0.join("folder")).unwrap();
        for path in ["a.txt", "page.html", "folder/index.html"] {
            std::fs::write(files.0.join(path), CONTENT).unwrap();
        }
        std::fs::write(files.0.join("empty"), "").unwrap();
        files
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const PATHS: [&str; 6] = [
    "/a.txt",
    "/page.html",
    "/folder/",
    "/folder",
    "/empty",
    "/none",
];

#[tokio::test]
async fn serve_dir_is_clean() {
    let files = Files::new("plain");
    let audit = Audit::new();
    let bare = AuditLayer::new(audit.clone()).layer(ServeDir::new(&files.0));
    for path in PATHS {
        read_all_ways(&bare, path).await;
    }
    audit.assert_clean();
    assert_eq!(codes(&audit), [Code::NoPolicy]);

    audit.clear();
    let with_policy = ServiceBuilder::new()
        .layer(AuditLayer::new(audit.clone()))
        .layer(policy("no-cache"))
        .service(ServeDir::new(&files.0));
    for path in PATHS {
        read_all_ways(&with_policy, path).await;
    }
    assert!(audit.findings().is_empty(), "{audit:?}");
}

#[tokio::test]
async fn serve_dir_below_the_stack_is_clean() {
    let files = Files::new("stack");
    let audit = Audit::new();
    let service = ServiceBuilder::new()
        .layer(AuditLayer::new(audit.clone()))
        .layer(policy("public, no-cache"))
        .layer(stack())
        .service(ServeDir::new(&files.0));
    for path in PATHS {
        read_all_ways(&service, path).await;
    }
    assert!(audit.findings().is_empty(), "{audit:?}");
}

/// Returns a router whose handlers have a version, a digest, or nothing.
fn app() -> Router {
    let digest = ContentDigest::new([7; 32]);
    router()
        .route("/version", get(|| async { ([("etag", "\"7\"")], CONTENT) }))
        .route(
            "/digest",
            get(move || async move { (Extension(digest), CONTENT) }),
        )
        .route("/weak", get(|| async { ([("etag", "W/\"7\"")], CONTENT) }))
        .route("/short", get(|| async { "short" }))
        .route("/nothing", get(|| async { http::StatusCode::NO_CONTENT }))
        .route(
            "/echo",
            get(|| async { "" }).put(|body: String| async { body }),
        )
        .route(
            "/stream",
            get(|| async {
                let parts = ["a", "b"].map(Ok::<_, std::io::Error>);
                Body::from_stream(futures_util::stream::iter(parts)).into_response()
            }),
        )
}

const ROUTES: [&str; 8] = [
    "/", "/version", "/digest", "/weak", "/short", "/nothing", "/echo", "/none",
];

/// R-9110-8.8.1-c, R-9110-15.4.5-a, R-9110-15.4.5-e, R-9111-4.1-a, with every kind of read.
#[tokio::test]
async fn the_stack_with_compression_is_clean() {
    let audit = Audit::new();
    let service = ServiceBuilder::new()
        .layer(AuditLayer::new(audit.clone()))
        .layer(CorsLayer::permissive())
        .layer(policy("no-cache"))
        .layer(CodingTagLayer::new())
        .layer(CompressionLayer::new())
        .layer(stack())
        .service(app());
    for path in ROUTES.into_iter().chain(["/stream"]) {
        read_all_ways(&service, path).await;
        send(&service, "PUT", path, &[]).await;
        read_all_ways(&service, path).await;
    }
    assert!(audit.findings().is_empty(), "{audit:?}");
}

#[tokio::test]
async fn the_stack_in_a_router_is_clean() {
    let audit = Audit::new();
    let service = app()
        .layer(stack())
        .layer(policy("private, no-cache"))
        .layer(AuditLayer::new(audit.clone()));
    for path in ROUTES.into_iter().chain(["/stream"]) {
        read_all_ways(&service, path).await;
    }
    audit.assert_clean();
}

/// Two instances with the same configuration.
#[tokio::test]
async fn two_instances_are_clean_unless_each_has_a_key() {
    let audit = Audit::new();
    let instance = |name: &str, etag: EtagLayer| {
        router()
            .layer(stack().etag(etag))
            .layer(AuditLayer::new(audit.clone()).instance(name))
    };
    for name in ["one", "other"] {
        read_all_ways(
            &instance(
                name,
                EtagLayer::new().keyed(b"a secret they share").unwrap(),
            ),
            "/",
        )
        .await;
    }
    audit.assert_clean();
    audit.clear();
    for name in ["one", "other"] {
        read_all_ways(
            &instance(name, EtagLayer::new().keyed(name.repeat(16)).unwrap()),
            "/",
        )
        .await;
    }
    assert_eq!(codes(&audit), [Code::PerProcessTag, Code::NoPolicy]);
}

/// The 304 repeats the headers that the handler sets on the 200.
#[tokio::test]
async fn a_policy_from_a_handler_is_clean() {
    let audit = Audit::new();
    let fields = [("cache-control", "max-age=60"), ("vary", "accept-language")];
    let service = Router::new()
        .route("/", get(move || async move { (fields, CONTENT) }))
        .layer(stack())
        .layer(AuditLayer::new(audit.clone()));
    read_all_ways(&service, "/").await;
    audit.assert_clean();
}
