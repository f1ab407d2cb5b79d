//! The keys of each principal.

use super::{Runs, layer, order, post, post_as, problem, send, service};
use crate::idempotency::IdempotencyLayer;

/// R-IK07-5-b: principals do not share keys.
#[tokio::test]
async fn principals_have_keys_of_their_own() {
    let runs = Runs::default();
    let service = service(&layer(), &runs, order);
    let alice = send(&service, post_as("alice", "\"a\"", "1")).await;
    let bob = send(&service, post_as("bob", "\"a\"", "1")).await;
    assert_ne!(alice.content, bob.content);
    assert!(!bob.replayed);
    assert_eq!(runs.count(), 2);
}

#[tokio::test]
async fn a_key_without_a_principal_is_refused() {
    let runs = Runs::default();
    let service = service(&layer(), &runs, order);
    let mut request = post("\"a\"");
    request.extensions_mut().clear();
    let refused = send(&service, request).await;
    assert_eq!(
        (refused.status, problem(&refused)),
        (403, "principal-missing")
    );
    assert_eq!(runs.count(), 0);
}

#[tokio::test]
async fn anyone_may_share_keys_by_name() {
    let runs = Runs::default();
    let store = crate::store::MemoryIdempotencyStore::new();
    let service = service(&IdempotencyLayer::for_anyone(store), &runs, order);
    send(&service, post_as("alice", "\"a\"", "1")).await;
    assert!(send(&service, post_as("bob", "\"a\"", "1")).await.replayed);
}

/// R-IK07-5-b: an empty name is no principal, since a missing one often becomes that.
#[tokio::test]
async fn an_empty_principal_is_refused() {
    let runs = Runs::default();
    let service = service(&layer(), &runs, order);
    let refused = send(&service, post_as("", "\"a\"", "{}")).await;
    assert_eq!(
        (refused.status, problem(&refused)),
        (403, "principal-missing")
    );
    assert_eq!(runs.count(), 0);
}
