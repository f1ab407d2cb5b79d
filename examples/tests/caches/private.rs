//! What is one caller's, and never another's.

use crate::support::{Cache, Kind, origin_and_cache, through_each_cache};

through_each_cache! {
    private_is_enough
    private_is_enough_where_a_lifetime_is_given
    a_cookie_is_for_one
}

/// Fields that tell who calls. Varnish never stores for the first, by itself;
/// no cache knows the second.
const FIELDS: [&str; 2] = ["authorization", "x-api-key"];

async fn private_is_enough(kind: Kind) {
    each_caller_is_answered(kind, "private").await;
}

/// R-9111-3.5-a
async fn private_is_enough_where_a_lifetime_is_given(kind: Kind) {
    each_caller_is_answered(kind, "private, max-age=60").await;
}

async fn each_caller_is_answered(kind: Kind, policy: &'static str) {
    let (origin, cache) = origin_and_cache(kind, policy).await;
    for field in FIELDS {
        for caller in ["ann", "ben", "ann", "ben"] {
            assert_eq!(answer_to(&cache, field, caller).await, caller);
        }
    }
    assert_eq!(origin.runs(), 8);
}

/// R-9111-7.3-a
async fn a_cookie_is_for_one(kind: Kind) {
    let (_origin, cache) = origin_and_cache(kind, "private, max-age=60").await;
    for field in FIELDS {
        for caller in ["ann", "ben", "ann", "ben"] {
            let reply = cache.get("/of/caller/cookie", &[(field, caller)]).await;
            let cookie = format!("session={caller}");
            assert_eq!(reply.field("set-cookie"), Some(&*cookie));
        }
    }
}

/// Why a policy has to say `private`: section 3.5 of RFC 9111 forbids this.
#[tokio::test]
async fn nginx_shares_what_needs_authorization() {
    let (_origin, cache) = origin_and_cache(Kind::Nginx, "max-age=60").await;
    assert_eq!(answer_to(&cache, "authorization", "ann").await, "ann");
    assert_eq!(answer_to(&cache, "authorization", "ben").await, "ann");
}

async fn answer_to(cache: &Cache, field: &str, caller: &str) -> String {
    let reply = cache.get("/of/caller", &[(field, caller)]).await;
    String::from_utf8(reply.content.into()).unwrap()
}
