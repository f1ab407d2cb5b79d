//! RFC 9112, section 9.3: the content of a request that the crate answers itself, outside of a
//! refusal. The next request on the connection is answered too.

use std::{convert::Infallible, sync::Arc};

use axum::{
    Router,
    routing::{get, post},
};
use http::{HeaderName, HeaderValue, Request, request::Parts};
use hyper::body::Incoming;
use tokio::sync::Notify;
use tower::ServiceBuilder;
use tower_conditional::{
    Assets, ConditionalLayer, EntityTag, IdempotencyLayer, StateRefLayer,
    source::now,
    store::{MemoryIdempotencyStore, MemoryValidatorStore},
    validator_cache::{EtagsCacheService, ValidatorCache},
};

use crate::support::{H1, Server, in_time, stop_clock};

/// A server that notifies `begun` when it has the head of a request.
struct Answering {
    server: Server,
    begun: Arc<Notify>,
}

impl Answering {
    async fn start(router: Router) -> Self {
        let begun = Arc::new(Notify::new());
        let notify = Arc::clone(&begun);
        let service = ServiceBuilder::new()
            .map_request(move |request: Request<Incoming>| {
                notify.notify_one();
                request
            })
            .service(router.route("/next", get(async || "next")));
        let server = Server::start(service).await;
        Self { server, begun }
    }

    /// Sends the content after the head has arrived, and then another request.
    async fn check(&self, method: &str, path: &str, fields: &[&str], status: u16) {
        for (framing, content) in [
            ("content-length: 1", "x"),
            ("transfer-encoding: chunked", "1\r\nx\r\n0\r\n\r\n"),
        ] {
            let case = format!("{method} {path} {framing}");
            let mut h1 = H1::connect(&self.server).await;
            h1.send(method, path, &[fields, &[framing]].concat()).await;
            in_time(self.begun.notified()).await;
            h1.try_write(content.as_bytes()).await;
            let reply = in_time(h1.reply(method)).await.expect(&case);
            assert_eq!(reply.status, status, "{case}");
            assert_eq!(reply.field("connection"), None, "{case}");
            h1.try_write(b"GET /next HTTP/1.1\r\nhost: test\r\n\r\n")
                .await;
            let next = in_time(h1.reply("GET")).await.expect(&case);
            in_time(self.begun.notified()).await;
            assert_eq!(next.body, b"next", "{case}");
        }
    }
}

#[tokio::test]
async fn a_304_of_a_layer_reads_content() {
    let _stopped = stop_clock();
    let sourced = ConditionalLayer::new().source(now(|_: &Parts| EntityTag::strong("v1").ok()));
    let state = |_: &Parts| async { Ok::<_, Infallible>(Some(HeaderValue::from(17))) };
    let state = StateRefLayer::new(HeaderName::from_static("x-state"), state);
    let router = Router::new()
        .route("/sourced", get(async || "sourced").layer(sourced))
        .route(
            "/state",
            get(async || "state").post(async || "state").layer(state),
        );
    let answering = Answering::start(router).await;
    let current = ["if-none-match: \"v1\""];
    answering.check("GET", "/sourced", &current, 304).await;
    answering.check("HEAD", "/sourced", &current, 304).await;
    let latest = ["x-state: 17"];
    answering.check("GET", "/state", &latest, 304).await;
    answering.check("POST", "/state", &latest, 304).await;
}

#[tokio::test]
async fn a_refused_key_reads_content() {
    let _stopped = stop_clock();
    let owner = |request: &Parts| request.headers.get("x-owner").map(|_| "owner".to_owned());
    let keys = IdempotencyLayer::new(MemoryIdempotencyStore::new(), owner).require_key();
    let router = Router::new().route("/", post(async || "ordered").layer(keys));
    let answering = Answering::start(router).await;
    answering.check("POST", "/", &["x-owner: 1"], 400).await;
    let malformed = ["x-owner: 1", "idempotency-key: \""];
    answering.check("POST", "/", &malformed, 400).await;
    let nobody = ["idempotency-key: \"a\""];
    answering.check("POST", "/", &nobody, 403).await;
}

fn cache() -> ValidatorCache<MemoryValidatorStore> {
    ValidatorCache::new(MemoryValidatorStore::new())
}

#[tokio::test]
async fn the_operators_service_reads_content() {
    let _stopped = stop_clock();
    let operator = EtagsCacheService::new(cache());
    let router = Router::new()
        .route_service("/$etags-cache", operator.clone())
        .route_service("/{other}", operator);
    let answering = Answering::start(router).await;
    answering.check("DELETE", "/$etags-cache", &[], 204).await;
    answering.check("POST", "/$etags-cache", &[], 405).await;
    answering.check("DELETE", "/other", &[], 404).await;
}

#[tokio::test]
async fn assets_read_content() {
    let _stopped = stop_clock();
    let assets = Assets::new("/assets").unwrap();
    let assets = assets.file("app.css", "body {}").unwrap();
    let url = assets.url("app.css").unwrap().to_owned();
    let answering = Answering::start(Router::new().fallback_service(assets)).await;
    answering.check("GET", &url, &[], 200).await;
    answering
        .check("GET", &url, &["if-none-match: *"], 304)
        .await;
    answering.check("GET", "/assets/app.css", &[], 307).await;
    answering.check("POST", &url, &[], 405).await;
    answering.check("POST", "/assets/other", &[], 404).await;
}
