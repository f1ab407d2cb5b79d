//! Orders with an `Idempotency-Key`.

use serde_json::{Value, json};

use crate::support::{BOTH, Http, Reply, Server, in_time};

const TEA: &str = r#"{"item":"tea","quantity":2}"#;

impl Server {
    pub(crate) async fn order(&self, http: Http, path: &str, key: &str, body: &str) -> Reply {
        let fields = [("idempotency-key", key)];
        self.send(http, "POST", path, &fields, body).await
    }

    pub(crate) async fn orders(&self) -> Value {
        self.get(Http::One, "/orders", &[]).await.json()
    }

    /// Waits until a handler, such as `POST /orders`, has begun so many runs.
    pub(crate) async fn wait_for_runs(&self, handler: &str, runs: u64) {
        in_time(async { while self.runs().await[handler] != runs {} }).await;
    }
}

fn assert_is_problem(reply: &Reply, status: u16, fragment: &str) {
    assert_eq!(reply.status, status, "{reply:?}");
    assert_eq!(
        reply.field("content-type"),
        Some("application/problem+json")
    );
    assert_eq!(reply.field("cache-control"), Some("no-store"));
    let problem = reply.json();
    let named = problem["type"].as_str().expect("a type");
    assert!(named.ends_with(&format!("#{fragment}")), "{named}");
}

/// R-IK07-2.1-a, R-IK07-2.7-a, R-IK07-5-a, P-ID-nocache.
#[tokio::test]
async fn an_order_needs_a_key() {
    let notes = Server::showcase(&[]).await;
    for http in BOTH {
        let missing = notes.send(http, "POST", "/orders", &[], TEA).await;
        assert_is_problem(&missing, 400, "missing");
        let long = format!("\"{}\"", "x".repeat(256));
        for key in ["a", "\"a", "", "\"\"", "\"a\", \"b\"", "17", &long] {
            let malformed = notes.order(http, "/orders", key, TEA).await;
            assert_is_problem(&malformed, 400, "malformed");
        }
    }
    assert_eq!(notes.orders().await, json!([]));
    assert_eq!(notes.runs().await["POST /orders"], Value::Null);
}

/// R-IK07-2.6-d, P-ID-replay-fidelity, P-ID-marker: one order for each key. A retry gets the same
/// bytes, over the other version of HTTP too.
#[tokio::test]
async fn a_retry_gets_the_first_response() {
    let notes = Server::showcase(&[]).await;
    for (number, http) in (1..).zip(BOTH) {
        let key = format!("\"key {number}\"");
        let first = notes.order(http, "/orders", &key, TEA).await;
        assert_eq!(first.status, 201);
        assert_eq!(first.field("idempotent-replayed"), None);
        let order = json!({ "order": number, "item": "tea", "quantity": 2 });
        assert_eq!(first.json(), order);
        for again in BOTH {
            let retry = notes.order(again, "/orders", &key, TEA).await;
            assert_eq!(retry.status, 201);
            assert_eq!(retry.field("idempotent-replayed"), Some("true"));
            assert_eq!(retry.body, first.body);
            for same in ["content-type", "content-length"] {
                assert_eq!(retry.field(same), first.field(same), "{same}");
            }
            // P-ID-nocache: a replay is older than its new `Date`.
            assert_eq!(retry.field("cache-control"), Some("no-store"));
        }
        assert_eq!(notes.orders().await[number - 1], order);
        assert_eq!(notes.runs().await["POST /orders"], number);
    }
}

/// R-IK07-2.4-a, R-IK07-2.7-b: a key belongs to one content and one URL.
#[tokio::test]
async fn another_order_with_the_key_is_refused() {
    let notes = Server::showcase(&[]).await;
    notes.order(Http::One, "/orders", "\"a\"", TEA).await;
    for http in BOTH {
        let more = r#"{"item":"tea","quantity":3}"#;
        for (path, body) in [("/orders", more), ("/orders?fail=none", TEA)] {
            let other = notes.order(http, path, "\"a\"", body).await;
            assert_is_problem(&other, 422, "reused");
        }
    }
    assert_eq!(notes.orders().await.as_array().unwrap().len(), 1);
}

