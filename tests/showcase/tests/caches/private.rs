//! Responses for one client, which no other client may get.

use tower_conditional::cache_policy::CachePolicy;

use crate::support::{Cache, Kind, origin_and_cache, policy, through_each_cache};

through_each_cache! {
    private_keeps_clients_apart
    private_with_a_lifetime_keeps_clients_apart
    credentials_keep_clients_apart
    a_response_with_a_cookie_is_for_one_client
    a_cookie_keeps_clients_apart
}

/// The headers that name the client. Varnish never stores responses to the first by itself. No
/// cache knows the second.
const FIELDS: [&str; 2] = ["authorization", "x-api-key"];

async fn private_keeps_clients_apart(kind: Kind) {
    each_caller_is_answered(kind, policy("private"), &FIELDS).await;
}

/// R-9111-3.5-a
async fn private_with_a_lifetime_keeps_clients_apart(kind: Kind) {
    each_caller_is_answered(kind, policy("private, max-age=60"), &FIELDS).await;
}

/// R-9111-3.5-a: neither policy nor handler marks the response as `private`.
async fn credentials_keep_clients_apart(kind: Kind) {
    each_caller_is_answered(kind, policy("max-age=60"), &["authorization"]).await;
}

async fn each_caller_is_answered(kind: Kind, policy: CachePolicy, fields: &[&str]) {
    let (origin, cache) = origin_and_cache(kind, policy).await;
    for field in fields {
        for caller in ["ann", "ben", "ann", "ben"] {
            assert_eq!(answer_to(&cache, field, caller).await, caller);
        }
    }
    assert_eq!(origin.runs(), 4 * fields.len());
}

/// R-9111-7.3-a
async fn a_response_with_a_cookie_is_for_one_client(kind: Kind) {
    each_caller_has_a_cookie(kind, policy("private, max-age=60")).await;
}

/// R-9111-7.3-a: neither policy nor handler marks the response as `private`.
async fn a_cookie_keeps_clients_apart(kind: Kind) {
    each_caller_has_a_cookie(kind, policy("max-age=60")).await;
}

async fn each_caller_has_a_cookie(kind: Kind, policy: CachePolicy) {
    let (_origin, cache) = origin_and_cache(kind, policy).await;
    for field in FIELDS {
        for caller in ["ann", "ben", "ann", "ben"] {
            let reply = cache.get("/of/caller/cookie", &[(field, caller)]).await;
            let cookie = format!("session={caller}");
            assert_eq!(reply.field("set-cookie"), Some(&*cookie));
        }
    }
}

/// Without the layer, a cache shares the response, which RFC 9111, section 3.5 forbids.
#[tokio::test]
async fn nginx_shares_responses_to_authorization() {
    let policy = policy("max-age=60").share_authorized();
    let (_origin, cache) = origin_and_cache(Kind::Nginx, policy).await;
    assert_eq!(answer_to(&cache, "authorization", "ann").await, "ann");
    assert_eq!(answer_to(&cache, "authorization", "ben").await, "ann");
}

async fn answer_to(cache: &Cache, field: &str, caller: &str) -> String {
    let reply = cache.get("/of/caller", &[(field, caller)]).await;
    String::from_utf8(reply.content.into()).unwrap()
}
