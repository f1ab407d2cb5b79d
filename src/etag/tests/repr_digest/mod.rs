//! `Repr-Digest` beside the tag.

#[cfg(feature = "json")]
mod canonical;
mod content;
mod known;
mod preferences;
mod settings;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderValue, Method, Response, header::VARY};
use sha2::{Digest, Sha256, Sha512};

use super::{Answer, get, hello, request, tag, tag_of, with};
use crate::{
    EtagLayer,
    etag::ContentHasher,
    semantics::validator::digest_fields::{REPR_DIGEST, WANT_REPR_DIGEST},
    test_support::{Act, ScriptedBody, send},
};

/// The SHA-256 of `hello`.
const HELLO: &str = "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:";

fn layer() -> EtagLayer {
    EtagLayer::new().repr_digest()
}

/// Returns the header for the SHA-256 of `content`.
fn sha256(content: impl AsRef<[u8]>) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(content)))
}

/// Returns the header for the SHA-512 of `content`.
fn sha512(content: impl AsRef<[u8]>) -> String {
    format!("sha-512=:{}:", STANDARD.encode(Sha512::digest(content)))
}

/// Returns the digest of a response, in its only line.
fn digest(response: &Answer) -> Option<&str> {
    let lines: Vec<_> = response.headers().get_all(REPR_DIGEST).iter().collect();
    assert!(lines.len() <= 1, "{lines:?}");
    lines.first().map(|line| line.to_str().unwrap())
}

fn vary(response: &Answer) -> Option<&str> {
    let line = response.headers().get(VARY)?;
    Some(line.to_str().unwrap())
}

/// Returns the response of the layer to a request with `method` and `Want-Repr-Digest: wanted`.
fn ask<H: ContentHasher>(
    layer: &EtagLayer<H>,
    method: &Method,
    wanted: Option<&'static str>,
    response: Response<ScriptedBody>,
) -> Answer {
    let mut sent = request(method);
    if let Some(wanted) = wanted {
        let wanted = HeaderValue::from_static(wanted);
        sent.headers_mut().insert(WANT_REPR_DIGEST, wanted);
    }
    let mut response = Some(response);
    send(layer, sent, |_| response.take().unwrap())
}

/// Returns the response of the layer to a `GET`.
fn answer<H: ContentHasher>(layer: &EtagLayer<H>, response: Response<ScriptedBody>) -> Answer {
    ask(layer, &Method::GET, None, response)
}
