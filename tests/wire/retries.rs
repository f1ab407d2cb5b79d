//! Retries of a request with a key, on real connections.

use std::future::pending;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};

use crate::support::{
    Client, H1, H2, Reply, in_time,
    orders::{KEY, ORDERS, Orders, layer},
};

const TEXT: &str = "content-type: text/plain";
const TEN: &str = "content-length: 10";
const CONTENT: &str = "two apples";
const MARKER: &str = "idempotent-replayed";

#[track_caller]
fn assert_first(reply: &Reply) {
    assert_eq!((reply.status, &*reply.body), (201, CONTENT.as_bytes()));
    assert_eq!(reply.field(MARKER), None);
}

/// Checks that a reply repeats the first one, and nothing that belonged to its connection.
#[track_caller]
fn assert_replay(reply: &Reply, location: &str) {
    assert_eq!((reply.status, &*reply.body), (201, CONTENT.as_bytes()));
    assert_eq!(reply.field(MARKER), Some("true"));
    assert_eq!(reply.field("location"), Some(location));
    assert_eq!(reply.field("content-length"), Some("10"));
    assert!(reply.field("date").is_some());
    for name in [
        "connection",
        "keep-alive",
        "transfer-encoding",
        "x-hop",
        "set-cookie",
    ] {
        assert_eq!(reply.field(name), None, "{name}");
    }
}

/// P-ID-replay-fidelity, P-ID-replay-secrets, P-ID-marker, R-IK07-2.6-d: recorded over one version
/// of HTTP, and replayed over the other and back.
#[tokio::test]
async fn one_version_replays_what_the_other_recorded() {
    for first in [0, 1] {
        let orders = Orders::default();
        let server = orders.serve(layer()).await;
        let mut clients = Client::both(&server).await;
        let fields = [KEY, TEXT];
        let recorded = in_time(clients[first].send("POST", ORDERS, &fields, CONTENT)).await;
        assert_first(&recorded);
        assert_eq!(recorded.field("set-cookie"), Some("session=secret"));
        for next in [1 - first, first, 1 - first] {
            let replay = in_time(clients[next].send("POST", ORDERS, &fields, CONTENT)).await;
            assert_replay(&replay, "/orders/1");
            assert_eq!(replay.field("content-type"), recorded.field("content-type"));
        }
        assert_eq!(orders.runs(), 1);
    }
}

/// R-IK07-2.4-a: the framing of the content is no part of the request's identity.
#[tokio::test]
async fn a_chunked_upload_is_the_same_request() {
    let orders = Orders::default();
    let server = orders.serve(layer()).await;
    let mut h1 = H1::connect(&server).await;
    let chunked = [KEY, TEXT, "transfer-encoding: chunked"];
    for content in [
        "4\r\ntwo \r\n6\r\napples\r\n0\r\n\r\n",
        "a\r\ntwo apples\r\n0\r\n\r\n",
    ] {
        h1.send_with("POST", ORDERS, &chunked, content).await;
        let reply = in_time(h1.reply("POST")).await.unwrap();
        assert_eq!((reply.status, &*reply.body), (201, CONTENT.as_bytes()));
    }
    for mut client in Client::both(&server).await {
        let replay = in_time(client.send("POST", ORDERS, &[KEY, TEXT], CONTENT)).await;
        assert_replay(&replay, "/orders/1");
    }
    assert_eq!(orders.runs(), 1);
}

/// P-ID-reqlimit: content that a client holds back is asked for, in a retry too.
#[tokio::test]
async fn held_back_content_is_asked_for() {
    let orders = Orders::default();
    let server = orders.serve(layer()).await;
    let mut h1 = H1::connect(&server).await;
    for is_retry in [false, true] {
        h1.send("POST", ORDERS, &[KEY, TEN, "expect: 100-continue"])
            .await;
        assert_eq!(in_time(h1.head()).await.unwrap().0, 100);
        h1.write(CONTENT.as_bytes()).await;
        let reply = in_time(h1.reply("POST")).await.unwrap();
        assert_eq!(
            (reply.status, reply.field(MARKER).is_some()),
            (201, is_retry)
        );
    }
    assert_eq!(orders.runs(), 1);
}

/// P-ID-reqlimit: content over the limit is 413, before the handler. The connection stays usable,
/// and the key free.
#[tokio::test]
async fn a_connection_survives_content_over_the_limit() {
    let long: &str = "x".repeat(20_000).leak();
    let chunked = format!("4e20\r\n{long}\r\n0\r\n\r\n");
    let orders = Orders::default();
    let server = orders.serve(layer().max_request_bytes(1000)).await;
    for mut client in Client::both(&server).await {
        for _ in 0..3 {
            let refused = in_time(client.send("POST", ORDERS, &[KEY], long)).await;
            assert_eq!(refused.status, 413, "{}", client.version());
            assert_eq!(refused.field("cache-control"), Some("no-store"));
            if let Client::H1(h1) = &mut client {
                let fields = [KEY, "transfer-encoding: chunked"];
                h1.send_with("POST", ORDERS, &fields, &chunked).await;
                let refused = in_time(h1.reply("POST")).await.unwrap();
                assert_eq!((refused.status, refused.field("connection")), (413, None));
            }
        }
        let free = format!("idempotency-key: \"{}\"", client.version());
        let ordered = in_time(client.send("POST", ORDERS, &[&free], CONTENT)).await;
        assert_first(&ordered);
    }
    assert_eq!(orders.runs(), 2);
    // A key of a refused request is free.
    let mut h2 = H2::connect(&server).await;
    assert_first(&in_time(h2.exchange("POST", ORDERS, &[KEY], CONTENT)).await);
}

