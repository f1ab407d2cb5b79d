//! Replicas and clusters of Redis and Valkey.

use tower_conditional_testing::{Engine, RedisCluster, RedisServer};

#[test]
fn a_replica_has_the_writes_of_its_master_and_can_be_promoted() {
    for engine in Engine::tested() {
        let master = RedisServer::start(engine);
        master.command(&["SET", "key", "value"]);
        let replica = master.start_replica();
        assert_eq!(replica.command(&["GET", "key"]), "value");
        assert_eq!(replica.info("role").as_deref(), Some("slave"));
        let refused = replica.client().command(&["SET", "key", "other"]);
        assert!(refused.unwrap_err().to_string().starts_with("READONLY"));

        replica.promote();
        replica.command(&["SET", "key", "other"]);
        replica.kill_and_restart();
        assert_eq!(replica.info("role").as_deref(), Some("master"));
        assert_eq!(replica.command(&["GET", "key"]), "other");

        // The former master loses its own data.
        master.replicate(replica.port());
        master.wait_until_in_sync_with(&replica);
        assert_eq!(master.command(&["GET", "key"]), "other");
        master.kill_and_restart();
        assert_eq!(master.info("role").as_deref(), Some("slave"));
    }
}

#[test]
fn a_cluster_serves_all_slots() {
    for engine in Engine::tested() {
        let cluster = RedisCluster::start(engine);
        assert_eq!(cluster.urls().len(), 3);
        let mut nodes = Vec::new();
        for key in ["a", "b", "c", "d", "e", "f"] {
            let node = cluster.node_of(key);
            assert_eq!(node.command(&["SET", key, "value"]), "OK");
            nodes.push(node.port());
            let mut others = cluster.nodes().iter();
            let other = others.find(|other| other.port() != node.port()).unwrap();
            let moved = other.client().command(&["GET", key]).unwrap_err();
            let moved = moved.to_string();
            let address = format!("127.0.0.1:{}", node.port());
            assert!(
                moved.starts_with("MOVED") && moved.ends_with(&address),
                "{moved}"
            );
        }
        nodes.sort_unstable();
        nodes.dedup();
        assert_eq!(nodes.len(), 3);

        cluster.nodes()[1].kill_and_restart();
        cluster.wait_until_available();
        assert_eq!(cluster.node_of("a").command(&["GET", "a"]), "value");
    }
}
