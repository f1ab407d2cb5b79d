//! The rules of all stores.

use std::{sync::Arc, time::Duration};

use tower_conditional::store::{contract, validators::ValidatorStore};
use tower_conditional_redis::RedisValidatorStore;
use tower_conditional_testing::{Engine, RedisServer};

use super::support::{
    MINUTE, PATIENT, Steps, TestStore, connect, key, new_clock, new_prefix, reader,
};

#[tokio::test(flavor = "multi_thread")]
async fn the_store_keeps_the_rules() {
    for engine in Engine::tested() {
        let server = RedisServer::shared(engine);
        let (prefix, clock) = (new_prefix(), new_clock());
        let builder = RedisValidatorStore::builder().prefix(prefix.as_str());
        let builder = builder.timeout(PATIENT).clock(clock.clone());
        let builder = builder.max_entry_ttl(5 * MINUTE).max_write_ttl(2 * MINUTE);
        let store = builder.open(connect(server).await).await.expect("a store");
        // The first lookup starts the grace period.
        let first = store.lookup(key(0), Some(reader(0))).await;
        first.expect("an answer");
        clock.advance(2 * MINUTE);
        let pass = |time| {
            clock.advance(time);
            std::future::ready(())
        };
        let unit = Duration::from_secs(10);
        let checked = contract::validators::check(&Arc::new(store), unit, pass).await;
        checked.unwrap_or_else(|violation| panic!("{engine:?}: {violation}"));
    }
}

#[tokio::test]
async fn the_clock_of_the_server_counts_without_one_of_the_test() {
    for engine in Engine::tested() {
        let server = RedisServer::shared(engine);
        let builder = RedisValidatorStore::builder().prefix(new_prefix());
        let builder = builder
            .timeout(PATIENT)
            .max_write_ttl(Duration::from_millis(1));
        let store = builder.open(connect(server).await).await.expect("a store");
        let first = store.lookup(key(1), Some(reader(1))).await;
        first.expect("an answer");
        // The grace period is over in a millisecond.
        while store.try_lease(1, 1).await == "written" {}
        store.fill_new(2, 2).await;
    }
}

#[tokio::test]
async fn stores_with_other_prefixes_share_nothing_and_clones_share_everything() {
    let server = RedisServer::shared(Engine::Redis);
    let (test, other) = (TestStore::open(server).await, TestStore::open(server).await);
    test.store.fill_new(1, 1).await;
    assert_eq!(test.store.clone().look(1).await, "hit");
    assert_eq!(other.store.look(1).await, "miss");
}
