//! Locks by key within one process.
//!
//! A handler that reads the current version and then writes can lose an update: another writer
//! may come in between. Do both while you hold the guard of [`KeyedLock::acquire`]. All writers
//! must be in this process.
//!
//! # Example
//!
//! ```
//! # async fn run() -> Result<(), tower::BoxError> {
//! use tower_conditional::lock::KeyedLock;
//!
//! let lock = KeyedLock::new();
//!
//! let guard = lock.acquire("notes/1").await?;
//! // Read the version, evaluate If-Match, write. Others wait for `notes/1`:
//! let other = tokio::spawn({
//!     let lock = lock.clone();
//!     async move { lock.acquire("notes/1").await }
//! });
//! // `notes/2` is free.
//! drop(lock.acquire("notes/2").await?);
//!
//! drop(guard);
//! drop(other.await??);
//! assert!(lock.is_empty());
//! # Ok(())
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
//! ```
//!
//! # How it works
//!
//! Among all clones of a [`KeyedLock`], at most one [`KeyGuard`] of a key is alive. Waiters of
//! a key are served in their order. A key takes memory only while it is held or waited for. The
//! future of `acquire` may be dropped at any time.
//!
//! [`PreconditionLayer::lock`](crate::PreconditionLayer::lock) takes the lock for a
//! request. It drops a write that holds the lock longer than
//! [`hold_timeout`](KeyedLock::hold_timeout).
//!
//! If a writer has to wait, the lock needs a tokio runtime with timers.
//!
//! # Limits
//!
//! Three limits protect against a flood of requests. Beyond a limit the request is refused
//! with [`Busy`]:
//!
//! | Limit | Default | [`Busy`] |
//! |---|---|---|
//! | [`max_keys`](KeyedLock::max_keys), keys that are held or waited for | 65,536 | `MaxKeys` |
//! | [`max_waiters`](KeyedLock::max_waiters), writers that wait for one key | 1,024 | `MaxWaiters` |
//! | [`timeout`](KeyedLock::timeout), the longest wait | 10 s | `Timeout` |
//!
//! A [`KeyGuard`] has no limit. If its holder never drops it, all others time out. A task that
//! acquires a key which it already holds times out, too. So do two tasks that each hold one key
//! and acquire the other's.
//!
//! If the client disconnects, the server drops the handler and the guard with it. A write that
//! has started may still take effect after that. To keep the key locked until then, move the
//! guard into the future that checks and writes, and run that future with
//! [`Detached::finish`](crate::detached::Detached::finish).
//!
//! # What it does not do
//!
//! The lock does not protect against writers in other processes: other replicas, other
//! programs, and people with a database client. There, use a compare-and-set in the
//! database: `UPDATE .. WHERE version = $1`, with the number from
//! [`Expected::versions_of`](crate::handler::Expected::versions_of).

mod busy;
mod keyed;
mod keys;
#[cfg(test)]
mod tests;

pub use {
    busy::Busy,
    keyed::{KeyGuard, KeyedLock},
};
