//! The store over a cluster of three primaries.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use redis::cluster::ClusterClient;
use tower_conditional::{
    idempotency::{Admission, RecordId, Update},
    store::{IdempotencyStore, Step, StoreErrorKind, contract},
};
use tower_conditional_testing::{Engine, RedisCluster};

use crate::support::{PATIENT, builder, claim, clock_at, prefix};

fn client(cluster: &RedisCluster) -> ClusterClient {
    let builder = ClusterClient::builder(cluster.urls());
    let builder = builder
        .response_timeout(PATIENT)
        .connection_timeout(PATIENT);
    builder.build().expect("a client")
}

/// P-ID-fencing, P-ID-lease, P-ID-takeover: the rules of all stores.
#[tokio::test(flavor = "multi_thread")]
async fn the_store_keeps_the_rules_in_a_cluster() {
    for engine in Engine::tested() {
        let cluster = RedisCluster::start(engine);
        let client = client(&cluster);
        let connection = client.get_async_connection().await.expect("a connection");
        let clock = clock_at(1_800_000_000_000);
        let builder = builder(&prefix()).clock(clock.clone());
        let store = builder.open(connection).await.expect("a store");
        let pass = |time| {
            clock.advance(time);
            std::future::ready(())
        };
        let (store, unit) = (Arc::new(store), Duration::from_secs(10));
        let checked = contract::check_self_freeing(&store, unit, pass).await;
        checked.unwrap_or_else(|violation| panic!("{engine:?}: {violation}"));
    }
}

/// Records lie on all nodes, each in its own slot, and a node without scripts gets them.
#[tokio::test]
async fn records_are_spread_over_all_nodes() {
    for engine in Engine::tested() {
        let cluster = RedisCluster::start(engine);
        let client = client(&cluster);
        let connection = client.get_async_connection().await.expect("a connection");
        let store = builder(&prefix()).open(connection).await.expect("a store");
        for number in 0..60 {
            if number % 20 == 0 {
                for node in cluster.nodes() {
                    node.command(&["SCRIPT", "FLUSH"]);
                }
            }
            let id = RecordId::from([number; 32]);
            let begun = store.begin(id, claim(1)).await.expect("an answer");
            assert!(matches!(begun, Admission::Started { .. }), "{begun:?}");
            let step = Step::new(id, claim(1).owner, 1);
            let completed = store.complete(step, Bytes::from_static(b"paid")).await;
            assert_eq!(completed.expect("an answer"), Update::Applied);
            let replay = store.begin(id, claim(2)).await.expect("an answer");
            assert_eq!(replay, Admission::Replay(Bytes::from_static(b"paid")));
        }
        for node in cluster.nodes() {
            let count: u64 = node.command(&["DBSIZE"]).parse().expect("a number");
            assert!(count > 5, "{engine:?}: {count}");
        }
    }
}

/// The client of a cluster may have sent a step before, so a refusal tells nothing.
#[tokio::test]
async fn a_refusal_of_a_cluster_is_ambiguous() {
    let cluster = RedisCluster::start(Engine::Redis);
    let client = client(&cluster);
    let connection = client.get_async_connection().await.expect("a connection");
    let store = builder(&prefix()).open(connection).await.expect("a store");
    for node in cluster.nodes() {
        node.command(&["CONFIG", "SET", "maxmemory", "1"]);
    }
    let refused = store.begin(RecordId::from([1; 32]), claim(1)).await;
    let refused = refused.expect_err("no memory");
    assert_eq!(refused.kind(), StoreErrorKind::Ambiguous);
}

/// A setting of one node counts for the whole cluster.
#[tokio::test]
async fn each_node_is_checked() {
    let cluster = RedisCluster::start(Engine::Redis);
    let open = async || {
        let client = client(&cluster);
        let connection = client.get_async_connection().await.expect("a connection");
        let opened = tower_conditional_redis::RedisIdempotencyStore::builder();
        opened.timeout(PATIENT).open(connection).await.map(drop)
    };
    open().await.expect("a store");
    let node = &cluster.nodes()[1];
    node.command(&["CONFIG", "SET", "maxmemory-policy", "allkeys-random"]);
    let text = open().await.expect_err("a refusal").to_string();
    let expected = format!("node \"127.0.0.1:{}\": maxmemory-policy", node.port());
    assert!(text.contains(&expected), "{text}");
    assert_eq!(text.matches("node").count(), 1, "{text}");
}
