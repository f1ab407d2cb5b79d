use super::{Engine, RedisServer};

/// The configuration of a [`RedisServer`].
///
/// By default, the server writes each change to disk before it answers: `appendonly yes` and
/// `appendfsync always`. It takes no snapshots (`save ""`).
#[derive(Debug, Clone)]
#[must_use]
pub struct RedisOptions {
    pub(crate) engine: Engine,
    pub(crate) is_sentinel: bool,
    config: Vec<(String, String)>,
}

impl RedisOptions {
    /// Returns the default configuration of a server.
    pub fn new(engine: Engine) -> Self {
        let options = Self {
            engine,
            is_sentinel: false,
            config: Vec::new(),
        };
        options
            .on_loopback()
            .config("save", r#""""#)
            .config("appendonly", "yes")
            .config("appendfsync", "always")
            // A master waits for more replicas by default.
            .config("repl-diskless-sync-delay", "0")
    }

    /// Returns the configuration of a Sentinel that watches the primary at this port. Its quorum
    /// is 1.
    pub(crate) fn sentinel(engine: Engine, service: &str, primary: u16) -> Self {
        let options = Self {
            engine,
            is_sentinel: true,
            config: Vec::new(),
        };
        let watched = format!("{service} 127.0.0.1 {primary} 1");
        options.on_loopback().config("sentinel monitor", &watched)
    }

    fn on_loopback(self) -> Self {
        self.config("bind", "127.0.0.1")
            .config("protected-mode", "no")
    }

    /// Turns off `appendonly`. The data is lost when the server ends.
    pub fn in_memory(self) -> Self {
        self.config("appendonly", "no")
    }

    /// Sets a line of the configuration file, such as `maxmemory` and `64mb`. The value is
    /// written as it is, so a value with spaces needs double quotes.
    pub fn config(mut self, name: &str, value: &str) -> Self {
        self.remove(name);
        self.config.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Makes the server a replica of the master at this port of 127.0.0.1, which may be that
    /// of a proxy.
    pub fn replica_of(self, port: u16) -> Self {
        self.config("replicaof", &format!("127.0.0.1 {port}"))
    }

    /// Starts a server, and waits until it answers.
    ///
    /// # Panics
    ///
    /// Panics with the missing package if the program is not installed. Panics with the log
    /// of the server if it does not start.
    #[must_use]
    pub fn start(self) -> RedisServer {
        RedisServer::start_with(self)
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.config.retain(|(other, _)| other != name);
    }

    /// Returns the password of clients.
    pub(crate) fn password(&self) -> Option<&str> {
        let mut pairs = self.config.iter();
        pairs
            .find(|(name, _)| name == "requirepass")
            .map(|(_, value)| value.trim_matches('"'))
    }

    /// Returns the text of the configuration file.
    pub(crate) fn file(&self) -> String {
        let lines = self.config.iter();
        lines
            .map(|(name, value)| format!("{name} {value}\n"))
            .collect()
    }
}
