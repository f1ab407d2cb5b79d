use super::{RedisOptions, RedisServer};
use crate::processes::wait_until;

/// The replication of a server to another.
impl RedisServer {
    /// Starts a replica with the options of this server, and waits until it is in sync.
    ///
    /// # Panics
    ///
    /// Panics if the replica does not start, or is not in sync after 30 seconds.
    #[must_use]
    pub fn start_replica(&self) -> Self {
        self.start_replica_through(self.port())
    }

    /// Starts a replica that reaches this server through a proxy at this port, and waits
    /// until it is in sync.
    ///
    /// # Panics
    ///
    /// Panics if the replica does not start, or is not in sync after 30 seconds.
    #[must_use]
    pub fn start_replica_through(&self, port: u16) -> Self {
        let options = self.state().options.clone();
        let replica = options.replica_of(port).start();
        replica.wait_until_in_sync_with(self);
        replica
    }

    /// Starts a Sentinel that watches this primary under the name `shop`. A fail-over begins
    /// with its command `SENTINEL FAILOVER shop`.
    ///
    /// # Panics
    ///
    /// Panics if the Sentinel does not start, or does not know the replicas of this server after
    /// 30 seconds.
    #[must_use]
    pub fn start_sentinel(&self) -> Self {
        let engine = self.state().options.engine;
        let sentinel = RedisOptions::sentinel(engine, "shop", self.port()).start();
        let count = self.info("connected_slaves").expect("a number of replicas");
        wait_until("a Sentinel that knows the replicas", || {
            let known = sentinel.command(&["SENTINEL", "MASTER", "shop"]);
            let mut lines = known.lines().skip_while(|line| *line != "num-slaves");
            lines.nth(1) == Some(&*count)
        });
        sentinel
    }

    /// Lets this Sentinel promote a replica, and waits until it names another primary.
    ///
    /// # Panics
    ///
    /// Panics if this server is no Sentinel, or if the fail-over does not end within 30 seconds.
    pub fn fail_over(&self) {
        let primary = || self.command(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "shop"]);
        let old = primary();
        // A replica that the Sentinel has not asked yet is not chosen.
        wait_until("a replica to promote", || {
            let begun = self.client().command(&["SENTINEL", "FAILOVER", "shop"]);
            begun.is_ok()
        });
        wait_until("a new primary", || primary() != old);
    }

    /// Waits until this server is a replica that has all writes of its master, and has them on
    /// disk if it is `appendonly`.
    ///
    /// # Panics
    ///
    /// Panics if that is not so after 30 seconds.
    pub fn wait_until_in_sync_with(&self, master: &Self) {
        wait_until("a replica in sync", || {
            let offset = master.info("master_repl_offset");
            let has = |name, value| self.info(name).as_deref() == Some(value);
            has("master_link_status", "up")
                && self.info("slave_repl_offset") == offset
                // After a full copy, nothing is on disk until the file is rewritten.
                && has("aof_rewrite_in_progress", "0")
                && has("aof_rewrite_scheduled", "0")
        });
    }

    /// Makes this server a replica of the master at this port, from now on. Its own data is
    /// lost.
    ///
    /// # Panics
    ///
    /// Panics if the server does not run.
    pub fn replicate(&self, port: u16) {
        self.command(&["REPLICAOF", "127.0.0.1", &port.to_string()]);
        let mut state = self.state();
        state.options = state.options.clone().replica_of(port);
    }

    /// Makes a replica a master, from now on.
    ///
    /// # Panics
    ///
    /// Panics if the server does not run.
    pub fn promote(&self) {
        self.command(&["REPLICAOF", "NO", "ONE"]);
        self.state().options.remove("replicaof");
    }

    /// Returns a value of `INFO`, such as `role` or `used_memory`, if there is one.
    ///
    /// # Panics
    ///
    /// Panics if the server does not run.
    #[must_use]
    pub fn info(&self, name: &str) -> Option<String> {
        let info = self.command(&["INFO", "everything"]);
        let mut pairs = info.lines().filter_map(|line| line.split_once(':'));
        pairs
            .find(|(other, _)| *other == name)
            .map(|(_, value)| value.to_owned())
    }
}
