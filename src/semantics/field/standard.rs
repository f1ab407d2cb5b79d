//! The names of headers that others read.

use http::HeaderName;

/// Returns `true` if clients, servers or caches read this header for something of their own. So it
/// cannot be the name of an application's header.
pub(crate) fn is_standard(name: &HeaderName) -> bool {
    let name = name.as_str();
    // Such as `Content-Type`, `If-Match`, `Accept-Patch`, `Sec-Fetch-Mode` or `Access-Control-Max-Age`.
    const FAMILIES: &[&str] = &[
        "accept-",
        "access-control-",
        "authentication-",
        "content-",
        "cross-origin-",
        "if-",
        "proxy-",
        "sec-",
        "x-forwarded-",
    ];
    matches!(
        name,
        "accept"
            | "age"
            | "allow"
            | "alt-svc"
            | "authorization"
            | "cache-control"
            | "cache-status"
            | "connection"
            | "cookie"
            | "date"
            | "etag"
            | "expect"
            | "expires"
            | "forwarded"
            | "from"
            | "host"
            | "idempotency-key"
            | "keep-alive"
            | "last-modified"
            | "link"
            | "location"
            | "max-forwards"
            | "origin"
            | "pragma"
            | "prefer"
            | "preference-applied"
            | "priority"
            | "range"
            | "referer"
            | "referrer-policy"
            | "refresh"
            | "retry-after"
            | "server"
            | "server-timing"
            | "set-cookie"
            | "strict-transport-security"
            | "surrogate-control"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
            | "upgrade-insecure-requests"
            | "user-agent"
            | "vary"
            | "via"
            | "warning"
            | "www-authenticate"
            | "x-content-type-options"
            | "x-dns-prefetch-control"
            | "x-frame-options"
            | "x-xss-protection"
    ) || FAMILIES.iter().any(|family| name.starts_with(family))
        || name.ends_with("-cache-control")
}
