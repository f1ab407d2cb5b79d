//! The rules that every [`IdempotencyStore`] keeps, as a suite that a store's tests run. Those of
//! a [`ValidatorStore`](super::ValidatorStore) are in [`validators`].
//!
//! ```
//! # async fn run() {
//! use std::{sync::Arc, time::{Duration, SystemTime}};
//! use tower_conditional::{
//!     clock::ManualClock,
//!     store::{MemoryIdempotencyStore, contract},
//! };
//!
//! let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
//! let store = Arc::new(MemoryIdempotencyStore::new().clock(clock.clone()));
//! let pass = |time| {
//!     clock.advance(time);
//!     std::future::ready(())
//! };
//! // A store whose clock cannot be moved takes a shorter unit, and waits in `pass`.
//! contract::check(&store, Duration::from_secs(10), pass).await.unwrap();
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(run());
//! ```

mod attempts;
mod claims;
mod ends;
mod time;
pub mod validators;

use std::{
    error::Error,
    fmt,
    future::Future,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;

use super::{IdempotencyStore, Step, StoreError};
use crate::semantics::retry::{Admission, Claim, Fingerprint, Owner, RecordId, Retention, Update};

/// Runs the whole suite on a store. Records that the store has already do not matter.
///
/// `unit` is the unit of the suite's leases and retentions, some of which are 20 units long.
/// `pass` lets time pass on the store's clock. The suite needs `tokio`, and takes about 100
/// units.
///
/// # Errors
///
/// Returns the first rule that the store breaks.
pub async fn check<S, P, F>(store: &Arc<S>, unit: Duration, pass: P) -> Result<(), Violation>
where
    S: IdempotencyStore,
    P: Fn(Duration) -> F + Send + Sync,
    F: Future<Output = ()> + Send,
{
    let suite = Suite {
        store,
        unit,
        pass,
        frees_by_itself: false,
    };
    suite.run().await
}

/// Runs the whole suite on a store whose server frees expired records by itself, such as one in
/// Redis. It is that of [`check`], but `purge` removes nothing and returns 0.
///
/// # Errors
///
/// Returns the first rule that the store breaks.
pub async fn check_self_freeing<S, P, F>(
    store: &Arc<S>,
    unit: Duration,
    pass: P,
) -> Result<(), Violation>
where
    S: IdempotencyStore,
    P: Fn(Duration) -> F + Send + Sync,
    F: Future<Output = ()> + Send,
{
    let suite = Suite {
        store,
        unit,
        pass,
        frees_by_itself: true,
    };
    suite.run().await
}

/// An error returned by a suite: the rule that a store breaks.
#[derive(Debug)]
pub struct Violation {
    rule: &'static str,
    found: String,
}

impl Violation {
    /// Returns the rule.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        self.rule
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, found } = self;
        write!(f, "the store breaks a rule: {rule}; it answered {found}")
    }
}

impl Error for Violation {}

struct Suite<'a, S, P> {
    store: &'a Arc<S>,
    unit: Duration,
    pass: P,
    /// The server of the store frees records, so that a purge has nothing to remove.
    frees_by_itself: bool,
}

/// A key, and those who claim it.
struct ClaimedKey {
    id: RecordId,
    claim: Claim,
}

impl<S, P, F> Suite<'_, S, P>
where
    S: IdempotencyStore,
    P: Fn(Duration) -> F + Send + Sync,
    F: Future<Output = ()> + Send,
{
    async fn run(&self) -> Result<(), Violation> {
        self.claims().await?;
        self.attempts().await?;
        self.ends().await?;
        self.time().await
    }

    /// Returns a new key. Its lease is 4 units long, its retention 20.
    fn key(&self) -> ClaimedKey {
        let id = RecordId::from(unique());
        let claim = Claim::new(Fingerprint::custom("request"), owner())
            .with_lease(self.unit * 4)
            .with_retention(Retention::new(self.unit * 20));
        ClaimedKey { id, claim }
    }

    async fn pass(&self, units: u32) {
        (self.pass)(self.unit * units).await;
    }

    async fn begin(&self, id: RecordId, claim: Claim) -> Result<Admission<Bytes>, Violation> {
        let answer = self.store.begin(id, claim).await;
        answered("`begin` answers", answer)
    }

    /// Claims the key for its first attempt.
    async fn start(&self, key: &ClaimedKey) -> Result<Step, Violation> {
        let rule = "the first claim of a key is started";
        match self.begin(key.id, key.claim).await? {
            Admission::Started { fence, .. } => Ok(Step::new(key.id, key.claim.owner, fence)),
            other => fail(rule, &other),
        }
    }

    async fn complete(&self, step: Step, response: &'static [u8]) -> Result<Update, Violation> {
        let response = Bytes::from_static(response);
        answered(
            "`complete` answers",
            self.store.complete(step, response).await,
        )
    }
}

impl ClaimedKey {
    /// Returns the claim of another attempt.
    fn retry(&self) -> Claim {
        Claim {
            owner: owner(),
            ..self.claim
        }
    }

    /// Returns the claim of another request with the same key.
    fn other_request(&self) -> Claim {
        Claim {
            fingerprint: Fingerprint::custom("another request"),
            ..self.retry()
        }
    }
}

fn owner() -> Owner {
    let [bytes @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = unique();
    Owner::from(bytes)
}

/// Random bytes, which differ between runs against one database.
fn unique() -> [u8; 32] {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut bytes = [0; 32];
    // Each state has random keys.
    let random = RandomState::new();
    for (index, part) in bytes.chunks_exact_mut(8).enumerate() {
        part.copy_from_slice(&random.hash_one(index).to_be_bytes());
    }
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    bytes[8..16].copy_from_slice(&count.to_be_bytes());
    bytes
}

fn answered<T>(rule: &'static str, answer: Result<T, StoreError>) -> Result<T, Violation> {
    answer.or_else(|error| {
        let cause = error.source().map(ToString::to_string).unwrap_or_default();
        fail(rule, &format_args!("{error}: {cause}"))
    })
}

fn fail<T>(rule: &'static str, found: &dyn fmt::Debug) -> Result<T, Violation> {
    let found = format!("{found:?}");
    Err(Violation { rule, found })
}

fn expect<T: PartialEq + fmt::Debug>(
    rule: &'static str,
    found: &T,
    expected: &T,
) -> Result<(), Violation> {
    if found == expected {
        return Ok(());
    }
    fail(rule, found)
}
