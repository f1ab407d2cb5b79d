//! Idempotency keys and remembered validators in Redis and Valkey, for
//! [`tower-conditional`](tower_conditional).
//!
//! All replicas of an application share the stores. It works with Redis 6 or later and with
//! Valkey 7 or later: one server, a primary with replicas, or a cluster.
//!
//! # Example
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use tower_conditional::IdempotencyLayer;
//! use tower_conditional_redis::RedisIdempotencyStore;
//!
//! # #[derive(Clone)] struct User(String);
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let client = redis::Client::open("redis://127.0.0.1/")?;
//! let connection = client.get_connection_manager().await?;
//! let store = RedisIdempotencyStore::builder()
//!     .prefix("shop")
//!     .timeout(Duration::from_secs(1))
//!     .open(connection)
//!     .await?; // an error if the server may lose records
//! let layer = IdempotencyLayer::new(store, |request| {
//!     request.extensions.get::<User>().map(|user| user.0.clone())
//! });
//! # let _ = layer;
//! # Ok(())
//! # }
//! ```
//!
//! # Connections
//!
//! A store takes any connection of the crate `redis` 1.x that can be cloned. It needs no pool,
//! since clones of a connection share one socket.
//!
//! | Server | Connection | Feature |
//! |---|---|---|
//! | one server with one address | `ConnectionManager`, which reconnects to that address | |
//! | a cluster | `ClusterConnection` | `cluster` |
//! | behind Sentinel | [`Reconnecting`] around a `SentinelClient` | `sentinel` |
//! | behind an address or a name that moves | [`Reconnecting`] around a `Client` | |
//!
//! The connections below follow no fail-over by themselves:
//!
//! - A `MultiplexedConnection` does not reconnect, not even one of `SentinelClient`. After it has
//!   broken, every step fails.
//! - A `ConnectionManager` reconnects only after its connection breaks. A primary that was demoted
//!   keeps it open, and refuses each step with `READONLY`. With Sentinel, its address stays that
//!   of the old primary.
//!
//! A connection must not repeat commands by itself, except that of a cluster. For TLS, enable a
//! feature of the crate `redis`.
//!
//! # Idempotency keys
//!
//! A [`RedisIdempotencyStore`] keeps the records of an `IdempotencyLayer`. A request that runs
//! takes two round trips, and a replay one.
//!
//! **For money, use PostgreSQL.** Redis may lose a record that it has acknowledged, and a retry
//! then runs a second time. A fail-over loses what the replica had not received. With
//! `appendfsync everysec`, the default, a crash of the server or of the machine loses up to about
//! 2 seconds. A clock that is set far forward loses records, too. The type has the table.
//!
//! # Validators
//!
//! A [`RedisValidatorStore`] keeps the entries of a `ValidatorCacheLayer`. A request with
//! `If-None-Match` then gets its 304 without the handler, on all replicas. A hit takes one round
//! trip. A miss and a write take two, and no response waits for the second.
//!
//! ```no_run
//! use tower_conditional::{ValidatorCacheLayer, validator_cache::ValidatorCache};
//! use tower_conditional_redis::RedisValidatorStore;
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let client = redis::Client::open("redis://127.0.0.1/")?;
//! let connection = client.get_connection_manager().await?;
//! let store = RedisValidatorStore::builder()
//!     .prefix("shop")
//!     .open(connection)
//!     .await?;
//! let cache = ValidatorCache::new(store).namespace("shop").build_id(env!("CARGO_PKG_VERSION"));
//! let layer = ValidatorCacheLayer::new(cache);
//! # let _ = layer;
//! # Ok(())
//! # }
//! ```
//!
//! Any eviction policy will do, and no persistence is needed. A server that lost something begins
//! a grace period of 60 seconds, in which each read runs its handler. After a fail-over, a 304 may
//! be stale for up to 60 seconds. The type has the table.
//!
//! # The check of the server
//!
//! `open` reads `INFO`, and refuses a server that cannot keep what the store promises. The
//! error names all settings and their remedies. `allow` accepts a [`Risk`] by its name.
//!
//! # Features
//!
//! | Feature | Adds |
//! |---|---|
//! | `cluster` | the client's connections to a cluster |
//! | `sentinel` | the client's connections by way of Sentinel |
//! | `test-util` | a clock that tests can move |
//!
//! # What it does not do
//!
//! - It does not write the effect of a request and its record in one transaction. With
//!   PostgreSQL or SQLite, their stores do.
//! - It does not wait for replicas (`WAIT`, `WAITAOF`): that makes a loss rare, and not
//!   impossible.
//! - It does not check the server again after a fail-over, a restart or a `CONFIG SET`.
//! - It does not notice that replicas have different prefixes. A retry then runs again, and a
//!   304 may be stale.

mod check;
mod error;
mod hex;
mod idempotency;
mod reconnecting;
mod script;
mod server;
mod setters;
mod settings;
mod validators;

pub use check::Risk;
pub use error::{Error, ErrorKind};
pub use idempotency::{RedisIdempotencyStore, RedisIdempotencyStoreBuilder};
pub use reconnecting::Reconnecting;
pub use validators::{RedisValidatorStore, RedisValidatorStoreBuilder};

/// The examples of the README, compiled with those of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct RedisReadme;
