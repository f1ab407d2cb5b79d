//! The headers of a response that a replay repeats.

use std::collections::HashSet;

use http::{
    HeaderMap, HeaderName,
    header::{
        AGE, CONNECTION, CONTENT_LENGTH, DATE, PROXY_AUTHENTICATE, SET_COOKIE, TE, TRAILER,
        TRANSFER_ENCODING, UPGRADE, VIA, WWW_AUTHENTICATE,
    },
};

use crate::semantics::field::{lines, list::members};

/// Returns the headers without those of one connection, one moment or one caller.
pub(crate) fn repeatable(headers: &HeaderMap) -> HeaderMap {
    // Each name is looked up, since an upstream may list as many as it has headers.
    let of_connection: HashSet<HeaderName> = members(lines::lines(headers, &CONNECTION))
        .filter_map(|listed| HeaderName::from_bytes(listed).ok())
        .collect();
    let is_repeated = |name: &HeaderName| !of_connection.contains(name) && !is_transient(name);
    let lines = headers.iter().filter(|(name, _)| is_repeated(name));
    let mut repeated = HeaderMap::new();
    for (name, value) in lines {
        repeated.append(name, value.clone());
    }
    repeated
}

/// Returns `true` if replays leave this header out.
pub(crate) fn is_transient(name: &HeaderName) -> bool {
    // Hop-by-hop (RFC 9110, section 7.6.1), framing, and the age of this response. No proxy or
    // cache has handed the replay on (section 7.6.3; RFC 9211, section 2).
    let is_of_message = matches!(
        *name,
        AGE | CONNECTION
            | CONTENT_LENGTH
            | DATE
            | PROXY_AUTHENTICATE
            | SET_COOKIE
            | TE
            | TRAILER
            | TRANSFER_ENCODING
            | UPGRADE
            | VIA
            | WWW_AUTHENTICATE
    );
    let name = name.as_str();
    is_of_message
        || name.starts_with("access-control-")
        || name.starts_with("ratelimit")
        || name.starts_with("x-ratelimit-")
        || name.starts_with("x-rate-limit-")
        || name.starts_with("x-b3-")
        || matches!(
            name,
            "authentication-info"
                | "b3"
                | "cache-status"
                | "cf-cache-status"
                | "clear-site-data"
                | "proxy-authentication-info"
                | "keep-alive"
                | "proxy-connection"
                | "proxy-status"
                | "request-id"
                | "server-timing"
                | "traceparent"
                | "traceresponse"
                | "tracestate"
                | "x-amzn-trace-id"
                | "x-cache"
                | "x-cache-hits"
                | "x-cloud-trace-context"
                | "x-correlation-id"
                | "x-request-id"
                | "x-runtime"
                | "x-trace-id"
                | "x-varnish"
                | "cf-ray"
        )
}
