use redis::aio::ConnectionLike;

use super::RedisIdempotencyStore;
use crate::{
    Error, Risk, check::check, server::Server, setters::shared_setters, settings::Settings,
};

/// The risks for which a store of idempotency keys refuses a server.
const CHECKED: &[Risk] = &[
    Risk::Eviction,
    Risk::NoPersistence,
    Risk::Replica,
    Risk::OldVersion,
];

/// A builder of a [`RedisIdempotencyStore`].
#[derive(Debug, Clone, Default)]
pub struct RedisIdempotencyStoreBuilder {
    settings: Settings,
    allowed: Vec<Risk>,
}

impl RedisIdempotencyStoreBuilder {
    shared_setters! {
        records: "records",
        /// Sets the clock of leases and retentions, for tests. Defaults to the clock of the server.
        ///
        /// The server frees a record by its own clock, a minute after the time that the record has
        /// left when it is written.
        clock
    }

    /// Checks the server, and returns the store. The check is one round trip, `INFO`. It is repeated
    /// once if the connection turns out to be closed.
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
