//! The rules that every [`ValidatorStore`] keeps, as a suite that a store's tests run.
//!
//! ```
//! # async fn run() {
//! use std::{sync::Arc, time::{Duration, SystemTime}};
//! use tower_conditional::{
//!     clock::ManualClock,
//!     store::{MemoryValidatorStore, contract},
//! };
//!
//! let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
//! let store = Arc::new(MemoryValidatorStore::new().clock(clock.clone()));
//! let pass = |time| {
//!     clock.advance(time);
//!     std::future::ready(())
//! };
//! // A store whose clock cannot be moved takes a shorter unit, and waits in `pass`.
//! contract::validators::check(&store, Duration::from_secs(10), pass).await.unwrap();
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(run());
//! ```

mod leases;
mod scopes;
mod without_lease;
mod writes;

use std::{future::Future, sync::Arc, time::Duration};

use super::{Violation, answered, expect, fail, unique};
use crate::{
    semantics::{
        validator::{EntityTag, Validators},
        validator_cache::{
            CacheScope, FillOutcome, Grant, LeaseRequest, Lookup, OperationId, ValidatorKey,
            WriteEnd, WriteIntent, WriteTarget,
        },
    },
    store::{ValidatorStore, validators::ValidatorEntry},
};

/// Runs the whole suite on a store that nobody else uses. It makes every entry void.
///
/// `unit` is the unit of the suite's leases and lifetimes, some of which are 20 units long.
/// `pass` lets time pass on the store's clock. The suite needs `tokio`, and takes about 200
/// units.
///
/// # Errors
///
/// Returns the first rule that the store breaks.
pub async fn check<S, P, F>(store: &Arc<S>, unit: Duration, pass: P) -> Result<(), Violation>
where
    S: ValidatorStore,
    P: Fn(Duration) -> F + Send + Sync,
    F: Future<Output = ()> + Send,
{
    let suite = ValidatorSuite { store, unit, pass };
    suite.leases().await?;
    suite.writes().await?;
    suite.scopes().await?;
    suite.lookups_without_lease().await
}

struct ValidatorSuite<'a, S, P> {
    store: &'a Arc<S>,
    unit: Duration,
    pass: P,
}

impl<S, P, F> ValidatorSuite<'_, S, P>
where
    S: ValidatorStore,
    P: Fn(Duration) -> F + Send + Sync,
    F: Future<Output = ()> + Send,
{
    async fn pass(&self, units: u32) {
        (self.pass)(self.unit * units).await;
    }

    /// Returns the request of a new reader. Its lease is 4 units long.
    fn reader(&self) -> LeaseRequest {
        LeaseRequest::new(operation()).with_ttl(self.unit * 4)
    }

    /// Returns a new write, which runs out after 8 units.
    fn write(&self, targets: &[WriteTarget]) -> WriteIntent {
        WriteIntent::new(operation(), targets.iter().copied(), self.unit * 8)
    }

    /// Returns an entry that lives for 20 units.
    fn entry(&self, tag: &str, scopes: &[CacheScope]) -> ValidatorEntry {
        let tag = EntityTag::strong(tag).expect("a tag");
        ValidatorEntry::new(tag.into())
            .with_scopes(scopes)
            .with_ttl(self.unit * 20)
    }

    async fn lookup(
        &self,
        key: ValidatorKey,
        lease: Option<LeaseRequest>,
    ) -> Result<Lookup<Validators>, Violation> {
        answered("`lookup` answers", self.store.lookup(key, lease).await)
    }

    /// Looks a key up in each way that changes nothing.
    async fn ask(&self, key: ValidatorKey) -> Result<Vec<Lookup<Validators>>, Violation> {
        let mut found = vec![self.lookup(key, None).await?];
        if let Some(answer) = self.store.try_lookup(key, None) {
            found.push(answered("`try_lookup` answers", answer)?);
        }
        Ok(found)
    }

    /// Leases a key for a new reader.
    async fn lease(&self, rule: &'static str, key: ValidatorKey) -> Result<Grant, Violation> {
        match self.lookup(key, Some(self.reader())).await? {
            Lookup::Leased { grant, .. } => Ok(grant),
            other => fail(rule, &other),
        }
    }

    async fn fill(
        &self,
        key: ValidatorKey,
        grant: Grant,
        entry: ValidatorEntry,
    ) -> Result<FillOutcome, Violation> {
        let filled = self.store.fill(key, grant, entry).await;
        answered("`fill` answers", filled)
    }

    /// Returns an error unless the entry of a reader is refused.
    async fn expect_refused(
        &self,
        rule: &'static str,
        key: ValidatorKey,
        grant: Grant,
        scopes: &[CacheScope],
    ) -> Result<(), Violation> {
        let entry = self.entry("refused", scopes);
        let outcome = self.fill(key, grant, entry).await?;
        expect(rule, &outcome, &FillOutcome::Refused)
    }

    /// Fills a key that has no entry.
    async fn fill_new(
        &self,
        rule: &'static str,
        key: ValidatorKey,
        tag: &str,
        scopes: &[CacheScope],
    ) -> Result<(), Violation> {
        let grant = self.lease(rule, key).await?;
        let outcome = self.fill(key, grant, self.entry(tag, scopes)).await?;
        expect(rule, &outcome, &FillOutcome::Stored)?;
        self.expect_hit(rule, key, tag).await
    }

    async fn expect_hit(
        &self,
        rule: &'static str,
        key: ValidatorKey,
        tag: &str,
    ) -> Result<(), Violation> {
        let expected = self.entry(tag, &[]).validators.encode();
        let mut found = self.ask(key).await?;
        found.push(self.lookup(key, Some(self.reader())).await?);
        for lookup in found {
            match lookup {
                Lookup::Hit { entry, .. } if entry.encode() == expected => {}
                other => return fail(rule, &other),
            }
        }
        Ok(())
    }

    /// Returns an error if the key has an entry. The lease, if there is one, is nobody's.
    async fn expect_no_hit(&self, rule: &'static str, key: ValidatorKey) -> Result<(), Violation> {
        let mut found = self.ask(key).await?;
        found.push(self.lookup(key, Some(self.reader())).await?);
        let mut hits = found
            .iter()
            .filter(|found| matches!(found, Lookup::Hit { .. }));
        match hits.next() {
            Some(hit) => fail(rule, hit),
            None => Ok(()),
        }
    }

    async fn begin(&self, write: &WriteIntent) -> Result<(), Violation> {
        let begun = self.store.begin_write(write.clone()).await;
        answered("`begin_write` answers", begun)
    }

    async fn end(&self, write: &WriteIntent) -> Result<WriteEnd, Violation> {
        let ended = self.store.end_write(write.clone()).await;
        answered("`end_write` answers", ended)
    }

    async fn expect_ended(&self, write: &WriteIntent) -> Result<(), Violation> {
        let end = self.end(write).await?;
        expect("an announced write ends", &end, &WriteEnd::Ended)
    }

    async fn invalidate(&self, target: WriteTarget) -> Result<(), Violation> {
        let done = self.store.invalidate(target).await;
        answered("`invalidate` answers", done)
    }
}

fn key() -> ValidatorKey {
    ValidatorKey::from(unique())
}

fn scope() -> CacheScope {
    CacheScope::from(unique())
}

fn operation() -> OperationId {
    let [bytes @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = unique();
    OperationId::from(bytes)
}
