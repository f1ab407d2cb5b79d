//! Digests of what is on the wire (RFC 9530), verified by other programs.

use std::process::Command;

use axum::{Router, response::IntoResponse, routing::get};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{
    HeaderValue, Response,
    header::{CONTENT_ENCODING, ETAG},
};
use sha2::{Digest, Sha256, Sha512};
use tokio::task::spawn_blocking;
use tower::ServiceBuilder;
use tower_conditional::{CodingTagLayer, EtagLayer, RangeLayer, etag::ContentDigest, stack};
use tower_http::compression::CompressionLayer;

use crate::support::{Client, Server, is_missing};

/// A text that is long enough to be compressed and to be cut.
const TEXT: &str = include_str!("repr_digests.rs");

/// `hello`, coded as gzip.
const CODED: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x05\x00\x00\x00";

/// A handler that codes its content, and says so in its tag.
async fn coded() -> impl IntoResponse {
    let mut response = Response::new(axum::body::Body::from(CODED));
    let headers = response.headers_mut();
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    headers.insert(ETAG, HeaderValue::from_static("\"v1-gzip\""));
    let digest = ContentDigest::sha256(Sha256::digest(CODED).into());
    response.extensions_mut().insert(digest);
    response
}

async fn start() -> Server {
    let layers = ServiceBuilder::new()
        .layer(CodingTagLayer::new())
        .layer(CompressionLayer::new())
        .layer(
            stack()
                .ranges(RangeLayer::new())
                .etag(EtagLayer::new().repr_digest()),
        );
    let router = Router::new()
        .route("/text", get(async || TEXT))
        .route("/coded", get(coded));
    Server::start(router.layer(layers)).await
}

/// R-9530-3-a, R-9530-5-a: Python and OpenSSL find the digests of the bytes that arrive.
#[tokio::test]
async fn other_programs_verify_the_digests() {
    if is_missing("python3") || is_missing("openssl") {
        return;
    }
    let server = start().await;
    let port = server.address().port().to_string();
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/wire/repr_digests/verify.py"
    );
    let verify = move || Command::new("python3").args([script, &port]).output();
    let output = spawn_blocking(verify).await.unwrap().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert_eq!(output.stdout, b"6 digests verified\n");
}

/// R-9530-3-a, R-9530-3.1-a: with both versions of HTTP.
#[tokio::test]
async fn get_head_and_parts_have_one_digest() {
    let server = start().await;
    let sha256 = format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(TEXT)));
    let sha512 = format!("sha-512=:{}:", STANDARD.encode(Sha512::digest(TEXT)));
    for mut client in Client::both(&server).await {
        let version = client.version();
        let rows: [(&str, &[&str], u16, Option<&str>); 8] = [
            ("GET", &[], 200, Some(&sha256)),
            ("HEAD", &[], 200, Some(&sha256)),
            ("GET", &["range: bytes=0-99"], 206, Some(&sha256)),
            ("GET", &["want-repr-digest: sha-512=1"], 200, Some(&sha512)),
            ("GET", &["want-repr-digest: sha-256=0"], 200, None),
            ("GET", &["accept-encoding: gzip"], 200, None),
            ("GET", &["if-none-match: *"], 304, None),
            ("POST", &[], 405, None),
        ];
        for (method, fields, status, digest) in rows {
            let reply = client.request(method, "/text", fields).await;
            assert_eq!(reply.status, status, "{version} {method} {fields:?}");
            assert_eq!(reply.field("repr-digest"), digest, "{version} {fields:?}");
            // tower-http adds a line of its own.
            let varies = reply
                .lines("vary")
                .iter()
                .any(|vary| vary.contains("want-repr-digest"));
            assert_eq!(varies, status < 400, "{version} {method} {fields:?}");
        }
    }
}
