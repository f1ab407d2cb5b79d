//! A quick solution by hand: an axum `from_fn` that collects the body and hashes it.

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use sha2::{Digest, Sha256};
use tower::Layer;
use twox_hash::XxHash3_128;

use super::{BARE, Contender};
use crate::{case::MIB, drive::drive, handler::Handler, hash::Hash};

pub const SHA256: &str = "axum from_fn by hand, sha256";
pub const XXH3: &str = "axum from_fn by hand, xxh3";

pub fn sha256() -> Contender {
    Contender {
        name: SHA256,
        bare: BARE,
        hash: Some(Hash::Sha256),
        open: |case| {
            Some(drive(
                from_fn(tag_with_sha256).layer(Handler::new(case)),
                case,
            ))
        },
    }
}

pub fn xxh3() -> Contender {
    Contender {
        name: XXH3,
        bare: BARE,
        hash: Some(Hash::Xxh3),
        open: |case| {
            Some(drive(
                from_fn(tag_with_xxh3).layer(Handler::new(case)),
                case,
            ))
        },
    }
}

pub async fn tag_with_sha256(request: Request, next: Next) -> Response {
    tag(request, next, |content| {
        URL_SAFE_NO_PAD.encode(Sha256::digest(content))
    })
    .await
}

pub async fn tag_with_xxh3(request: Request, next: Next) -> Response {
    tag(request, next, |content| {
        URL_SAFE_NO_PAD.encode(XxHash3_128::oneshot(content).to_be_bytes())
    })
    .await
}

async fn tag(request: Request, next: Next, digest: fn(&Bytes) -> String) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD);
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let response = next.run(request).await;
    if !safe || response.status() != StatusCode::OK {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(content) = to_bytes(body, MIB).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let Ok(etag) = HeaderValue::from_str(&format!("\"{}\"", digest(&content))) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let current = known.as_ref() == Some(&etag);
    parts.headers.insert(header::ETAG, etag);
    if current {
        parts.status = StatusCode::NOT_MODIFIED;
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(content))
}
