use std::time::Duration;

use tokio::sync::Semaphore;

use super::InvalidPurgeConfig;

/// The limits of a [`PurgeQueue`](super::PurgeQueue).
///
/// ```
/// use std::time::Duration;
///
/// use tower_conditional::purge::PurgeLimits;
///
/// let limits = PurgeLimits::new().attempts(10)?.again_after(Duration::from_secs(5))?;
/// assert!(limits.capacity(0).is_err());
/// # Ok::<_, tower_conditional::purge::InvalidPurgeConfig>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct PurgeLimits {
    pub(super) capacity: usize,
    pub(super) batch: usize,
    pub(super) attempts: u32,
    pub(super) first_pause: Duration,
    pub(super) longest_pause: Duration,
    pub(super) timeout: Duration,
    pub(super) concurrency: usize,
    pub(super) again_after: Option<Duration>,
}

impl PurgeLimits {
    /// The defaults.
    pub fn new() -> Self {
        Self {
            capacity: 1_024,
            batch: 64,
            attempts: 5,
            first_pause: Duration::from_millis(100),
            longest_pause: Duration::from_secs(10),
            timeout: Duration::from_secs(5),
            concurrency: 64,
            again_after: None,
        }
    }

    /// The most purges that wait, 1,024 by default, and likewise the most that
    /// wait for their second round. One more is dropped. As many again may wait for
    /// another try; while they do, no further purge is begun.
    ///
    /// # Errors
    ///
    /// Refuses zero, and more than an eighth of `usize::MAX`.
    pub fn capacity(self, purges: usize) -> Result<Self, InvalidPurgeConfig> {
        if purges == 0 || purges > Semaphore::MAX_PERMITS {
            return Err(InvalidPurgeConfig::Limit("capacity"));
        }
        Ok(Self {
            capacity: purges,
            ..self
        })
    }

    /// No purge joins those that have so many tags and targets already: 64 by
    /// default. It keeps what is sent, and sent again after a failure, within
    /// the time of one try.
    ///
    /// # Errors
    ///
    /// Refuses zero. With one, each purge goes by itself.
    pub fn batch(self, names: usize) -> Result<Self, InvalidPurgeConfig> {
        if names == 0 {
            return Err(InvalidPurgeConfig::Limit("batch"));
        }
        Ok(Self {
            batch: names,
            ..self
        })
    }

    /// How often a purge is tried, the first time included: 5 by default.
    ///
    /// # Errors
    ///
    /// Refuses zero.
    pub fn attempts(self, attempts: u32) -> Result<Self, InvalidPurgeConfig> {
        if attempts == 0 {
            return Err(InvalidPurgeConfig::Limit("attempts"));
        }
        Ok(Self { attempts, ..self })
    }

    /// The pause after the first failure, which doubles with each further one,
    /// and the longest: 100 milliseconds and 10 seconds by default.
    ///
    /// # Errors
    ///
    /// Refuses a first pause of zero, and one above the longest.
    pub fn backoff(self, first: Duration, longest: Duration) -> Result<Self, InvalidPurgeConfig> {
        if first.is_zero() || first > longest {
            return Err(InvalidPurgeConfig::Limit("backoff"));
        }
        Ok(Self {
            first_pause: first,
            longest_pause: longest,
            ..self
        })
    }

    /// How long one try may take: 5 seconds by default.
    ///
    /// # Errors
    ///
    /// Refuses zero.
    pub fn timeout(self, limit: Duration) -> Result<Self, InvalidPurgeConfig> {
        if limit.is_zero() {
            return Err(InvalidPurgeConfig::Limit("timeout"));
        }
        Ok(Self {
            timeout: limit,
            ..self
        })
    }

    /// Sets how many tries are under way at a time. Defaults to 64.
    ///
    /// Up to eight are begun together, and more only beside those that take longer than a twentieth
    /// of [`timeout`](Self::timeout), and than a second. At most half of all are tries after a
    /// failure. If so many hang, the purges behind them wait.
    ///
    /// # Errors
    ///
    /// Refuses zero.
    pub fn concurrency(self, tries: usize) -> Result<Self, InvalidPurgeConfig> {
        if tries == 0 {
            return Err(InvalidPurgeConfig::Limit("concurrency"));
        }
        Ok(Self {
            concurrency: tries,
            ..self
        })
    }

    /// Repeats each purge once, so long after it was done or given up. Not by
    /// default.
    ///
    /// A cache may have asked for a representation before the write, be given
    /// the old one, and store it after it was told to forget: nothing would
    /// take that away until it expires. A second round later than the slowest
    /// answer takes does. Nobody waits for it, and a queue that is dropped
    /// finishes it.
    ///
    /// # Errors
    ///
    /// Refuses zero.
    pub fn again_after(self, pause: Duration) -> Result<Self, InvalidPurgeConfig> {
        if pause.is_zero() {
            return Err(InvalidPurgeConfig::Limit("again_after"));
        }
        Ok(Self {
            again_after: Some(pause),
            ..self
        })
    }
}

impl Default for PurgeLimits {
    fn default() -> Self {
        Self::new()
    }
}
