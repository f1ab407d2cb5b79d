//! A PostgreSQL server of one's own, for tests, and [`Replica`]s that share it.
//!
//! ```
//! use tower_conditional_postgres_testing::Postgres;
//!
//! let server = Postgres::start();
//! let url = server.create_database(); // postgres://postgres@127.0.0.1:40123/test_1
//! server.kill_hard(); // and it is there again, with all that was committed
//! # assert!(url.starts_with("postgres://"));
//! ```
//!
//! Starting takes a second or two, so the tests of one binary best share
//! [`Postgres::shared`] and take a database each.
//!
//! Nothing is left behind, however the tests end: the server belongs to a
//! keeper, a shell that waits for the end of its input and so notices when the
//! process of the tests is gone, even by `SIGKILL`. [`bound()`] makes any program
//! do that, replicas among them.
//!
//! `fsync` is off: what was committed survives the server, not the machine.

mod binaries;
mod bound;
mod keeper;
mod replica;

use std::{
    io::ErrorKind,
    net::TcpListener,
    os::unix::fs::{DirBuilderExt, chown},
    path::PathBuf,
    process::{Command, id},
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use binaries::{Binaries, User};
use keeper::{Keeper, Signal};

pub use {bound::bound, replica::Replica};

/// A running server, with a directory of its own on a free port of 127.0.0.1.
///
/// Everybody who can reach the port is trusted. Dropping it stops the server
/// and removes its directory.
#[derive(Debug)]
pub struct Postgres {
    binaries: Binaries,
    user: Option<User>,
    directory: PathBuf,
    port: u16,
    databases: AtomicU32,
    keeper: Mutex<Option<Keeper>>,
}

impl Postgres {
    /// Starts a server with an empty database `postgres`.
    ///
    /// As root it runs the server as the user `postgres`, or else `nobody`,
    /// since PostgreSQL refuses to run as root.
    ///
    /// # Panics
    ///
    /// Says what is missing where there is no PostgreSQL, and what the server
    /// said where it does not start.
    #[must_use]
    pub fn start() -> Self {
        let user = User::instead_of_root();
        let server = Self {
            binaries: Binaries::find(),
            directory: directory(user),
            user,
            port: free_port(),
            databases: AtomicU32::new(0),
            keeper: Mutex::default(),
        };
        *server.keeper() = Some(server.run());
        server
    }

    /// The server that all tests of a binary share. It runs until they end.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start) does.
    #[must_use]
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// The URL of the database `postgres`.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// Makes a new database, and gives its URL.
    ///
    /// # Panics
    ///
    /// If the server refuses, or does not run.
    #[must_use]
    pub fn create_database(&self) -> String {
        let name = format!(
            "test_{}",
            self.databases.fetch_add(1, Ordering::Relaxed) + 1
        );
        let port = self.port.to_string();
        finish(self.binaries.command("createdb").args([
            "--host=127.0.0.1",
            "--username=postgres",
            "--no-password",
            "--port",
            &port,
            &name,
        ]));
        self.url_of(&name)
    }

    /// The port on 127.0.0.1. It stays the same over a restart.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Stops the server; open connections are closed and their transactions
    /// rolled back. Nothing happens if it does not run.
    pub fn stop(&self) {
        if let Some(keeper) = self.keeper().take() {
            keeper.end(Signal::Fast);
        }
    }

    /// Stops the server, and starts it again.
    ///
    /// # Panics
    ///
    /// If it does not start again.
    pub fn restart(&self) {
        self.start_after(Signal::Fast);
    }

    /// Kills the server as a crash would, with `SIGKILL`, and starts it again.
    ///
    /// # Panics
    ///
    /// If it does not start again.
    pub fn kill_hard(&self) {
        self.start_after(Signal::Kill);
    }

    fn start_after(&self, signal: Signal) {
        let mut kept = self.keeper();
        if let Some(keeper) = kept.take() {
            keeper.end(signal);
        }
        *kept = Some(self.run());
    }

    fn keeper(&self) -> MutexGuard<'_, Option<Keeper>> {
        // A test that panicked with the lock left a server that did not start.
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn url_of(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    fn run(&self) -> Keeper {
        Keeper::start(&self.binaries, &self.directory, self.port, self.user)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        match self.keeper().take() {
            Some(keeper) => keeper.clean_up(),
            // Nobody else knows of the directory, and a test may be panicking.
            None => drop(std::fs::remove_dir_all(&self.directory)),
        }
    }
}

/// A new directory that only the server's user may enter.
fn directory(user: Option<User>) -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    loop {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("tower-conditional-postgres-{}-{number}", id());
        let directory = std::env::temp_dir().join(name);
        match std::fs::DirBuilder::new().mode(0o700).create(&directory) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => panic!("no directory {}: {error}", directory.display()),
            Ok(()) => {
                if let Some(user) = user {
                    chown(&directory, Some(user.uid), Some(user.gid))
                        .expect("root may give its directory away");
                }
                return directory;
            }
        }
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}

fn finish(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?} did not run: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed: {said}");
}
