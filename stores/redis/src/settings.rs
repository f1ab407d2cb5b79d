use std::{sync::Arc, time::Duration};

use crate::Error;

/// The longest prefix. It is a part of each key.
const MAX_PREFIX_BYTES: usize = 200;

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
    pub(crate) fn argument(&self) -> String {
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
        assert_eq!(Settings::default().timeout, second);
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
}
