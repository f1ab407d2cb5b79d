use std::{fmt, time::Duration};

use redis::{Cmd, ErrorKind, RedisError, ServerErrorKind, Value, aio::ConnectionLike};
use tower_conditional::store::StoreError;

use crate::{script::Script, settings::Settings};

/// The longest time that a script computes with. Nothing is kept for 1,000 years.
const MAX_MILLIS: u128 = 1_000 * 365 * 24 * 60 * 60 * 1_000;

/// A connection, and the settings of a store.
#[derive(Clone)]
pub(crate) struct Server<C> {
    connection: C,
    settings: Settings,
    /// The client may send a command a second time by itself.
    may_repeat: bool,
}

impl<C> Server<C> {
    pub(crate) fn new(connection: C, settings: Settings) -> Self {
        Self {
            connection,
            settings,
            // Nothing is known before the check.
            may_repeat: true,
        }
    }

    /// Sets the result of the check: whether the client may send a command a second time.
    pub(crate) fn set_may_repeat(&mut self, may_repeat: bool) {
        self.may_repeat = may_repeat;
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns the command of a script. Its arguments from the second on can be added.
    pub(crate) fn command(&self, script: &Script, keys: &[&str]) -> Cmd {
        script.command(keys, &self.settings.clock.argument())
    }
}

impl<C> Server<C>
where
    C: ConnectionLike + Clone + Send + Sync + 'static,
{
    /// Runs a script as one step.
    ///
    /// An error is ambiguous, unless the server has refused the step before its first change, and
    /// the client sends each command once.
    pub(crate) async fn run(&self, script: &Script, command: Cmd) -> Result<Value, StoreError> {
        let run = async {
            let mut connection = self.connection.clone();
            // The client hands on an error of the server as a value.
            let answer = connection.req_packed_command(&command).await;
            match answer.and_then(Value::extract_error) {
                // The server has restarted, or its scripts were flushed. Nothing was run.
                Err(error) if is_missing_script(&error) => {
                    let command = script.with_code(&command);
                    let answer = connection.req_packed_command(&command).await;
                    answer.and_then(Value::extract_error)
                }
                answer => answer,
            }
        };
        match tokio::time::timeout(self.settings.timeout, run).await {
            Ok(Err(error)) if !self.may_repeat && is_refusal(&error) => {
                Err(StoreError::not_applied(error))
            }
            Ok(answer) => answer.map_err(StoreError::ambiguous),
            Err(elapsed) => Err(StoreError::ambiguous(elapsed)),
        }
    }

    /// Runs a command that changes nothing. It is sent again if the connection turns out to be
    /// closed, for example by the server's setting `timeout`.
    pub(crate) async fn query(&self, command: &Cmd) -> Result<Value, RedisError> {
        let answer = async {
            let mut connection = self.connection.clone();
            match connection.req_packed_command(command).await {
                // The client connects again then.
                Err(error) if error.is_io_error() => connection.req_packed_command(command).await,
                answer => answer,
            }
        };
        match tokio::time::timeout(self.settings.timeout, answer).await {
            Ok(answer) => answer?.extract_error(),
            Err(_) => Err((ErrorKind::Io, "the server took too long").into()),
        }
    }
}

fn is_missing_script(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}

/// Returns `true` for an error reply that the server gives before the first change of a script,
/// or not at all. After a change, a script may write on.
fn is_refusal(error: &RedisError) -> bool {
    matches!(
        error.code(),
        Some(
            "READONLY"
                | "OOM"
                | "LOADING"
                | "MASTERDOWN"
                | "MISCONF"
                | "NOREPLICAS"
                | "BUSY"
                | "NOAUTH"
        )
    )
}

/// Returns whole milliseconds, rounded up. A script cuts the server's time to milliseconds, so a
/// lease of a key ends up to 1 ms early.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Other errors can come in the middle of a script, or after it.
    #[test]
    fn a_refusal_is_an_error_before_the_first_change() {
        let rows = [
            (
                "READONLY You can't write against a read only replica.",
                true,
            ),
            (
                "OOM command not allowed when used memory > 'maxmemory'.",
                true,
            ),
            ("LOADING Redis is loading the dataset in memory", true),
            ("MASTERDOWN Link with MASTER is down", true),
            ("MISCONF Errors writing to the AOF file", true),
            ("NOREPLICAS Not enough good replicas to write.", true),
            ("BUSY Redis is busy running a script.", true),
            ("NOAUTH Authentication required.", true),
            ("NOPERM User shop has no permissions", false),
            ("ERR Error running script", false),
            ("NOSCRIPT No matching script.", false),
            ("CLUSTERDOWN The cluster is down", false),
            ("TRYAGAIN Multiple keys request during rehashing", false),
            ("WRONGTYPE Operation against a key", false),
        ];
        for (reply, expected) in rows {
            let answer = redis::parse_redis_value(format!("-{reply}\r\n").as_bytes());
            let error = answer.and_then(Value::extract_error).expect_err("an error");
            assert_eq!(is_refusal(&error), expected, "{reply}");
        }
        let broken = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        assert!(!is_refusal(&broken.into()));
    }

    #[test]
    fn milliseconds_are_rounded_up_and_bounded() {
        assert_eq!(millis(Duration::ZERO), 0);
        assert_eq!(millis(Duration::from_nanos(1)), 1);
        assert_eq!(millis(Duration::from_micros(2_000)), 2);
        // A double of Lua holds the sum of a few of them.
        assert!(millis(Duration::MAX) < 1 << 50);
    }
}
