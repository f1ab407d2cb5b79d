//! One at a time per key, within this process.
//!
//! Between the look at the current version and the write there is room for
//! another writer. Whoever does both under [`KeyedLock::acquire`] closes it,
//! as long as all writers are in this process.
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
//! # What it does
//!
//! At most one [`KeyGuard`] of a key is alive among all clones of a
//! [`KeyedLock`]. Whoever asks first is served first, key by key. A key costs
//! memory only while somebody holds it or waits for it, and a wait may be
//! dropped at any time. Three limits keep a flood out, each with a [`Busy`] for
//! whoever comes too much:
//!
//! | Limit | Default | [`Busy`] |
//! |---|---|---|
//! | [`capacity`](KeyedLock::capacity), keys that are held or waited for | 65,536 | `Keys` |
//! | [`waiters`](KeyedLock::waiters), waiting for one key | 1,024 | `Waiters` |
//! | [`patience`](KeyedLock::patience), the longest wait | 10 s | `Patience` |
//!
//! [`PreconditionLayer::lock`](crate::PreconditionLayer::lock) takes the lock for a
//! request, and gives a write up after
//! [`hold_timeout`](KeyedLock::hold_timeout).
//!
//! # What it needs from its neighbours
//!
//! A tokio runtime with timers, for those who have to wait.
//!
//! Whoever holds a [`KeyGuard`] must come to an end: nothing takes it away, and the
//! others run into their patience. The same happens to a task that asks for a
//! key that it already holds, and to two that hold one key each and ask for
//! the other's.
//!
//! A server drops the handler when the client goes away, and the guard with it,
//! while a write that is under way may still come true. Where that matters,
//! move the guard into the future that does the check and the write, and run that
//! through [`Detached::finish`](crate::detached::Detached::finish).
//!
//! # What it does not promise
//!
//! Anything about another process: other replicas, other programs and people
//! with a database client write past it. There, compare and set in the
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
