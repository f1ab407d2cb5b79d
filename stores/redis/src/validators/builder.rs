use std::time::Duration;

use redis::aio::ConnectionLike;

use super::{MAX_ENTRY_TTL, RedisValidatorStore};
use crate::{
    Error, Risk, check::check, server::Server, setters::shared_setters, settings::Settings,
};

/// The risks for which a store of validators refuses a server.
const CHECKED: &[Risk] = &[Risk::Replica, Risk::OldVersion, Risk::UnknownServer];

/// The longest announcement that the layers can make.
const MAX_WRITE_TTL: Duration = Duration::from_secs(24 * 60 * 60);

/// A builder of a [`RedisValidatorStore`].
#[derive(Debug, Clone)]
pub struct RedisValidatorStoreBuilder {
    settings: Settings,
    allowed: Vec<Risk>,
    max_entry_ttl: Duration,
    max_write_ttl: Duration,
    has_failover: bool,
}

impl Default for RedisValidatorStoreBuilder {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            allowed: Vec::new(),
            max_entry_ttl: Duration::from_secs(60),
            max_write_ttl: Duration::from_secs(60),
            has_failover: true,
        }
    }
}

impl RedisValidatorStoreBuilder {
    shared_setters! {
        records: "entries",
        /// Sets the clock of leases, entries and announcements, for tests. Defaults to the clock of
        /// the server.
        clock
    }

    /// Sets the longest time to live of an entry. Defaults to 60 seconds.
    ///
    /// Entries with a longer one are cut to it, and older entries of other processes do not
    /// count. After a fail-over, a 304 may be stale for this long. [`open`](Self::open) refuses
    /// zero, other times below a millisecond, and more than 5 minutes.
    #[must_use]
    pub fn max_entry_ttl(mut self, ttl: Duration) -> Self {
        self.max_entry_ttl = ttl;
        self
    }

    /// Sets the longest time for which a write is announced. Defaults to 60 seconds.
    ///
    /// A longer announcement is refused. If the server has lost its data, nothing is remembered
    /// for this long. All processes should have the same value: one that announces longer
    /// writes than the process that notices the loss is not waited for. [`open`](Self::open)
    /// refuses zero, other times below a millisecond, and more than a day.
    #[must_use]
    pub fn max_write_ttl(mut self, ttl: Duration) -> Self {
        self.max_write_ttl = ttl;
        self
    }

    /// Declares that no other server ever takes over from this one, so that the guarantee is
    /// [`Strict`](tower_conditional::store::validators::Guarantee::Strict). Defaults to
    /// [`Bounded`](tower_conditional::store::validators::Guarantee::Bounded).
    ///
    /// The promise is yours, and `Strict` holds as far as it is kept. [`open`](Self::open) refuses
    /// a server that has replicas or belongs to a cluster. It cannot know of replicas that are
    /// added later.
    ///
    /// With [`Risk::Failover`] accepted, a server with replicas is opened. You promise then that
    /// nobody promotes one. A cluster is refused in any case, since it promotes replicas by
    /// itself.
    #[must_use]
    pub fn without_failover(mut self) -> Self {
        self.has_failover = false;
        self
    }

    /// Checks the server, and returns the store. The check is one round trip, `INFO`. It is repeated
    /// once if the connection turns out to be closed.
    ///
    /// It takes a connection of the crate `redis`: a `ConnectionManager`, a
    /// `MultiplexedConnection` or a `ClusterConnection`. Behind Sentinel or a moving address, it
    /// takes a [`Reconnecting`](crate::Reconnecting).
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::InvalidConfig`](crate::ErrorKind::InvalidConfig) if a setting is invalid.
    /// - [`ErrorKind::Connection`](crate::ErrorKind::Connection) if the server does not answer.
    /// - [`ErrorKind::Refused`](crate::ErrorKind::Refused) if the server has a [`Risk`] that is
    ///   not accepted. The check looks for the role of a replica, an old version, and an `INFO`
    ///   that lacks a property. No `allow` accepts the last, since each step reads `INFO`.
    ///   [`without_failover`](Self::without_failover) adds [`Risk::Failover`].
    pub async fn open<C>(self, connection: C) -> Result<RedisValidatorStore<C>, Error>
    where
        C: ConnectionLike + Clone + Send + Sync + 'static,
    {
        self.settings.validate()?;
        within("max_entry_ttl", self.max_entry_ttl, MAX_ENTRY_TTL)?;
        within("max_write_ttl", self.max_write_ttl, MAX_WRITE_TTL)?;
        let mut server = Server::new(connection, self.settings);
        let mut checked = CHECKED.to_vec();
        if !self.has_failover {
            checked.push(Risk::Failover);
        }
        check(&mut server, &checked, &self.allowed).await?;
        Ok(RedisValidatorStore::new(
            server,
            self.max_entry_ttl,
            self.max_write_ttl,
            self.has_failover,
        ))
    }
}

/// Refuses a time to live of less than a millisecond or of more than `longest`.
fn within(setting: &str, ttl: Duration, longest: Duration) -> Result<(), Error> {
    if ttl >= Duration::from_millis(1) && ttl <= longest {
        return Ok(());
    }
    let reason = format!("invalid {setting} of {ttl:?}: it must be between 1 ms and {longest:?}");
    Err(Error::invalid_config(reason))
}
