//! The headers of a response that a replay repeats.

use http::{
    HeaderMap, HeaderName,
    header::{
        AGE, CONNECTION, CONTENT_LENGTH, DATE, PROXY_AUTHENTICATE, SET_COOKIE, TE, TRAILER,
        TRANSFER_ENCODING, UPGRADE, WWW_AUTHENTICATE,
    },
};

use crate::semantics::field::lines;

/// Returns the headers without those of one connection, one moment or one caller.
pub(crate) fn repeatable(headers: &HeaderMap) -> HeaderMap {
    let of_connection: Vec<&str> = lines::lines(headers, &CONNECTION)
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .collect();
    let is_repeated = |name: &HeaderName| {
        let is_listed = of_connection
            .iter()
            .any(|listed| listed.eq_ignore_ascii_case(name.as_str()));
        !is_listed && !is_transient(name)
    };
    let lines = headers.iter().filter(|(name, _)| is_repeated(name));
    let mut repeated = HeaderMap::new();
    for (name, value) in lines {
        repeated.append(name, value.clone());
    }
    repeated
}

/// Returns `true` if replays leave this header out.
pub(crate) fn is_transient(name: &HeaderName) -> bool {
    // Hop-by-hop (RFC 9110, section 7.6.1), framing, and the age of this response.
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
            | WWW_AUTHENTICATE
    );
    let name = name.as_str();
    is_of_message
        || name.starts_with("access-control-")
        || name.starts_with("ratelimit")
        || name.starts_with("x-ratelimit-")
        || matches!(
            name,
            "authentication-info"
                | "proxy-authentication-info"
                | "keep-alive"
                | "proxy-connection"
                | "request-id"
                | "server-timing"
                | "traceparent"
                | "traceresponse"
                | "tracestate"
                | "x-request-id"
                | "x-correlation-id"
                | "x-runtime"
                | "cf-ray"
        )
}