/// P-ID-reqlimit: content over the limit is not asked for.
#[tokio::test]
async fn content_over_the_limit_is_not_asked_for() {
    let orders = Orders::default();
    let server = orders.serve(layer()).await;
    let mut h1 = H1::connect(&server).await;
    let fields = [KEY, "content-length: 1073741824", "expect: 100-continue"];
    h1.send("POST", ORDERS, &fields).await;
    let refused = in_time(h1.reply("POST")).await.unwrap();
    assert_eq!(refused.status, 413);
    assert_eq!(orders.runs(), 0);
}

/// R-IK07-2.6-d: a retry that a client sends before it has the first response.
#[tokio::test]
async fn a_pipelined_retry_is_a_replay() {
    let orders = Orders::default();
    let server = orders.serve(layer()).await;
    let mut h1 = H1::connect(&server).await;
    let request =
        format!("POST {ORDERS} HTTP/1.1\r\nhost: test\r\n{KEY}\r\n{TEN}\r\n\r\n{CONTENT}");
    h1.write(request.repeat(3).as_bytes()).await;
    assert_first(&in_time(h1.reply("POST")).await.unwrap());
    for _ in 0..2 {
        assert_replay(&in_time(h1.reply("POST")).await.unwrap(), "/orders/1");
    }
    assert_eq!(orders.runs(), 1);
}

/// P-ID-disconnect: a client that hangs up in the middle of its upload has ordered nothing, and its
/// key is free.
#[tokio::test]
async fn a_broken_upload_runs_nothing() {
    let orders = Orders::default();
    let server = orders.serve(layer()).await;
    let mut h1 = H1::connect(&server).await;
    h1.send_with("POST", ORDERS, &[KEY, TEN], "two a").await;
    drop(h1);
    orders.gone().await;

    let mut h2 = H2::connect(&server).await;
    let endless = Full::new(Bytes::from("two a")).with_trailers(pending());
    let upload = tokio::spawn(async move {
        h2.send_with("POST", ORDERS, &[KEY], endless).await;
    });
    // The request has reached the server once another one on a new connection is answered, or it
    // is cancelled before. Neither runs.
    let mut other = H1::connect(&server).await;
    in_time(other.request("GET", ORDERS, &[])).await;
    orders.gone().await;
    upload.abort();
    assert_eq!(orders.runs(), 1, "the GET");

    let ordered = in_time(Client::H1(other).send("POST", ORDERS, &[KEY], CONTENT)).await;
    assert_first(&ordered);
    assert_eq!(orders.runs(), 2);
}

/// P-ID-disconnect, P-ID-durable-first: a client that hangs up after it has sent its request. Its
/// retry gets the response of the first run.
#[tokio::test]
async fn a_retry_after_a_hang_up_is_a_replay() {
    for version in [1, 2] {
        let orders = Orders::waiting();
        let server = orders
            .serve(layer().wait_timeout(std::time::Duration::from_secs(20)))
            .await;
        if version == 1 {
            let mut h1 = H1::connect(&server).await;
            h1.send_with("POST", ORDERS, &[KEY, TEN], CONTENT).await;
            orders.started().await;
            drop(h1);
        } else {
            let mut h2 = H2::connect(&server).await;
            let sent = tokio::spawn(async move {
                h2.exchange("POST", ORDERS, &[KEY], CONTENT).await;
            });
            orders.started().await;
            sent.abort();
        }
        // The server knows that the client is gone, and the handler is still running.
        orders.gone().await;
        orders.go_on();
        for mut client in Client::both(&server).await {
            let replay = in_time(client.send("POST", ORDERS, &[KEY], CONTENT)).await;
            assert_replay(&replay, "/orders/1");
        }
        assert_eq!(orders.runs(), 1);
    }
}

/// A key means nothing to `GET` and `HEAD`, which are safe to repeat.
#[tokio::test]
async fn reads_ignore_a_key() {
    let orders = Orders::default();
    let server = orders.serve(layer().require_key()).await;
    for mut client in Client::both(&server).await {
        for method in ["GET", "HEAD"] {
            for fields in [&[KEY][..], &["idempotency-key: junk"], &[]] {
                let reply = in_time(client.request(method, ORDERS, fields)).await;
                assert_eq!((reply.status, reply.field(MARKER)), (201, None));
            }
        }
    }
    assert_eq!(orders.runs(), 12);
}

/// R-9110-7.8-a: some clients offer an upgrade to HTTP/2 with each request in cleartext. A server
/// ignores that, and the request is an ordinary one.
#[tokio::test]
async fn an_offered_upgrade_to_http2_is_no_stream() {
    let orders = Orders::default();
    let server = orders.serve(layer()).await;
    let mut h1 = H1::connect(&server).await;
    let fields = [
        KEY,
        TEN,
        "connection: upgrade, http2-settings",
        "upgrade: h2c",
    ];
    h1.send_with("POST", ORDERS, &fields, CONTENT).await;
    assert_first(&in_time(h1.reply("POST")).await.unwrap());
    h1.send_with("POST", ORDERS, &fields, CONTENT).await;
    assert_replay(&in_time(h1.reply("POST")).await.unwrap(), "/orders/1");
}
