//! Idempotency keys and remembered tags in Redis, which replicas share.

mod naive;

use std::{error::Error, time::Duration};

use anyhow::Context;
use clap::{Args, ValueEnum, value_parser};
use redis::{
    Client,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use tower_conditional_redis::{RedisIdempotencyStore, RedisValidatorStore, Risk};

pub(crate) use naive::{NaiveKeys, cache_aside};

/// The longest wait for an answer of a store.
const STORE_TIMEOUT: Duration = Duration::from_secs(1);

#[derive(Debug, Args)]
pub(crate) struct RedisOptions {
    /// A Redis for idempotency keys and remembered tags, which replicas share, such as
    /// redis://localhost
    #[arg(long, value_name = "URL", value_parser = client)]
    redis: Option<Client>,
    /// The risks of that Redis that are accepted
    #[arg(long, value_name = "RISK", requires = "redis", num_args = 1..)]
    redis_allow: Vec<AcceptedRisk>,
    /// Replaces both stores by the mistakes that they exist for: get-then-set keys, and a cache
    /// that is deleted after the commit
    #[arg(long, requires = "redis")]
    naive: bool,
    /// The time after which an order counts as lost, unless its process extends it
    #[arg(long, value_name = "MS", default_value = "30000")]
    #[arg(value_parser = value_parser!(u64).range(10..))]
    lease_ms: u64,
    /// The time after which a write of a page counts as over, unless its process extends it
    #[arg(long, value_name = "MS", default_value = "60000")]
    #[arg(value_parser = value_parser!(u64).range(60..=86_400_000))]
    write_ttl_ms: u64,
}

/// A risk of a Redis server, which its stores refuse otherwise.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum AcceptedRisk {
    Eviction,
    NoPersistence,
    Replica,
    OldVersion,
    Failover,
    UnknownServer,
}

/// The stores in place of those of the database.
#[derive(Debug)]
pub(crate) enum SharedStores {
    Redis {
        keys: RedisIdempotencyStore<ConnectionManager>,
        validators: RedisValidatorStore<ConnectionManager>,
    },
    Naive(ConnectionManager),
}

impl RedisOptions {
    /// Returns `true` if keys are not in the database of the orders.
    pub(crate) fn has_keys(&self) -> bool {
        self.redis.is_some()
    }

    pub(crate) fn lease(&self) -> Duration {
        Duration::from_millis(self.lease_ms)
    }

    pub(crate) fn write_ttl(&self) -> Duration {
        Duration::from_millis(self.write_ttl_ms)
    }

    /// Returns the longest wait for a step of a store. A write is announced again and again while it
    /// runs, so this is a part of its time.
    pub(crate) fn store_timeout(&self) -> Duration {
        STORE_TIMEOUT.min(self.write_ttl() / 6)
    }

    /// Connects to the server, and checks it.
    pub(crate) async fn open(&self) -> anyhow::Result<Option<SharedStores>> {
        let Some(client) = &self.redis else {
            return Ok(None);
        };
        let config = ConnectionManagerConfig::new()
            .set_response_timeout(Some(self.store_timeout()))
            .set_connection_timeout(Some(self.store_timeout()));
        let connection = ConnectionManager::new_with_config(client.clone(), config).await;
        // The address has no password, unlike the URL.
        let address = client.get_connection_info().addr();
        let connection =
            connection.with_context(|| format!("cannot connect to Redis at {address}"))?;
        if self.naive {
            return Ok(Some(SharedStores::Naive(connection)));
        }
        let mut keys = RedisIdempotencyStore::builder()
            .prefix("showcase")
            .timeout(self.store_timeout());
        let mut validators = RedisValidatorStore::builder()
            .prefix("showcase")
            .timeout(self.store_timeout())
            .max_write_ttl(self.write_ttl());
        for risk in &self.redis_allow {
            keys = keys.allow((*risk).into());
            validators = validators.allow((*risk).into());
        }
        Ok(Some(SharedStores::Redis {
            keys: keys.open(connection.clone()).await?,
            validators: validators.open(connection).await?,
        }))
    }
}

impl From<AcceptedRisk> for Risk {
    fn from(risk: AcceptedRisk) -> Self {
        match risk {
            AcceptedRisk::Eviction => Self::Eviction,
            AcceptedRisk::NoPersistence => Self::NoPersistence,
            AcceptedRisk::Replica => Self::Replica,
            AcceptedRisk::OldVersion => Self::OldVersion,
            AcceptedRisk::Failover => Self::Failover,
            AcceptedRisk::UnknownServer => Self::UnknownServer,
        }
    }
}

fn client(url: &str) -> Result<Client, Box<dyn Error + Send + Sync>> {
    if url.is_empty() {
        return Err("needs a URL".into());
    }
    Ok(Client::open(url)?)
}
