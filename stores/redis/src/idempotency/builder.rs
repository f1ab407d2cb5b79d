use std::{fmt, sync::Arc, time::Duration};

use redis::aio::ConnectionLike;

use super::RedisIdempotencyStore;
use crate::{
    Error, Risk,
    check::check,
    server::{Server, Settings},
};

/// The risks for which a store of idempotency keys refuses a server.
const CHECKED: &[Risk] = &[
    Risk::Eviction,
    Risk::NoPersistence,
    Risk::Replica,
    Risk::OldVersion,
];

/// A builder of a [`RedisIdempotencyStore`].
#[derive(Clone, Default)]
pub struct RedisIdempotencyStoreBuilder {
    settings: Settings,
    allowed: Vec<Risk>,
}

impl RedisIdempotencyStoreBuilder {
    /// Sets the beginning of the names of all keys. Defaults to `tower-conditional`.
    ///
    /// Stores with the same prefix share their records. [`open`](Self::open) refuses an empty
    /// prefix, and one with a brace or a control character.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<Arc<str>>) -> Self {
        self.settings.prefix = prefix.into();
        self
    }

    /// Sets the timeout of each step. Defaults to 1 second. [`open`](Self::open) refuses zero.
    ///
    /// A step that takes longer may have been applied: its error is ambiguous. The client has a
    /// timeout of its own, 500 ms by default. The shorter one counts.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = timeout;
        self
    }

    /// Accepts a risk for which [`open`](Self::open) would refuse the server. Call it once for
    /// each risk. By default no risk is accepted.
    #[must_use]
    pub fn allow(mut self, risk: Risk) -> Self {
        self.allowed.push(risk);
        self
    }

    /// Sets the clock of leases and retentions, for tests. Defaults to the clock of the server.
    ///
    /// The server frees a record by its own clock, a minute after the time that the record has
    /// left when it is written.
    #[cfg(feature = "test-util")]
    #[must_use]
    pub fn clock(mut self, clock: tower_conditional::clock::ManualClock) -> Self {
        self.settings.clock = Some(clock);
        self
    }

    /// Checks the server, and returns the store. The check is one round trip, `INFO`.
    ///
    /// It takes a connection of the crate `redis`: a `ConnectionManager`, a
    /// `MultiplexedConnection` or a `ClusterConnection`. Behind Sentinel or a moving address, it
    /// takes a [`Reconnecting`](crate::Reconnecting). The check does not run again when the
    /// connection reaches another server after a fail-over.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::InvalidConfig`](crate::ErrorKind::InvalidConfig) if a setting is invalid.
    /// - [`ErrorKind::Connection`](crate::ErrorKind::Connection) if the server does not answer.
    /// - [`ErrorKind::Refused`](crate::ErrorKind::Refused) if the server has a [`Risk`] that is
    ///   not accepted: [`Eviction`](Risk::Eviction), [`NoPersistence`](Risk::NoPersistence),
    ///   [`Replica`](Risk::Replica), [`OldVersion`](Risk::OldVersion) or
    ///   [`UnknownServer`](Risk::UnknownServer).
    pub async fn open<C>(self, connection: C) -> Result<RedisIdempotencyStore<C>, Error>
    where
        C: ConnectionLike + Clone + Send + Sync + 'static,
    {
        self.settings.validate()?;
        let mut server = Server::new(connection, self.settings);
        check(&mut server, CHECKED, &self.allowed).await?;
        Ok(RedisIdempotencyStore { server })
    }
}

impl fmt::Debug for RedisIdempotencyStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisIdempotencyStoreBuilder")
            .field("prefix", &self.settings.prefix)
            .field("timeout", &self.settings.timeout)
            .field("allowed", &self.allowed)
            .finish_non_exhaustive()
    }
}
