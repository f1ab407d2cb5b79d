//! One request in several spellings, and requests that look alike.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use tower::{Layer, ServiceExt, service_fn};

use super::{Runs, Seen, User, layer, order, post, post_as, problem, send, service, user};
use crate::{
    body::RequestBody,
    idempotency::IdempotencyLayer,
    store::MemoryIdempotencyStore,
    test_support::{Act, ScriptedBody},
};

/// A `POST` of alice with one key.
fn to(uri: &str, fields: &[(&str, &str)], content: &'static str) -> Request<Full<Bytes>> {
    let mut request = post_as("alice", "\"a\"", content);
    *request.uri_mut() = uri.parse().expect("a URI");
    request.headers_mut().remove("content-type");
    for (name, value) in fields {
        let name: http::HeaderName = name.parse().expect("a name");
        let value = value.parse().expect("a value");
        request.headers_mut().append(name, value);
    }
    request
}

/// The answer to the second of two requests, and the number of runs.
async fn second(first: Request<Full<Bytes>>, other: Request<Full<Bytes>>) -> (Seen, usize) {
    let runs = Runs::default();
    let keys = layer().methods([Method::POST, Method::PUT]);
    let service = service(&keys, &runs, order);
    assert_eq!(send(&service, first).await.status, 201);
    (send(&service, other).await, runs.count())
}

async fn assert_repeated(first: Request<Full<Bytes>>, other: Request<Full<Bytes>>) {
    let (seen, runs) = second(first, other).await;
    assert_eq!((seen.status, seen.replayed, runs), (201, true, 1));
}

async fn assert_reused(first: Request<Full<Bytes>>, other: Request<Full<Bytes>>) {
    let (seen, runs) = second(first, other).await;
    assert_eq!((seen.status, problem(&seen), runs), (422, "reused", 1));
}

#[tokio::test]
async fn headers_in_another_order_are_one_request() {
    let (host, kind) = (("host", "a.example"), ("content-type", "text/plain"));
    assert_repeated(to("/o", &[host, kind], "1"), to("/o", &[kind, host], "1")).await;
}

#[tokio::test]
async fn a_host_in_capitals_is_the_same_host() {
    let small = to("/o", &[("host", "shop.example:8080")], "1");
    assert_repeated(small, to("/o", &[("host", "SHOP.Example:8080")], "1")).await;
}

/// RFC 9110, section 7.1: HTTP/2 has the authority in the URI.
#[tokio::test]
async fn a_retry_over_another_version_of_http_is_repeated() {
    let older = to("/o?x=1", &[("host", "a.example")], "1");
    assert_repeated(older, to("https://a.example/o?x=1", &[], "1")).await;
}

/// A spelling that may be another resource is refused, and never performed.
#[tokio::test]
async fn another_order_of_the_query_is_another_request() {
    assert_reused(to("/o?a=1&b=2", &[], "1"), to("/o?b=2&a=1", &[], "1")).await;
}

#[tokio::test]
async fn an_empty_query_is_another_request() {
    assert_reused(to("/o", &[], "1"), to("/o?", &[], "1")).await;
}

#[tokio::test]
async fn a_slash_at_the_end_is_another_request() {
    assert_reused(to("/o", &[], "1"), to("/o/", &[], "1")).await;
}

#[tokio::test]
async fn an_escape_is_another_request() {
    assert_reused(to("/o", &[], "1"), to("/%6F", &[], "1")).await;
}

#[tokio::test]
async fn a_port_that_is_the_default_is_never_performed_again() {
    let bare = || to("/o", &[("host", "a.example")], "1");
    assert_reused(bare(), to("/o", &[("host", "a.example:80")], "1")).await;
    assert_reused(bare(), to("/o", &[("host", "a.example:")], "1")).await;
}

#[tokio::test]
async fn two_hosts_are_two_requests() {
    let first = to("/o", &[("host", "a.example")], "1");
    assert_reused(first, to("/o", &[("host", "b.example")], "1")).await;
}

#[tokio::test]
async fn another_media_type_is_another_request() {
    let typed = |kind| to("/o", &[("content-type", kind)], "1");
    assert_reused(typed("text/plain"), typed("application/json")).await;
    assert_reused(typed("text/plain"), typed("text/plain; charset=utf-8")).await;
    assert_reused(to("/o", &[], "1"), typed("")).await;
}

#[tokio::test]
async fn another_content_coding_is_another_request() {
    let coded = |coding| to("/o", &[("content-encoding", coding)], "1");
    assert_reused(coded("gzip"), coded("br")).await;
    // The same value under the other name.
    assert_reused(coded("gzip"), to("/o", &[("content-type", "gzip")], "1")).await;
}

#[tokio::test]
async fn lines_are_not_joined_before_they_are_compared() {
    let one = to("/o", &[("content-type", "a/b,c/d")], "1");
    let two = to(
        "/o",
        &[("content-type", "a/b"), ("content-type", "c/d")],
        "1",
    );
    assert_reused(one, two).await;
}

