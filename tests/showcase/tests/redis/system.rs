//! The system under test: three processes of the showcase on one file and one Redis, each with a proxy
//! between them and Redis.

use std::{
    env, fs,
    net::SocketAddr,
    process::{self, Command},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio_postgres::NoTls;
use tower_conditional_testing::{Engine, Protocol, RedisServer, Replica, TcpProxy};

/// The lease of an order.
pub(crate) const LEASE: Duration = Duration::from_millis(1500);
/// The time to live of the announcement of a write, and the grace period of a new server. The
/// stores wait for a sixth of it for an answer.
pub(crate) const WRITE_TTL: Duration = Duration::from_millis(2400);

/// The number of times that a replica is started, since its first messages may be lost.
const STARTS: u64 = 10;

pub(crate) const REPLICAS: usize = 3;

pub(crate) struct System {
    pub(crate) redis: RedisServer,
    /// The proxy of each replica.
    pub(crate) proxies: [TcpProxy; REPLICAS],
    file: String,
    /// The database in place of the file.
    postgres: Option<String>,
    options: Vec<String>,
    replicas: Mutex<[Replica; REPLICAS]>,
}

impl System {
    /// Starts all of it beside a file. The options are those of each replica.
    pub(crate) fn start(engine: Engine, options: &[&str]) -> Self {
        Self::beside(engine, options, None)
    }

    /// Starts all of it beside a file or PostgreSQL.
    pub(crate) fn beside(engine: Engine, options: &[&str], postgres: Option<String>) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("tower-conditional-shared-{}-{number}.db", process::id());
        let file = env::temp_dir().join(name).into_os_string();
        let file = file.into_string().expect("a path of text");
        let redis = RedisServer::start(engine);
        let proxies = [(); REPLICAS].map(|()| TcpProxy::start(Protocol::Redis, redis.port()));
        let mut options: Vec<_> = options.iter().map(ToString::to_string).collect();
        if let Some(url) = &postgres {
            options.extend(["--postgres".to_owned(), url.clone()]);
        }
        let replicas = proxies
            .each_ref()
            .map(|proxy| supervise(proxy, &file, &options));
        let replicas = Mutex::new(replicas);
        Self {
            redis,
            proxies,
            file,
            postgres,
            options,
            replicas,
        }
    }

    pub(crate) fn address(&self, replica: usize) -> SocketAddr {
        self.replicas()[replica].address()
    }

    /// Kills a replica with `SIGKILL`, and starts another in its place.
    pub(crate) fn replace(&self, replica: usize) {
        // The killed one may only have been stopped.
        self.replicas()[replica].kill();
        let next = supervise(&self.proxies[replica], &self.file, &self.options);
        self.replicas()[replica] = next;
    }

    /// Sends a signal, such as `SIGSTOP`.
    pub(crate) fn signal(&self, replica: usize, signal: Signal) {
        let id = self.replicas()[replica].id();
        let id = Pid::from_raw(id.try_into().expect("an id of a process"));
        kill(id, signal).expect("a running process");
    }

    /// Keeps writers of pages out of PostgreSQL until the client is dropped. Readers pass. A file
    /// is not locked, since a writer that waits for it keeps the readers of its replica waiting.
    pub(crate) async fn lock_pages(&self) -> Option<tokio_postgres::Client> {
        let url = self.postgres.as_ref()?;
        let (client, connection) = tokio_postgres::connect(url, NoTls)
            .await
            .expect("a database");
        tokio::spawn(connection);
        let lock = "BEGIN; LOCK TABLE pages IN EXCLUSIVE MODE";
        client.batch_execute(lock).await.expect("the lock");
        Some(client)
    }

    fn replicas(&self) -> MutexGuard<'_, [Replica; REPLICAS]> {
        self.replicas.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts a replica again until it listens, as a supervisor would.
fn supervise(proxy: &TcpProxy, file: &str, options: &[String]) -> Replica {
    let started = (0..STARTS).find_map(|_| {
        // It panics if the replica ends before it listens.
        thread::scope(|scope| scope.spawn(|| start(proxy, file, options)).join().ok())
    });
    started.expect("a replica that listens")
}

fn start(proxy: &TcpProxy, file: &str, options: &[String]) -> Replica {
    let lease = LEASE.as_millis().to_string();
    let write_ttl = WRITE_TTL.as_millis().to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_showcase"));
    command
        .args(["--listen", "127.0.0.1:0", "--notes", "1"])
        .args(["--database", file, "--redis", &proxy.redis_url()])
        .args(["--lease-ms", &lease, "--write-ttl-ms", &write_ttl])
        .args(options);
    Replica::start(&mut command)
}

impl Drop for System {
    fn drop(&mut self) {
        self.replicas().iter_mut().for_each(Replica::kill);
        for suffix in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{suffix}", self.file));
        }
    }
}
