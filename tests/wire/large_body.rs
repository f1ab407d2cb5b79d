//! Long content streams through (P-TR-limit, R-9110-8.8-a).

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::{Router, body::Body, extract::Path, response::IntoResponse, routing::get};
use http_body_util::BodyExt;
use tower_conditional::etag::ContentDigest;

use crate::support::{Counted, H1, H2, in_time, placements};

const LENGTH: u64 = 64 << 20;
/// A limit far below the length, and above the buffers of sockets and `hyper`.
const IN_FLIGHT: u64 = 24 << 20;

const KINDS: [&str; 4] = ["unknown", "known", "digest", "tagged"];

fn router(taken: Arc<AtomicU64>) -> Router {
    let handler = move |Path(kind): Path<String>| {
        taken.store(0, Ordering::Relaxed);
        let body = Counted::new(LENGTH, kind == "known", Arc::clone(&taken));
        let mut response = Body::new(body).into_response();
        match &*kind {
            "digest" => {
                let digest = ContentDigest::new([7; 32]);
                response.extensions_mut().insert(digest);
            }
            "tagged" => {
                let tag = http::HeaderValue::from_static("\"v7\"");
                response.headers_mut().insert("etag", tag);
            }
            _ => {}
        }
        std::future::ready(response)
    };
    Router::new().route("/{kind}", get(handler))
}

/// The buffers between the handler and the client do not grow with the body.
struct Flow {
    taken: Arc<AtomicU64>,
    received: u64,
}

impl Flow {
    fn receive(&mut self, bytes: usize) {
        self.received += bytes as u64;
        let in_flight = self.taken.load(Ordering::Relaxed) - self.received;
        assert!(in_flight < IN_FLIGHT, "{in_flight} bytes are held");
    }
}

/// P-TR-limit, R-9110-8.8-a: only the known tag is added, and memory stays flat.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_body_passes_with_flat_memory() {
    let taken = Arc::new(AtomicU64::new(0));
    for (placement, server) in placements(router(Arc::clone(&taken))).await {
        for kind in KINDS {
            let mut h2 = H2::connect(&server).await;
            let response = in_time(h2.send("GET", &format!("/{kind}"), &[])).await;
            assert_eq!(response.status(), 200);
            let tag = response.headers().get("etag");
            match kind {
                "digest" => assert_eq!(tag.unwrap().len(), 24),
                "tagged" => assert_eq!(tag.unwrap(), "\"v7\""),
                _ => assert_eq!(tag, None, "{placement} {kind}"),
            }
            let mut flow = Flow {
                taken: Arc::clone(&taken),
                received: 0,
            };
            let mut body = response.into_body();
            while let Some(frame) = in_time(body.frame()).await {
                flow.receive(frame.unwrap().into_data().unwrap().len());
            }
            assert_eq!(flow.received, LENGTH, "{placement} {kind}");
        }
    }
}

/// R-9110-8.8-a: content in one frame that takes several polls to hash arrives with its tag.
#[tokio::test]
async fn a_long_frame_is_hashed_in_several_polls() {
    const LONG: usize = 1 << 20;
    let router = Router::new().route("/", get(|| async { vec![7; LONG] }));
    for (placement, server) in placements(router).await {
        let reply = in_time(H1::connect(&server).await.request("GET", "/", &[])).await;
        assert_eq!(reply.body.len(), LONG, "{placement}");
        assert_eq!(reply.tag().len(), 24, "{placement}");
        let reply = in_time(H2::connect(&server).await.request("GET", "/", &[])).await;
        assert_eq!(reply.tag().len(), 24, "{placement}");
    }
}

/// P-TR-limit, over HTTP/1.1 with a known length.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_body_passes_with_flat_memory_over_http1() {
    let taken = Arc::new(AtomicU64::new(0));
    for (_, server) in placements(router(Arc::clone(&taken))).await {
        let mut h1 = H1::connect(&server).await;
        h1.send("GET", "/known", &[]).await;
        let (status, headers) = in_time(h1.head()).await.unwrap();
        assert_eq!((status, headers.get("etag")), (200, None));
        assert_eq!(headers["content-length"], LENGTH.to_string());
        let mut flow = Flow {
            taken: Arc::clone(&taken),
            received: 0,
        };
        let mut buffer = vec![0; 64 * 1024];
        while flow.received < LENGTH {
            flow.receive(in_time(h1.read(&mut buffer)).await);
        }
        // The response has exactly that length, since the next one starts after it.
        assert_eq!(h1.request("GET", "/nothing/here", &[]).await.status, 404);
    }
}

/// R-9110-8.8-a, P-TR-limit: if the tag is known, the 304 reads no byte of the content.
#[tokio::test]
async fn a_body_with_a_known_tag_is_not_read_for_a_304() {
    let taken = Arc::new(AtomicU64::new(0));
    for (placement, server) in placements(router(Arc::clone(&taken))).await {
        let mut h1 = H1::connect(&server).await;
        for kind in ["/digest", "/tagged"] {
            // Inside of a router, `HEAD` costs nothing and has the tag of a body with a known
            // digest. Around it, the extension still has the digest.
            let tag = h1.request("HEAD", kind, &[]).await.tag().to_owned();
            let condition = format!("if-none-match: {tag}");
            let reply = h1.request("GET", kind, &[&condition]).await;
            assert_eq!((reply.status, reply.tag()), (304, &*tag), "{placement}");
            assert_eq!(taken.load(Ordering::Relaxed), 0, "{placement} {kind}");
        }
    }
}
