//! Memory that grows with the number of rules and keys, and is freed.

use allocation_counter::measure;
use http::{HeaderName, Method, Request, StatusCode, header};
use http_body_util::Empty;
use tower::Layer;
use tower_conditional::{
    CachePolicyLayer,
    cache_policy::{CachePolicy, Rule},
};

use crate::support::{Handler, allocations, cost};

fn layer(rules: usize) -> CachePolicyLayer {
    let layer = CachePolicyLayer::new(CachePolicy::no_cache()).without_date();
    (0..rules).fold(layer, |layer, number| {
        let rule = Rule::new(CachePolicy::immutable_asset());
        let rule = rule.path(&format!("/notes-{number}/{{id}}")).unwrap();
        layer.rule(rule).unwrap()
    })
}

/// Returns the allocations of rules for one request, beyond those of the policy.
#[test]
fn only_rules_after_the_64th_allocate() {
    let get = |path: &'static str| move || Request::get(path).body(Empty::new()).unwrap();
    let handler = || {
        let handler = Handler::new(1024, 1024);
        // The response has room for the headers of a policy.
        handler.with(header::VARY, "accept")
    };
    let many = layer(10_000);
    for (path, expected) in [
        ("/other/1", 0),
        ("/notes-0/1", 0),
        ("/notes-63/1", 0),
        ("/notes-64/1", 1),
        ("/notes-9999/1", 1),
    ] {
        let without = allocations(layer(0).layer(handler()), get(path));
        let with = allocations(many.layer(handler()), get(path));
        assert_eq!(with - without, expected, "{path}");
    }
}

/// The memory is that of the paths and their index. Each rule also has a policy.
#[test]
fn many_rules_take_linear_memory() {
    let bytes = |rules| {
        let mut kept = None;
        let info = measure(|| kept = Some(layer(rules)));
        info.bytes_current
    };
    let [few, many] = [1_000, 10_000].map(|rules| bytes(rules) / rules as i64);
    assert!(many <= 2 * few, "{few} and {many} bytes for each rule");
}

/// Keys that are no longer used leave nothing behind.
#[cfg(feature = "tokio")]
#[test]
fn the_memory_of_a_million_keys_is_freed() {
    use std::{
        future::Future,
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use tower_conditional::lock::KeyedLock;

    const KEYS: usize = 1_000_000;
    let lock = KeyedLock::new().max_keys(KEYS.try_into().unwrap());
    let hold = |key: usize| {
        let acquired = pin!(lock.acquire(key.to_string()));
        match acquired.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(guard)) => guard,
            _ => panic!("a key that nobody holds"),
        }
    };
    let info = measure(|| {
        let guards: Vec<_> = (0..KEYS).map(hold).collect();
        assert_eq!(lock.len(), KEYS);
        drop(guards);
        assert!(lock.is_empty());
    });
    // The keys alone were more than a hundred MiB.
    assert!(info.bytes_max > 100 << 20, "{}", info.bytes_max);
    assert!(info.bytes_current < 8 << 10, "{}", info.bytes_current);
}

/// The memory that a write asks for does not depend on the number of writes under way.
#[cfg(feature = "tokio")]
#[test]
fn concurrent_writes_ask_for_linear_memory() {
    use std::{
        future::Future,
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use tower_conditional::{
        purge::Purge, store::MemoryValidatorStore, validator_cache::ValidatorCache,
    };

    let bytes = |writes: u64| {
        let cache = ValidatorCache::new(MemoryValidatorStore::new());
        let purge = Purge::new();
        let announce = || {
            let announced = pin!(cache.announce(&purge));
            match announced.poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(Ok(write)) => write,
                _ => panic!("the store in memory waits"),
            }
        };
        let info = measure(|| drop((0..writes).map(|_| announce()).collect::<Vec<_>>()));
        info.bytes_total / writes
    };
    let (few, many) = (bytes(100), bytes(1_000));
    assert!(many <= 2 * few, "{few} and {many} bytes for each write");
}

/// A response without a rule varies by the headers of all rules that might have had one. They are
/// merged once, and not once for each rule.
#[test]
fn a_404_below_many_policies_asks_for_linear_memory() {
    let bytes = |rules: u32| {
        let layer = CachePolicyLayer::new(CachePolicy::no_cache()).without_date();
        let layer = (0..rules).fold(layer, |layer, number| {
            let name = HeaderName::try_from(format!("x-{number}")).unwrap();
            let rule = Rule::new(CachePolicy::immutable_asset().vary([name]));
            layer.rule(rule.content_type("image/png").unwrap()).unwrap()
        });
        let handler = Handler::new(0, 1).responding(StatusCode::NOT_FOUND);
        let info = cost(layer.layer(handler), &Method::GET, None);
        info.bytes_total / u64::from(rules)
    };
    let (few, many) = (bytes(100), bytes(1_000));
    // A table has up to twice the room that it needs.
    assert!(many <= 3 * few, "{few} and {many} bytes for each rule");
}
