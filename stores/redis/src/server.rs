use std::{fmt, sync::Arc, time::Duration};

use redis::{Cmd, ErrorKind, RedisError, ServerErrorKind, Value, aio::ConnectionLike};
use tower_conditional::store::StoreError;

use crate::{Error, script::Script};

/// The longest time that a script computes with. Nothing is kept for 1,000 years.
const MAX_MILLIS: u128 = 1_000 * 365 * 24 * 60 * 60 * 1_000;

/// The longest prefix. It is a part of each key.
const MAX_PREFIX_BYTES: usize = 200;

/// A connection, and the settings of a store.
#[derive(Clone)]
pub(crate) struct Server<C> {
    connection: C,
    settings: Settings,
    /// The client may send a command a second time by itself.
    may_repeat: bool,
}

/// The settings that all stores have.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) prefix: Arc<str>,
    pub(crate) timeout: Duration,
    pub(crate) clock: ScriptClock,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            prefix: Arc::from("tower-conditional"),
            timeout: Duration::from_secs(1),
            clock: ScriptClock::default(),
        }
    }
}

impl Settings {
    /// Refuses settings with which a store would not work.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        let prefix = &*self.prefix;
        let fault = if prefix.is_empty() {
            "it is empty, so keys of others would be in the way"
        } else if prefix.len() > MAX_PREFIX_BYTES {
            let reason = format!(
                "invalid prefix of {} bytes: each key begins with it, so use at most \
                 {MAX_PREFIX_BYTES} bytes",
                prefix.len()
            );
            return Err(Error::invalid_config(reason));
        } else if prefix.contains(['{', '}']) {
            "braces choose the slot of a cluster, so leave them out"
        } else if prefix.chars().any(char::is_control) {
            "it has a control character, so that no tool shows the keys as they are"
        } else if prefix.contains(char::is_whitespace) {
            "it has white space, and a rule of the ACL ends there, so leave it out"
        } else if prefix.contains(['*', '?', '[', ']', '\\']) {
            "patterns of the ACL give \"*\", \"?\", \"[\", \"]\" and \"\\\" a meaning, so leave them out"
        } else if self.timeout.is_zero() {
            let reason = "invalid timeout of 0 s: no step ends in time, so set 1 s or more";
            return Err(Error::invalid_config(reason));
        } else {
            return Ok(());
        };
        let reason = format!("invalid prefix {prefix:?}: {fault}");
        Err(Error::invalid_config(reason))
    }
}

/// The clock of a store.
#[derive(Debug, Clone, Default)]
pub(crate) enum ScriptClock {
    #[default]
    Server,
    #[cfg(feature = "test-util")]
    Manual(tower_conditional::clock::ManualClock),
}

impl ScriptClock {
    /// Returns the first argument of each script: the time in milliseconds, or nothing if the
    /// server's clock counts.
    fn argument(&self) -> String {
        match self {
            Self::Server => String::new(),
            #[cfg(feature = "test-util")]
            Self::Manual(clock) => {
                use std::time::SystemTime;
                use tower_conditional::clock::Clock as _;

                let now = clock.now().duration_since(SystemTime::UNIX_EPOCH);
                now.unwrap_or_default().as_millis().to_string()
            }
        }
    }
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

    #[test]
    fn settings_that_cannot_work_are_refused() {
        let settings = |prefix: &str, timeout| Settings {
            prefix: Arc::from(prefix),
            timeout,
            ..Settings::default()
        };
        assert!(Settings::default().validate().is_ok());
        let second = Duration::from_secs(1);
        for prefix in ["shop", "a:b", "é", &*"a".repeat(200)] {
            assert!(settings(prefix, second).validate().is_ok(), "{prefix:?}");
        }
        let rows = [
            ("", "empty"),
            ("{shop}", "braces"),
            ("a{", "braces"),
            ("}", "braces"),
            ("a\nb", "control character"),
            ("\0", "control character"),
            (" ", "white space"),
            ("a b", "white space"),
            ("a\u{2003}", "white space"),
            ("*", "patterns"),
            ("a?", "patterns"),
            ("a[b", "patterns"),
            ("]", "patterns"),
            ("a\\b", "patterns"),
        ];
        for (prefix, fault) in rows {
            let refused = settings(prefix, second).validate().expect_err("a fault");
            assert_eq!(refused.kind(), crate::ErrorKind::InvalidConfig);
            let text = refused.to_string();
            let expected = format!("invalid configuration: invalid prefix {prefix:?}: ");
            assert!(
                text.starts_with(&expected) && text.contains(fault),
                "{text}"
            );
        }
        let refused = settings(&"é".repeat(101), second).validate();
        assert_eq!(
            refused.expect_err("a fault").to_string(),
            "invalid configuration: invalid prefix of 202 bytes: each key begins with it, so use \
             at most 200 bytes"
        );
        let refused = settings("shop", Duration::ZERO).validate();
        let text = refused.expect_err("a fault").to_string();
        assert!(text.contains("invalid timeout"), "{text}");
    }

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
