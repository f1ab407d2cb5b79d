use std::time::Duration;

use tokio::sync::Semaphore;

use super::InvalidPurgeConfig;

const AT_LEAST_ONE: &str = "it must be at least 1";
const ABOVE_ZERO: &str = "it must be above zero";

/// The limits of a [`PurgeQueue`](super::PurgeQueue).
///
/// ```
/// use std::time::Duration;
///
/// use tower_conditional::purge::PurgeLimits;
///
/// let limits = PurgeLimits::new().max_attempts(10)?.repeat_after(Duration::from_secs(5))?;
/// assert!(limits.max_queued(0).is_err());
/// # Ok::<_, tower_conditional::purge::InvalidPurgeConfig>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct PurgeLimits {
    pub(super) max_queued: usize,
    pub(super) max_batch: usize,
    pub(super) max_attempts: u32,
    pub(super) first_pause: Duration,
    pub(super) longest_pause: Duration,
    pub(super) timeout: Duration,
    pub(super) max_concurrency: usize,
    pub(super) repeat_after: Option<Duration>,
}

impl PurgeLimits {
    /// Creates the default limits.
    pub fn new() -> Self {
        Self {
            max_queued: 1_024,
            max_batch: 64,
            max_attempts: 5,
            first_pause: Duration::from_millis(100),
            longest_pause: Duration::from_secs(10),
            timeout: Duration::from_secs(5),
            max_concurrency: 64,
            repeat_after: None,
        }
    }

    /// Sets how many purges may wait. Defaults to 1,024.
    ///
    /// The same limit applies to purges that wait for their second round. A purge beyond the
    /// limit is dropped. As many purges again may wait for a retry. While they do, no further
    /// purge begins.
    ///
    /// # Errors
    ///
    /// Returns an error for zero, and for more than an eighth of `usize::MAX`.
    pub fn max_queued(self, purges: usize) -> Result<Self, InvalidPurgeConfig> {
        if purges == 0 || purges > Semaphore::MAX_PERMITS {
            let requirement = "it must be at least 1 and at most an eighth of `usize::MAX`";
            return Err(InvalidPurgeConfig::limit(
                "max_queued",
                &purges,
                requirement,
            ));
        }
        Ok(Self {
            max_queued: purges,
            ..self
        })
    }

    /// Sets how many tags and targets a merged purge collects before it takes no more purges.
    /// Defaults to 64.
    ///
    /// It limits the work of one try, and of each retry. With a limit of one, purges are not
    /// merged.
    ///
    /// # Errors
    ///
    /// Returns an error for zero.
    pub fn max_batch(self, names: usize) -> Result<Self, InvalidPurgeConfig> {
        if names == 0 {
            return Err(InvalidPurgeConfig::limit("max_batch", &names, AT_LEAST_ONE));
        }
        Ok(Self {
            max_batch: names,
            ..self
        })
    }

    /// Sets how often a purge is tried, the first time included. Defaults to 5.
    ///
    /// # Errors
    ///
    /// Returns an error for zero.
    pub fn max_attempts(self, attempts: u32) -> Result<Self, InvalidPurgeConfig> {
        if attempts == 0 {
            let name = "max_attempts";
            return Err(InvalidPurgeConfig::limit(name, &attempts, AT_LEAST_ONE));
        }
        Ok(Self {
            max_attempts: attempts,
            ..self
        })
    }

    /// Sets the pause after the first failure, which doubles with each further one, and the
    /// longest pause. Defaults to 100 milliseconds and 10 seconds.
    ///
    /// # Errors
    ///
    /// Returns an error if the first pause is zero, or longer than the longest pause.
    pub fn backoff(self, first: Duration, longest: Duration) -> Result<Self, InvalidPurgeConfig> {
        if first.is_zero() || first > longest {
            let requirement = "it must be above zero and at most the longest pause";
            return Err(InvalidPurgeConfig::duration("backoff", first, requirement));
        }
        Ok(Self {
            first_pause: first,
            longest_pause: longest,
            ..self
        })
    }

    /// Sets how long one try may take. Defaults to 5 seconds.
    ///
    /// # Errors
    ///
    /// Returns an error for zero.
    pub fn timeout(self, timeout: Duration) -> Result<Self, InvalidPurgeConfig> {
        if timeout.is_zero() {
            return Err(InvalidPurgeConfig::duration("timeout", timeout, ABOVE_ZERO));
        }
        Ok(Self { timeout, ..self })
    }

    /// Sets how many tries may run at the same time. Defaults to 64.
    ///
    /// Up to eight are started together. More are started only while there are tries that take
    /// longer than one second, or than a twentieth of [`timeout`](Self::timeout). At most half
    /// of all are retries. If the limit is reached, the purges behind them wait.
    ///
    /// # Errors
    ///
    /// Returns an error for zero.
    pub fn max_concurrency(self, tries: usize) -> Result<Self, InvalidPurgeConfig> {
        if tries == 0 {
            let name = "max_concurrency";
            return Err(InvalidPurgeConfig::limit(name, &tries, AT_LEAST_ONE));
        }
        Ok(Self {
            max_concurrency: tries,
            ..self
        })
    }

    /// Sets the pause after which each purge is repeated once. Defaults to no repetition.
    ///
    /// A cache may request a representation before a write, receive the old one, and store it
    /// after the purge. It would then stay until it expires. A second purge removes it, if the
    /// pause is longer than the slowest response takes.
    ///
    /// The pause starts when the purge is done or given up. No ticket waits for the repetition,
    /// and a queue that is dropped finishes it.
    ///
    /// # Errors
    ///
    /// Returns an error for zero.
    pub fn repeat_after(self, pause: Duration) -> Result<Self, InvalidPurgeConfig> {
        if pause.is_zero() {
            let name = "repeat_after";
            return Err(InvalidPurgeConfig::duration(name, pause, ABOVE_ZERO));
        }
        Ok(Self {
            repeat_after: Some(pause),
            ..self
        })
    }
}

impl Default for PurgeLimits {
    fn default() -> Self {
        Self::new()
    }
}
