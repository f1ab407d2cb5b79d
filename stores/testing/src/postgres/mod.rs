//! A PostgreSQL server with its own directory.

mod binaries;
mod supervisor;

use std::{
    os::unix::fs::chown,
    path::PathBuf,
    process::Command,
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use binaries::{Binaries, User};
use supervisor::{Signal, Supervisor};

use crate::processes::{create_directory, free_port};

/// A running server with its own directory, on a free port of 127.0.0.1.
///
/// Every client of the port is trusted. Dropping the value stops the server and removes its
/// directory.
#[derive(Debug)]
pub struct Postgres {
    binaries: Binaries,
    user: Option<User>,
    directory: PathBuf,
    port: u16,
    databases: AtomicU32,
    supervisor: Mutex<Option<Supervisor>>,
}

impl Postgres {
    /// Starts a server with an empty database `postgres`.
    ///
    /// If this process is root, the server runs as the user `postgres` or `nobody`, since
    /// PostgreSQL refuses to run as root.
    ///
    /// # Panics
    ///
    /// Panics with the missing package if PostgreSQL is not installed, and with the log of
    /// the server if it does not start.
    #[must_use]
    pub fn start() -> Self {
        let user = User::instead_of_root();
        let server = Self {
            binaries: Binaries::find(),
            directory: directory(user),
            user,
            port: free_port(),
            databases: AtomicU32::new(0),
            supervisor: Mutex::default(),
        };
        *server.supervisor() = Some(server.run());
        server
    }

    /// Returns the server that all tests of a binary share. It runs until they end.
    ///
    /// # Panics
    ///
    /// Panics like [`start`](Self::start).
    #[must_use]
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Returns the URL of the database `postgres`.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// Creates a new database, and returns its URL.
    ///
    /// # Panics
    ///
    /// Panics if the server refuses or does not run.
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

    /// Returns the port on 127.0.0.1, which stays the same after a restart.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Stops the server, closes its connections and rolls back their transactions. If the
    /// server does not run, this does nothing.
    pub fn stop(&self) {
        if let Some(supervisor) = self.supervisor().take() {
            supervisor.end(Signal::Fast);
        }
    }

    /// Stops the server, and starts it again.
    ///
    /// # Panics
    ///
    /// Panics if the server does not start again.
    pub fn restart(&self) {
        self.start_after(Signal::Fast);
    }

    /// Kills the server with `SIGKILL`, like a crash, and starts it again.
    ///
    /// # Panics
    ///
    /// Panics if the server does not start again.
    pub fn kill_and_restart(&self) {
        self.start_after(Signal::Kill);
    }

    fn start_after(&self, signal: Signal) {
        let mut kept = self.supervisor();
        if let Some(supervisor) = kept.take() {
            supervisor.end(signal);
        }
        *kept = Some(self.run());
    }

    fn supervisor(&self) -> MutexGuard<'_, Option<Supervisor>> {
        // A test that panicked with the lock has left no server, which is a valid state.
        self.supervisor
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn url_of(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    fn run(&self) -> Supervisor {
        Supervisor::start(&self.binaries, &self.directory, self.port, self.user)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        match self.supervisor().take() {
            Some(supervisor) => supervisor.clean_up(),
            // A test may be panicking, so an error is ignored.
            None => drop(std::fs::remove_dir_all(&self.directory)),
        }
    }
}

/// Creates a directory that only the user of the server may enter.
fn directory(user: Option<User>) -> PathBuf {
    let directory = create_directory("postgres");
    if let Some(user) = user {
        chown(&directory, Some(user.uid), Some(user.gid)).expect("a change of the owner by root");
    }
    directory
}

fn finish(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?} did not run: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed: {errors}");
}