#[tokio::test]
async fn bytes_do_not_move_between_query_header_and_content() {
    assert_reused(to("/o?ab", &[], "c"), to("/o?a", &[], "bc")).await;
    let typed = |kind| [("content-type", kind)];
    let one = to("/o", &typed("ab"), "c");
    assert_reused(one, to("/o", &typed("a"), "bc")).await;
    // The number of lines and the length of the content are equal here.
    let one = to("/o?ab", &typed("c"), "1");
    assert_reused(one, to("/o?a", &typed("bc"), "1")).await;
    let lines = |first, second| [("content-type", first), ("content-type", second)];
    let one = to("/o", &lines("ab", "c"), "1");
    assert_reused(one, to("/o", &lines("a", "bc"), "1")).await;
}

#[tokio::test]
async fn two_methods_with_one_key_are_two_requests() {
    let mut put = to("/o", &[], "1");
    *put.method_mut() = Method::PUT;
    assert_reused(to("/o", &[], "1"), put).await;
}

/// The frames of the content are an accident of the connection.
#[tokio::test]
async fn content_in_other_frames_is_the_same_content() {
    let echo = service_fn(|request: Request<RequestBody<ScriptedBody>>| async {
        let content = request.into_body().collect().await.expect("the content");
        Ok::<_, std::convert::Infallible>(http::Response::new(Full::from(content.to_bytes())))
    });
    let service = layer().layer(echo);
    let frames: [Vec<Act>; 3] = [
        vec![Act::data("abcd")],
        ["a", "b", "c", "d"].map(Act::data).into(),
        ["", "ab", "", "cd", ""].map(Act::data).into(),
    ];
    for (number, acts) in frames.into_iter().enumerate() {
        let request = post("\"a\"").map(|_| ScriptedBody::unsized_(acts));
        let response = service.clone().oneshot(request).await.expect("a response");
        let is_replayed = response.headers().contains_key("idempotent-replayed");
        assert_eq!((response.status().as_u16(), is_replayed), (200, number > 0));
    }
}

#[tokio::test]
async fn a_letter_does_not_move_between_principal_and_key() {
    let runs = Runs::default();
    let service = service(&layer(), &runs, order);
    for (user, key) in [
        ("ab", "\"c\""),
        ("a", "\"bc\""),
        ("A", "\"bc\""),
        ("a", "\"BC\""),
    ] {
        let seen = send(&service, post_as(user, key, "{}")).await;
        assert_eq!((seen.status, seen.replayed), (201, false), "{user} {key}");
    }
    assert_eq!(runs.count(), 4);
}

/// Two services with one store and one path have one set of keys.
#[tokio::test]
async fn services_with_one_store_share_the_keys_of_a_principal() {
    let store = Arc::new(MemoryIdempotencyStore::new());
    let runs = Runs::default();
    let named = IdempotencyLayer::new(Arc::clone(&store), user);
    let [one, other] = [(); 2].map(|()| service(&named, &runs, order));
    send(&one, post("\"a\"")).await;
    assert!(send(&other, post("\"a\"")).await.replayed);
    // The keys of anyone are not those of a principal, not even of one without a name.
    let anyone = service(&IdempotencyLayer::for_anyone(store), &runs, order);
    assert!(!send(&anyone, post("\"a\"")).await.replayed);
    assert_eq!(runs.count(), 2);
}

/// R-IK07-5-b: with namespaces, two services with one store have keys of their own, and so have
/// the calls that they make.
#[tokio::test]
async fn services_with_namespaces_have_keys_of_their_own() {
    let store = Arc::new(MemoryIdempotencyStore::new());
    let runs = Runs::default();
    let tell = |_, request: super::HandlerRequest| async move {
        http::Response::new(Full::from(super::attempt(&request).derive_key("charge")))
    };
    let [orders, mails] = ["orders", "mails"].map(|name| {
        let layer = IdempotencyLayer::new(Arc::clone(&store), user).namespace(name);
        service(&layer, &runs, tell)
    });
    let order = send(&orders, post("\"a\"")).await;
    let mail = send(&mails, post("\"a\"")).await;
    assert_eq!((order.replayed, mail.replayed), (false, false));
    assert_ne!(order.content, mail.content);
    let retry = send(&orders, post("\"a\"")).await;
    assert_eq!((retry.replayed, retry.content), (true, order.content));
    assert_eq!(runs.count(), 2);
}

/// A principal may have any text, and two of them are compared byte by byte.
#[tokio::test]
async fn any_text_can_be_a_principal() {
    let runs = Runs::default();
    let names: [&str; 6] = [" ", "\0", "a\r\nb", "é", "e\u{301}", "alice\0\"a\""];
    let service = service(&layer(), &runs, order);
    for name in names {
        let mut request = post("\"a\"");
        request.extensions_mut().insert(User(name));
        let seen = send(&service, request).await;
        assert_eq!((seen.status, seen.replayed), (201, false), "{name:?}");
    }
    assert_eq!(runs.count(), names.len());
}
