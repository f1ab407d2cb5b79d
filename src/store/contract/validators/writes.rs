use std::{future::Future, sync::Arc, time::Duration};

use super::{ValidatorSuite, Violation, answered, expect, fail, key};
use crate::{
    semantics::validator_cache::{FillOutcome, Grant, Lookup, ValidatorKey, WriteEnd, WriteTarget},
    store::ValidatorStore,
};

/// Races between a reader that fills and a writer.
const ROUNDS: usize = 64;

const VOID: &str = "an entry is void once a write is announced";
const NO_LEASE: &str = "nobody gets a lease while a write is announced";
const BEFORE: &str = "a lease from before a write fills nothing";
const AFTER: &str = "a key is filled again after a write";
const RUNS_OUT: &str = "a write that never ends runs out";

impl<S, P, F> ValidatorSuite<'_, S, P>
where
    S: ValidatorStore,
    P: Fn(Duration) -> F + Send + Sync,
    F: Future<Output = ()> + Send,
{
    /// Rules of announced writes of a key, and of everything.
    pub(super) async fn writes(&self) -> Result<(), Violation> {
        for everything in [false, true] {
            let target = |key| match everything {
                true => WriteTarget::All,
                false => WriteTarget::Key(key),
            };
            self.announced(target).await?;
            self.never_ended(target).await?;
            self.two_writers(target).await?;
            self.invalidated(target).await?;
            for _ in 0..ROUNDS {
                self.fill_races(target).await?;
            }
        }
        self.late_duplicate().await?;
        self.other_keys().await
    }

    async fn expect_no_lease(
        &self,
        rule: &'static str,
        key: ValidatorKey,
    ) -> Result<(), Violation> {
        match self.lookup(key, Some(self.reader())).await? {
            Lookup::WriteInProgress => Ok(()),
            other => fail(rule, &other),
        }
    }

    async fn announced(
        &self,
        target: impl Fn(ValidatorKey) -> WriteTarget,
    ) -> Result<(), Violation> {
        let (filled, leased, unused, late) = (key(), key(), key(), key());
        self.fill_new("a reader fills its lease", filled, "before", &[])
            .await?;
        let early = self.lease(BEFORE, leased).await?;
        let early_and_late = self.lease(BEFORE, late).await?;
        let write = self.write(&[filled, leased, unused, late].map(target));
        self.begin(&write).await?;
        self.expect_no_hit(VOID, filled).await?;
        for key in [filled, leased, unused] {
            self.expect_no_lease(NO_LEASE, key).await?;
        }
        self.expect_refused(BEFORE, leased, early, &[]).await?;
        // The answer was lost, and the write is announced again.
        self.begin(&write).await?;
        self.expect_ended(&write).await?;
        self.expect_no_hit("an entry stays void after the write", filled)
            .await?;
        self.expect_refused(BEFORE, leased, early, &[]).await?;
        self.expect_refused(BEFORE, late, early_and_late, &[])
            .await?;
        self.fill_new(AFTER, leased, "after", &[]).await?;
        self.fill_new(
            "a write that is announced twice is one write",
            unused,
            "after",
            &[],
        )
        .await
    }

    async fn never_ended(
        &self,
        target: impl Fn(ValidatorKey) -> WriteTarget,
    ) -> Result<(), Violation> {
        let key = key();
        let early = self.lease(BEFORE, key).await?;
        let write = self.write(&[target(key)]);
        self.begin(&write).await?;
        self.pass(7).await;
        self.expect_no_lease(NO_LEASE, key).await?;
        self.pass(2).await;
        self.expect_refused(BEFORE, key, early, &[]).await?;
        self.fill_new(RUNS_OUT, key, "after", &[]).await?;
        let end = self.end(&write).await?;
        expect(
            "the end of a write that ran out is told",
            &end,
            &WriteEnd::IntentLost,
        )?;
        self.expect_no_hit("a late end makes void what was filled since", key)
            .await
    }

    async fn two_writers(
        &self,
        target: impl Fn(ValidatorKey) -> WriteTarget,
    ) -> Result<(), Violation> {
        let (key, rule) = (key(), "each writer ends its own write");
        let [first, second, stranger] = [(); 3].map(|()| self.write(&[target(key)]));
        self.begin(&first).await?;
        self.begin(&second).await?;
        self.expect_ended(&first).await?;
        self.expect_no_lease(rule, key).await?;
        let end = self.end(&stranger).await?;
        expect(rule, &end, &WriteEnd::IntentLost)?;
        self.expect_no_lease(rule, key).await?;
        self.expect_ended(&second).await?;
        self.fill_new(AFTER, key, "after", &[]).await
    }

    async fn invalidated(
        &self,
        target: impl Fn(ValidatorKey) -> WriteTarget,
    ) -> Result<(), Violation> {
        let (filled, leased) = (key(), key());
        let rule = "an invalidation makes entries and leases void";
        self.fill_new(rule, filled, "before", &[]).await?;
        let early = self.lease(rule, leased).await?;
        for key in [filled, leased] {
            self.invalidate(target(key)).await?;
        }
        self.expect_no_hit(rule, filled).await?;
        self.expect_refused(rule, leased, early, &[]).await?;
        self.fill_new(AFTER, leased, "after", &[]).await
    }

    /// A lookup that is delivered again after a write is no grant for what was read before it.
    async fn late_duplicate(&self) -> Result<(), Violation> {
        let (key, reader) = (key(), self.reader());
        let rule = "a late duplicate of a lookup is no grant for an earlier read";
        let early = match self.lookup(key, Some(reader)).await? {
            Lookup::Leased { grant, .. } => grant,
            other => return fail(rule, &other),
        };
        let write = self.write(&[WriteTarget::Key(key)]);
        self.begin(&write).await?;
        self.expect_ended(&write).await?;
        let _late = self.lookup(key, Some(reader)).await?;
        self.expect_refused(rule, key, early, &[]).await?;
        self.expect_no_hit(rule, key).await
    }

    async fn other_keys(&self) -> Result<(), Violation> {
        let (written, other) = (key(), key());
        let rule = "a write of one key leaves the others";
        self.fill_new(rule, other, "other", &[]).await?;
        let write = self.write(&[WriteTarget::Key(written)]);
        self.begin(&write).await?;
        self.expect_hit(rule, other, "other").await?;
        self.expect_ended(&write).await?;
        self.expect_hit(rule, other, "other").await
    }

    /// Whichever comes first, a fill or the announcement: the entry is not there after the write.
    async fn fill_races(
        &self,
        target: impl Fn(ValidatorKey) -> WriteTarget,
    ) -> Result<(), Violation> {
        let key = key();
        let rule = "of a fill and a write at a time, the write wins";
        let grant: Grant = self.lease(rule, key).await?;
        let write = self.write(&[target(key)]);
        let (entry, store) = (self.entry("race", &[]), Arc::clone(self.store));
        let fill = tokio::spawn(async move { store.fill(key, grant, entry).await });
        self.begin(&write).await?;
        let outcome = fill.await.expect("a fill does not panic");
        let _: FillOutcome = answered("`fill` answers under load", outcome)?;
        self.expect_no_hit(rule, key).await?;
        self.expect_ended(&write).await?;
        self.expect_no_hit(rule, key).await
    }
}
