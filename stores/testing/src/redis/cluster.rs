use super::{Engine, RedisOptions, RedisServer};
use crate::processes::{free_port, wait_until};

/// The slots of each node.
const SLOTS: [(u16, u16); 3] = [(0, 5460), (5461, 10922), (10923, 16383)];

/// A cluster of three masters without replicas.
#[derive(Debug)]
pub struct RedisCluster {
    nodes: Vec<RedisServer>,
}

impl RedisCluster {
    /// Starts a cluster with the default options of its nodes, and waits until it is
    /// available.
    ///
    /// # Panics
    ///
    /// Panics if a node does not start, or the cluster is not available after 30 seconds.
    #[must_use]
    pub fn start(engine: Engine) -> Self {
        Self::start_with(&RedisOptions::new(engine))
    }

    /// Starts a cluster with these options of its nodes, and waits until it is available.
    ///
    /// # Panics
    ///
    /// Panics like [`start`](Self::start).
    #[must_use]
    pub fn start_with(options: &RedisOptions) -> Self {
        let mut buses = Vec::new();
        let mut nodes = Vec::new();
        for (number, (first, last)) in (1..).zip(SLOTS) {
            let bus = free_port().to_string();
            let options = options.clone().config("cluster-enabled", "yes");
            let options = options.config("cluster-announce-ip", "127.0.0.1");
            let node = options.config("cluster-port", &bus).start();
            let epoch = format!("{number}");
            node.command(&["CLUSTER", "SET-CONFIG-EPOCH", &epoch]);
            let (first, last) = (first.to_string(), last.to_string());
            node.command(&["CLUSTER", "ADDSLOTSRANGE", &first, &last]);
            buses.push(bus);
            nodes.push(node);
        }
        for (node, bus) in nodes.iter().zip(&buses).skip(1) {
            let port = node.port().to_string();
            nodes[0].command(&["CLUSTER", "MEET", "127.0.0.1", &port, bus]);
        }
        let cluster = Self { nodes };
        cluster.wait_until_available();
        cluster
    }

    /// Returns the nodes, in the order of their slots.
    #[must_use]
    pub fn nodes(&self) -> &[RedisServer] {
        &self.nodes
    }

    /// Returns the URLs of the nodes.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(RedisServer::url).collect()
    }

    /// Returns the node that has the slot of a key.
    ///
    /// # Panics
    ///
    /// Panics if the first node does not run.
    #[must_use]
    pub fn node_of(&self, key: &str) -> &RedisServer {
        let slot = self.nodes[0].command(&["CLUSTER", "KEYSLOT", key]);
        let slot: u16 = slot.parse().expect("a slot");
        let number = SLOTS.iter().position(|(_, last)| slot <= *last);
        &self.nodes[number.expect("a slot below 16384")]
    }

    /// Waits until all nodes say that all slots are served.
    ///
    /// # Panics
    ///
    /// Panics if that is not so after 30 seconds, or if a node does not run.
    pub fn wait_until_available(&self) {
        wait_until("a cluster with all slots", || {
            self.nodes.iter().all(|node| {
                let info = node.command(&["CLUSTER", "INFO"]);
                ["cluster_state:ok", "cluster_size:3"]
                    .iter()
                    .all(|expected| info.lines().any(|line| line == *expected))
            })
        });
    }
}
