//! Responses of every kind, recorded and repeated.

use axum::{
    Router,
    body::Body,
    response::{IntoResponse, Response},
    routing::{any, get},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tower::{Layer, service_fn, util::BoxCloneService};
use tower_conditional::{CachePolicyLayer, StateRefLayer, cache_policy::CachePolicy, stack};
use tower_http::set_header::SetResponseHeaderLayer;

use super::{Count, REPLAYED, keyed, keys};

/// A 304 is the answer to a condition. A retry with the same condition gets it again, without a
/// length of its own.
#[tokio::test]
async fn a_repeated_304_has_no_length() {
    let router = || Router::new().route("/", get(async || ([(header::ETAG, "\"v1\"")], "content")));
    // Around the router, which writes `content-length: 0` on a 304 of its own layers.
    let app: BoxCloneService<http::Request<Body>, _, _> =
        BoxCloneService::new(stack().idempotency(keys()).layer(router()));
    let known = [("if-none-match", "\"v1\"")];
    let first = keyed(&app, "GET", "/", "a", &known).await;
    let retry = keyed(&app, "GET", "/", "a", &known).await;
    assert_eq!((first.status, retry.status), (304, 304));
    assert_eq!(retry.field("etag"), Some("\"v1\""));
    let length = retry.field("content-length");
    assert!(length.is_none_or(|length| length == "7"), "{length:?}");
}

/// RFC 9110, section 15.4.5: a retry without the condition gets the content, and no 304.
#[tokio::test]
async fn a_304_is_no_answer_without_its_condition() {
    let app = Router::new()
        .route("/", get(async || ([(header::ETAG, "\"v1\"")], "content")))
        .layer(stack().idempotency(keys()));
    let first = keyed(&app, "GET", "/", "a", &[("if-none-match", "\"v1\"")]).await;
    assert_eq!(first.status, 304);
    let retry = keyed(&app, "GET", "/", "a", &[]).await;
    assert_eq!((retry.status, &*retry.body), (200, &b"content"[..]));
}

/// The 304 of a state reference to a `POST` is one, too.
#[tokio::test]
async fn a_known_state_is_no_answer_without_its_header() {
    let count = Count::default();
    let latest = |_: &http::request::Parts| {
        let state = Some(HeaderValue::from_static("17"));
        std::future::ready(Ok::<_, std::convert::Infallible>(state))
    };
    let reference = StateRefLayer::new(header::HeaderName::from_static("x-ref"), latest);
    let app = Router::new()
        .route("/", any(count.create()))
        .layer(reference)
        .layer(keys());
    let known = keyed(&app, "POST", "/", "a", &[("x-ref", "17")]).await;
    assert_eq!(known.status, 304);
    for replayed in [None, Some("true")] {
        let reply = keyed(&app, "POST", "/", "a", &[]).await;
        assert_eq!((reply.status, reply.field(REPLAYED)), (201, replayed));
    }
    assert_eq!(count.get(), 1);
}

/// RFC 9110, section 14.2: a part, or a range beyond the end, is no answer to a request for the whole.
#[tokio::test]
async fn a_part_is_no_answer_without_its_range() {
    for refused in [false, true] {
        let part = async move |headers: HeaderMap| match headers.get(header::RANGE) {
            Some(_) if refused => StatusCode::RANGE_NOT_SATISFIABLE.into_response(),
            Some(_) => {
                let range = [(header::CONTENT_RANGE, "bytes 0-1/7")];
                (StatusCode::PARTIAL_CONTENT, range, "co").into_response()
            }
            None => "content".into_response(),
        };
        let app = Router::new()
            .route("/", get(part))
            .layer(stack().idempotency(keys()));
        let first = keyed(&app, "GET", "/", "a", &[("range", "bytes=0-1")]).await;
        assert_eq!(first.status, if refused { 416 } else { 206 });
        let retry = keyed(&app, "GET", "/", "a", &[]).await;
        assert_eq!((retry.status, &*retry.body), (200, &b"content"[..]));
    }
}

/// RFC 9110, section 15.5.2: a 401 has a challenge, also for the second try. One of a handler is about the
/// credentials of one attempt, so a retry with better ones runs.
#[tokio::test]
async fn a_401_of_the_handler_is_no_answer() {
    let count = Count::default();
    let runs = count.clone();
    let handler = move |headers: HeaderMap| {
        let token = headers.get("authorization");
        std::future::ready(if token.is_some_and(|token| token == "Bearer new") {
            (StatusCode::CREATED, runs.add().to_string()).into_response()
        } else {
            let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
            (StatusCode::UNAUTHORIZED, challenge).into_response()
        })
    };
    let app = Router::new()
        .route("/", any(handler))
        .layer(stack().idempotency(keys()));
    for _ in 0..2 {
        let refused = keyed(&app, "POST", "/", "a", &[("authorization", "Bearer old")]).await;
        let challenge = refused.field("www-authenticate");
        assert_eq!((refused.status, challenge), (401, Some("Bearer")));
    }
    let ordered = keyed(&app, "POST", "/", "a", &[("authorization", "Bearer new")]).await;
    assert_eq!((ordered.status, count.get()), (201, 1));
}

/// R-9110-8.6-a: a 204 has no length, neither first nor as a replay.
#[tokio::test]
async fn a_204_has_no_length_in_a_replay() {
    let app = stack()
        .idempotency(keys())
        .layer(service_fn(async |_: http::Request<_>| {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NO_CONTENT;
            Ok::<_, std::convert::Infallible>(response)
        }));
    for method in ["POST", "PUT", "DELETE"] {
        for replayed in [None, Some("true")] {
            let reply = keyed(&app, method, "/", method, &[]).await;
            assert_eq!((reply.status, reply.field(REPLAYED)), (204, replayed));
            assert_eq!((reply.field("content-length"), reply.body.len()), (None, 0));
        }
    }
}

/// P-ID-replay-fidelity: each header of the representation comes again, with all lines in order.
#[tokio::test]
async fn a_replay_has_every_line() {
    let handler = async || {
        let mut response = (StatusCode::CREATED, "made").into_response();
        for (name, value) in [
            ("link", "</a>; rel=a"),
            ("link", "</b>; rel=b"),
            ("location", "/orders/1"),
            ("content-language", "de, en"),
            ("content-encoding", "identity"),
            ("etag", "W/\"7\""),
            ("last-modified", "Thu, 01 Jan 1970 00:00:00 GMT"),
            ("retry-after", "3"),
            ("warning", "299 - \"x\""),
            ("x-obs", "caf\u{e9}"),
            ("content-location", "/orders/1"),
            ("cache-control", "no-cache"),
            ("cache-control", "private"),
            ("vary", "accept"),
            ("vary", "origin"),
        ] {
            let value = HeaderValue::from_bytes(
                &value.chars().map(|letter| letter as u8).collect::<Vec<_>>(),
            );
            response.headers_mut().append(name, value.unwrap());
        }
        response
    };
    let app = Router::new().route("/", any(handler)).layer(keys());
    let mut first = keyed(&app, "POST", "/", "a", &[]).await;
    let mut retry = keyed(&app, "POST", "/", "a", &[]).await;
    assert_eq!(
        retry.headers.remove(REPLAYED),
        Some(HeaderValue::from_static("true"))
    );
    let policy = HeaderValue::from_static("no-store");
    first.headers.insert(header::CACHE_CONTROL, policy);
    let lines = |headers: &HeaderMap| {
        let mut lines: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        lines.sort_by(|one, other| one.0.as_str().cmp(other.0.as_str()));
        lines
    };
    assert_eq!(lines(&first.headers), lines(&retry.headers));
    assert_eq!(first.body, retry.body);
}

/// RFC 9110, section 7.6.1: headers that `Connection` lists are of one connection, in any spelling.
#[tokio::test]
async fn headers_of_a_connection_are_not_repeated() {
    let handler = async || {
        let mut headers = HeaderMap::new();
        headers.append("connection", HeaderValue::from_static("X-One,, \tx-two"));
        headers.append("connection", HeaderValue::from_static("close, X-THREE"));
        for name in ["x-one", "x-two", "x-three", "x-four"] {
            headers.insert(name, HeaderValue::from_static("1"));
        }
        (headers, "done")
    };
    let app = Router::new().route("/", any(handler)).layer(keys());
    keyed(&app, "POST", "/", "a", &[]).await;
    let retry = keyed(&app, "POST", "/", "a", &[]).await;
    for name in ["connection", "x-one", "x-two", "x-three"] {
        assert_eq!(retry.field(name), None, "{name}");
    }
    assert_eq!(retry.field("x-four"), Some("1"));
}

/// P-ID-replay-secrets: a layer outside sets what is of one moment, on replays too.
#[tokio::test(start_paused = true)]
async fn layers_outside_add_their_own_headers() {
    let number = Count::default();
    let id = move |_: &Response| HeaderValue::from_str(&number.add().to_string()).ok();
    let app = Router::new()
        .route(
            "/",
            any(async || {
                (
                    [
                        ("x-request-id", "inner"),
                        ("date", "Thu, 01 Jan 1970 00:00:00 GMT"),
                    ],
                    "done",
                )
            }),
        )
        .layer(
            stack()
                .cache_policy(CachePolicyLayer::new(CachePolicy::no_cache()))
                .idempotency(keys()),
        )
        .layer(SetResponseHeaderLayer::if_not_present(
            header::HeaderName::from_static("x-request-id"),
            id,
        ));
    assert_eq!(
        keyed(&app, "POST", "/", "a", &[])
            .await
            .field("x-request-id"),
        Some("inner")
    );
    for expected in ["1", "2"] {
        let retry = keyed(&app, "POST", "/", "a", &[]).await;
        assert_eq!(retry.field("x-request-id"), Some(expected));
        assert_ne!(
            retry.field("date").unwrap(),
            "Thu, 01 Jan 1970 00:00:00 GMT"
        );
    }
}
