//! The identity of a request on replicas, each of which has its own port.

use axum::{
    body::Bytes,
    http::{
        HeaderValue, Uri,
        header::{CONTENT_TYPE, HOST},
        request::Parts,
    },
};
use tower_conditional::idempotency::Fingerprint;

/// Returns the identity of a request, with its host and without its port. A check may retry a
/// request on another replica, and each has another port. Behind a load balancer, all of them have
/// the address that the client sees, so the default suits.
pub(crate) fn identity(request: &Parts, content: &Bytes) -> Fingerprint {
    let field = |name| request.headers.get(name).map(HeaderValue::as_bytes);
    // HTTP/2 has the host in the URI.
    let named = field(HOST).and_then(|host| Uri::try_from(host).ok());
    let host = request.uri.host().or(named.as_ref().and_then(Uri::host));
    let host = host.unwrap_or_default().to_ascii_lowercase();
    let target = request.uri.path_and_query();
    let media_type = field(CONTENT_TYPE).map(<[u8]>::escape_ascii);
    let media_type = media_type.map(|escaped| escaped.to_string());
    // No part has a line break, and the content comes last, so two requests have two texts.
    let mut identity =
        format!("{} {host} {target:?}\n{media_type:?}\n", request.method).into_bytes();
    identity.extend_from_slice(content);
    Fingerprint::custom(identity)
}
