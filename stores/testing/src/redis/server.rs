use std::{
    fs::{DirBuilder, remove_dir_all},
    os::unix::fs::DirBuilderExt,
    path::PathBuf,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

use super::{Engine, RedisOptions, RespClient, process::RedisProcess};
use crate::processes::{create_directory, free_port, is_reached_in_time, wait_until};

/// A running Redis or Valkey with its own directory, on a free port of 127.0.0.1.
///
/// Dropping the value kills the server and removes its directory.
#[derive(Debug)]
pub struct RedisServer {
    directory: PathBuf,
    port: u16,
    state: Mutex<RedisState>,
}

#[derive(Debug)]
pub(crate) struct RedisState {
    pub(crate) options: RedisOptions,
    process: Option<RedisProcess>,
}

impl RedisState {
    fn running(&mut self) -> &mut RedisProcess {
        self.process.as_mut().expect("a running server")
    }
}

impl RedisServer {
    /// Starts a server with the default [`RedisOptions`], and waits until it answers.
    ///
    /// # Panics
    ///
    /// Panics like [`RedisOptions::start`].
    #[must_use]
    pub fn start(engine: Engine) -> Self {
        RedisOptions::new(engine).start()
    }

    pub(crate) fn start_with(options: RedisOptions) -> Self {
        let mut server = Self {
            directory: create_directory("redis"),
            port: 0,
            state: Mutex::new(RedisState {
                options,
                process: None,
            }),
        };
        // Another process may take the port before the server does.
        for _ in 0..5 {
            server.port = free_port();
            if server.start_again() {
                return server;
            }
        }
        panic!("no port stays free");
    }

    /// Returns the server with default options that all tests of a binary share. It runs
    /// until they end.
    ///
    /// # Panics
    ///
    /// Panics like [`RedisOptions::start`].
    #[must_use]
    pub fn shared(engine: Engine) -> &'static Self {
        static REDIS: OnceLock<RedisServer> = OnceLock::new();
        static VALKEY: OnceLock<RedisServer> = OnceLock::new();
        let shared = match engine {
            Engine::Redis => &REDIS,
            Engine::Valkey => &VALKEY,
        };
        shared.get_or_init(|| Self::start(engine))
    }

    /// Returns the URL of the database 0, such as `redis://127.0.0.1:20123`.
    #[must_use]
    pub fn url(&self) -> String {
        match self.state().options.password() {
            None => format!("redis://127.0.0.1:{}", self.port),
            Some(password) => format!("redis://:{password}@127.0.0.1:{}", self.port),
        }
    }

    /// Returns the port on 127.0.0.1, which stays the same after a restart.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns a new connection.
    ///
    /// # Panics
    ///
    /// Panics if the server does not run.
    #[must_use]
    pub fn client(&self) -> RespClient {
        let state = self.state();
        RespClient::connect(self.port, state.options.password())
            .unwrap_or_else(|error| panic!("no connection to Redis: {error}"))
    }

    /// Sends a command on a new connection, and returns its reply as
    /// [`RespClient::command`] does.
    ///
    /// # Panics
    ///
    /// Panics if the server does not run, does not answer or answers with an error.
    pub fn command(&self, arguments: &[&str]) -> String {
        let reply = self.client().command(arguments);
        reply.unwrap_or_else(|error| panic!("{arguments:?} failed: {error}"))
    }

    /// Stops the server with `SIGTERM`. If the server does not run, this does nothing.
    pub fn stop(&self) {
        if let Some(process) = self.state().process.take() {
            process.stop();
        }
    }

    /// Kills the server with `SIGKILL`, like a crash. If the server does not run, this does
    /// nothing.
    pub fn kill(&self) {
        if let Some(process) = self.state().process.take() {
            process.kill();
        }
    }

    /// Stops the server if it runs, and starts it again. Settings of `CONFIG SET` are lost.
    ///
    /// # Panics
    ///
    /// Panics if the server does not start again.
    pub fn restart(&self) {
        self.stop();
        self.restart_on_port();
    }

    /// Kills the server like a crash, and starts it again with its data.
    ///
    /// # Panics
    ///
    /// Panics if the server does not start again.
    pub fn kill_and_restart(&self) {
        self.kill();
        self.restart_on_port();
    }

    /// Kills the server like a crash, removes its data, and starts it again.
    ///
    /// # Panics
    ///
    /// Panics if the server does not start again.
    pub fn kill_and_restart_empty(&self) {
        self.kill();
        wait_until("an empty directory", || self.removes_directory());
        DirBuilder::new()
            .mode(0o700)
            .create(&self.directory)
            .expect("a new directory");
        self.restart_on_port();
    }

    /// Suspends the server with `SIGSTOP`. The system still accepts connections for it.
    ///
    /// # Panics
    ///
    /// Panics if the server does not run.
    pub fn pause(&self) {
        self.state().running().pause();
    }

    /// Continues a paused server.
    ///
    /// # Panics
    ///
    /// Panics if the server does not run.
    pub fn resume(&self) {
        self.state().running().resume();
    }

    fn restart_on_port(&self) {
        assert!(self.start_again(), "the port {} is in use", self.port);
    }

    /// Starts the server. Returns `false` if another process has the port.
    fn start_again(&self) -> bool {
        let mut state = self.state();
        state.process = RedisProcess::start(&state.options, &self.directory, self.port);
        state.process.is_some()
    }

    /// Removes the directory. Returns `false` while a killed child of the server still writes.
    fn removes_directory(&self) -> bool {
        remove_dir_all(&self.directory).is_ok() || !self.directory.exists()
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, RedisState> {
        // A test that panicked with the lock has left no server, which is a valid state.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
        // A test may be panicking, so an error is ignored.
        let _ = is_reached_in_time(|| self.removes_directory());
    }
}
