//! A cluster of three nodes.

use std::{sync::Arc, time::Duration};

use redis::cluster::ClusterClient;
use tower_conditional::store::{
    contract,
    validators::{Guarantee, ValidatorStore},
};
use tower_conditional_redis::{ErrorKind, RedisValidatorStore};
use tower_conditional_testing::{Engine, RedisCluster, RedisOptions};

use super::support::{MINUTE, PATIENT, Steps, key, new_clock, new_prefix, reader};

#[tokio::test(flavor = "multi_thread")]
async fn the_store_keeps_the_rules_in_a_cluster() {
    for engine in Engine::tested() {
        let cluster = RedisCluster::start_with(&RedisOptions::new(engine).in_memory());
        let client = ClusterClient::builder(cluster.urls())
            .response_timeout(PATIENT)
            .connection_timeout(PATIENT);
        let client = client.build().expect("a client");
        let connection = client.get_async_connection().await.expect("a connection");
        // Stores with other prefixes are on other nodes.
        for _ in 0..3 {
            let (prefix, clock) = (new_prefix(), new_clock());
            let builder = || RedisValidatorStore::builder().prefix(prefix.as_str());
            let strict = builder().without_failover().open(connection.clone()).await;
            assert_eq!(strict.expect_err("an error").kind(), ErrorKind::Refused);
            let store = builder().timeout(PATIENT).clock(clock.clone());
            let store = store.max_entry_ttl(5 * MINUTE).max_write_ttl(2 * MINUTE);
            let store = store.open(connection.clone()).await.expect("a store");
            assert_eq!(store.guarantee(), Guarantee::Bounded(5 * MINUTE));
            let first = store.lookup(key(0), Some(reader(0))).await;
            first.expect("an answer");
            clock.advance(2 * MINUTE);
            let pass = |time| {
                clock.advance(time);
                std::future::ready(())
            };
            let unit = Duration::from_secs(10);
            let store = Arc::new(store);
            let checked = contract::validators::check(&store, unit, pass).await;
            checked.unwrap_or_else(|violation| panic!("{engine:?}: {violation}"));
            store.fill_new(1, 1).await;
            // All keys are on one node.
            let node = cluster.node_of(&format!("{{{prefix}}}:writes"));
            let keys = node.command(&["KEYS", &format!("{{{prefix}}}:*")]);
            assert!(
                keys.contains(":writes") && keys.contains(":prune") && keys.contains(":entry:")
            );
        }
    }
}
