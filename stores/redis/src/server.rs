use std::{fmt, sync::Arc, time::Duration};

use redis::{Cmd, ErrorKind, RedisError, ServerErrorKind, Value, aio::ConnectionLike};
use tower_conditional::store::StoreError;

use crate::script::Script;

/// The longest time that a script computes with. Nothing is kept for 1,000 years.
const MAX_MILLIS: u128 = 1_000 * 365 * 24 * 60 * 60 * 1_000;

/// A connection, and the settings of a store.
#[derive(Clone)]
pub(crate) struct Server<C> {
    connection: C,
    settings: Settings,
}

/// The settings that all stores have.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) prefix: Arc<str>,
    pub(crate) timeout: Duration,
    #[cfg(feature = "test-util")]
    pub(crate) clock: Option<tower_conditional::clock::ManualClock>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            prefix: Arc::from("tower-conditional"),
            timeout: Duration::from_secs(1),
            #[cfg(feature = "test-util")]
            clock: None,
        }
    }
}

impl Settings {
    /// Returns the first argument of each script: the time in milliseconds, or nothing if the
    /// server's clock counts.
    fn time(&self) -> String {
        #[cfg(feature = "test-util")]
        if let Some(clock) = &self.clock {
            use std::time::SystemTime;
            use tower_conditional::clock::Clock as _;

            let now = clock.now().duration_since(SystemTime::UNIX_EPOCH);
            return now.unwrap_or_default().as_millis().to_string();
        }
        String::new()
    }
}

impl<C> Server<C> {
    pub(crate) fn new(connection: C, settings: Settings) -> Self {
        Self {
            connection,
            settings,
        }
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns the command of a script. Its arguments from the second on can be added.
    pub(crate) fn command(&self, script: &Script, keys: &[&str]) -> Cmd {
        script.command(keys, &self.settings.time())
    }
}

impl<C> Server<C>
where
    C: ConnectionLike + Clone + Send + Sync + 'static,
{
    /// Runs a script as one step.
    ///
    /// The client may have sent a failed step more than once, and the server may have performed
    /// it. So every error is ambiguous.
    pub(crate) async fn run(&self, script: &Script, command: Cmd) -> Result<Value, StoreError> {
        let run = async {
            let mut connection = self.connection.clone();
            let answer = match connection.req_packed_command(&command).await {
                // The server has restarted, or its scripts were flushed. Nothing was run.
                Err(error) if is_missing_script(&error) => {
                    let command = script.with_code(&command);
                    connection.req_packed_command(&command).await
                }
                answer => answer,
            };
            answer?.extract_error()
        };
        match tokio::time::timeout(self.settings.timeout, run).await {
            Ok(answer) => answer.map_err(StoreError::ambiguous),
            Err(elapsed) => Err(StoreError::ambiguous(elapsed)),
        }
    }

    /// Runs a command that changes nothing.
    pub(crate) async fn query(&self, command: &Cmd) -> Result<Value, RedisError> {
        let mut connection = self.connection.clone();
        let answer = connection.req_packed_command(command);
        match tokio::time::timeout(self.settings.timeout, answer).await {
            Ok(answer) => answer?.extract_error(),
            Err(_) => Err((ErrorKind::Io, "the server took too long").into()),
        }
    }
}

fn is_missing_script(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}

/// Returns whole milliseconds, rounded up: a lease must not end early.
pub(crate) fn millis(time: Duration) -> u64 {
    let millis = time.as_nanos().div_ceil(1_000_000).min(MAX_MILLIS);
    u64::try_from(millis).unwrap_or(u64::MAX)
}

impl<C> fmt::Debug for Server<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
