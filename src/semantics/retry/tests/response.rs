use bytes::Bytes;
use http::StatusCode;

use crate::semantics::{
    retry::{RecordedResponse, is_repeatable_request, is_repeatable_response, replay},
    tests::headers,
};

fn recorded() -> RecordedResponse {
    let headers = headers([
        ("content-type", "application/json"),
        ("location", "/orders/1"),
        ("etag", "\"1\""),
        ("link", "</a>"),
        ("link", "</b>"),
        ("x-text", "caf\u{e9}"),
        ("x-empty", ""),
    ]);
    let content = Bytes::from_static(b"\0\xff{\"order\":1}");
    RecordedResponse::new(StatusCode::CREATED, &headers, content)
}

/// P-ID-replay-fidelity: bytes and headers come back as they were.
#[test]
fn a_recorded_response_comes_back_whole() {
    let first = recorded();
    let again = RecordedResponse::decode(first.encode()).expect("a response");
    assert_eq!(again, first);
    assert_eq!(again.status(), StatusCode::CREATED);
    assert_eq!(again.headers().len(), 7);
    assert_eq!(again.content(), first.content());
    let empty = RecordedResponse::new(StatusCode::NO_CONTENT, &headers([]), Bytes::new());
    assert_eq!(RecordedResponse::decode(empty.encode()), Ok(empty));
    // A header at the end of the bytes.
    let moved = headers([("location", "/orders/1")]);
    let moved = RecordedResponse::new(StatusCode::SEE_OTHER, &moved, Bytes::new());
    assert_eq!(RecordedResponse::decode(moved.encode()), Ok(moved));
}

#[test]
fn cut_and_changed_bytes_are_no_response() {
    let bytes = recorded().encode();
    let head = bytes.len() - recorded().content().len();
    for length in 0..head {
        assert!(
            RecordedResponse::decode(bytes.slice(..length)).is_err(),
            "{length}"
        );
    }
    for index in 0..head {
        for bit in 0..8 {
            let mut changed = bytes.to_vec();
            changed[index] ^= 1 << bit;
            // Whatever comes out of it, nothing panics, and no large room is made.
            let _ = RecordedResponse::decode(changed.into());
        }
    }
    let mut later = bytes.to_vec();
    later[0] = 2;
    assert!(RecordedResponse::decode(later.into()).is_err());
    let many = [&[1, 0, 200][..], &u32::MAX.to_be_bytes()].concat();
    assert!(RecordedResponse::decode(many.into()).is_err());
}

/// P-ID-replay-secrets, P-ID-replay-fidelity: what belongs to one connection, one moment or
/// one caller is not recorded.
#[test]
fn headers_of_one_moment_are_left_out() {
    let kept = [
        "content-type",
        "content-encoding",
        "content-language",
        "content-location",
        "etag",
        "last-modified",
        "location",
        "link",
        "retry-after",
        "cache-control",
        "vary",
        "allow",
        "x-custom",
        "strict-transport-security",
    ];
    let left_out = [
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "content-length",
        "date",
        "age",
        "set-cookie",
        "www-authenticate",
        "proxy-authenticate",
        "authentication-info",
        "proxy-authentication-info",
        "access-control-allow-origin",
        "access-control-expose-headers",
        "ratelimit",
        "ratelimit-limit",
        "ratelimit-policy",
        "x-ratelimit-remaining",
        "x-rate-limit-remaining",
        "x-b3-traceid",
        "request-id",
        "x-request-id",
        "x-correlation-id",
        "traceparent",
        "tracestate",
        "traceresponse",
        "server-timing",
        "x-runtime",
        "via",
        "cache-status",
        "proxy-status",
        "cf-cache-status",
        "x-cache",
        "x-cache-hits",
        "x-varnish",
        "x-hop",
    ];
    let mut all = headers(kept.iter().chain(&left_out).map(|name| (*name, "x")));
    all.insert("connection", "X-Hop, close".parse().expect("a value"));
    let repeated = replay::repeatable(&all);
    let names: Vec<&str> = repeated.keys().map(|name| name.as_str()).collect();
    assert_eq!(names, kept);
}

/// P-ID-replay-fidelity: an upstream may list as many headers as it sends. Each is looked up, and not
/// compared with all.
#[test]
fn thousands_of_headers_of_one_connection_are_left_out() {
    let hops: Vec<_> = (0..20_000).map(|hop| format!("x-{hop}")).collect();
    let mut all = headers(hops.iter().map(|hop| (hop.as_str(), "x")));
    let others = (0..2_000).map(|hop| format!("x-other-{hop}, not a name"));
    let listed: Vec<_> = hops.into_iter().chain(others).collect();
    all.insert("connection", listed.join(",").parse().expect("a value"));
    all.insert("x-kept", "x".parse().expect("a value"));
    assert_eq!(replay::repeatable(&all), headers([("x-kept", "x")]));
}

/// P-ID-reqlimit: a stream is no response that can be repeated.
#[test]
fn streams_are_not_repeatable() {
    let table = [
        ("content-type", "application/json", true, true),
        ("content-type", "application/grpc", false, false),
        ("content-type", "Application/gRPC-web+proto", false, false),
        ("content-type", "text/event-stream", true, false),
        (
            "content-type",
            "Text/Event-Stream; charset=utf-8",
            true,
            false,
        ),
        ("content-type", "text/event-streams", true, true),
        ("accept", "text/event-stream", false, true),
        ("accept", "*/*", true, true),
        // Any response may name the protocols of its server (RFC 9110, section 7.8).
        ("upgrade", "websocket", false, true),
        ("upgrade", "h2c, websocket", false, true),
        ("upgrade", ", H2C", true, true),
        ("trailer", "x-checksum", true, false),
    ];
    for (name, value, request, response) in table {
        let headers = headers([(name, value)]);
        assert_eq!(is_repeatable_request(&headers), request, "{name}: {value}");
        assert_eq!(
            is_repeatable_response(&headers),
            response,
            "{name}: {value}"
        );
    }
}