/// R-IK07-2.6-c.
#[tokio::test]
async fn a_retry_during_the_first_run_is_refused() {
    for http in BOTH {
        let notes = Server::showcase(&[]).await;
        let path = "/orders?delay_ms=30000";
        let first = notes.order(http, path, "\"a\"", TEA);
        let retry = async {
            notes.wait_for_runs("POST /orders", 1).await;
            notes.order(http, path, "\"a\"", TEA).await
        };
        let retry = tokio::select! {
            first = first => panic!("{first:?}"),
            retry = retry => retry,
        };
        assert_is_problem(&retry, 409, "in-flight");
        let seconds: u64 = retry.field("retry-after").unwrap().parse().unwrap();
        assert!((1..=30).contains(&seconds), "{seconds}");
    }
}

/// P-ID-record-policy: a 5xx before the commit frees the key, and nothing is ordered.
#[tokio::test]
async fn a_server_error_frees_the_key() {
    let notes = Server::showcase(&[]).await;
    for (runs, http) in (1_u64..).zip(BOTH) {
        let failed = notes.order(http, "/orders?fail=500", "\"a\"", TEA).await;
        assert_eq!(failed.status, 500);
        assert_eq!(notes.runs().await["POST /orders"], runs);
    }
    assert_eq!(notes.orders().await, json!([]));
    let retry = notes.order(Http::One, "/orders", "\"a\"", TEA).await;
    assert_eq!(retry.status, 201);
    assert_eq!(retry.json()["order"], 1);
}

/// P-ID-panic: the outcome is unknown at once, and the handler does not run again.
#[tokio::test]
async fn a_panic_is_an_unknown_outcome() {
    let notes = Server::showcase(&[]).await;
    for (runs, (http, key)) in (1_u64..).zip(BOTH.into_iter().zip(["\"one\"", "\"two\""])) {
        let (path, fields) = ("/orders?delay_ms=1&fail=panic", [("idempotency-key", key)]);
        let panicked = in_time(notes.try_open(http, "POST", path, &fields, TEA)).await;
        panicked.expect_err("a panic has no response");
        for again in BOTH {
            let retry = notes.order(again, path, key, TEA).await;
            assert_is_problem(&retry, 409, "outcome-unknown");
        }
        assert_eq!(notes.runs().await["POST /orders"], runs);
    }
    assert_eq!(notes.orders().await, json!([]));
}

/// R-IK07-5-b: each name has keys of its own, and so have callers without one.
#[tokio::test]
async fn callers_do_not_share_keys() {
    let notes = Server::showcase(&[]).await;
    let key = ("idempotency-key", "\"a\"");
    // The last name is the word that stands for callers without a name.
    let names = ["ada", "Ada", "bearer ada", "anyone"].map(|name| format!("Bearer {name}"));
    let callers = names.iter().map(|name| vec![("authorization", &**name)]);
    for (number, caller) in (1..).zip(callers.chain([Vec::new()])) {
        let fields = [&caller[..], &[key]].concat();
        for is_retry in [false, true] {
            let reply = notes.send(Http::One, "POST", "/orders", &fields, TEA).await;
            assert_eq!(reply.status, 201);
            assert_eq!(reply.json()["order"], number, "{caller:?}");
            let replayed = reply.field("idempotent-replayed");
            assert_eq!(replayed.is_some(), is_retry);
        }
    }
    for credentials in ["Basic YTpi", "Bearer", "Bearer "] {
        let fields = [("authorization", credentials), key];
        let reply = notes.send(Http::One, "POST", "/orders", &fields, TEA).await;
        assert_is_problem(&reply, 403, "principal-missing");
    }
}

/// R-9457-3-a.
#[tokio::test]
async fn an_invalid_order_is_a_400() {
    let notes = Server::showcase(&[]).await;
    for (number, (path, body)) in [
        ("/orders", "nonsense"),
        ("/orders", ""),
        ("/orders", r#"{"item":"tea"}"#),
        ("/orders", r#"{"item":"tea","quantity":-1}"#),
        ("/orders?fail=501", TEA),
        ("/orders?fail=", TEA),
        ("/orders?delay_ms=soon", TEA),
    ]
    .into_iter()
    .enumerate()
    {
        let key = format!("\"{number}\"");
        for http in BOTH {
            let reply = notes.order(http, path, &key, body).await;
            assert_eq!(reply.status, 400, "{path} {body}");
            let media_type = reply.field("content-type");
            assert_eq!(media_type, Some("application/problem+json"));
            assert_eq!(reply.json()["status"], 400);
        }
    }
    assert_eq!(notes.orders().await, json!([]));
}
