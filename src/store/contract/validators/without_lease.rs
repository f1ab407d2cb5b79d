use std::{future::Future, time::Duration};

use super::{ValidatorSuite, Violation, answered, expect, fail, key};
use crate::{
    semantics::validator_cache::{FillOutcome, Grant, Lookup, ValidatorKey, WriteTarget},
    store::ValidatorStore,
};

const LEASES_NOTHING: &str = "a lookup without a lease leases nothing";
const AT_ONCE: &str = "a released lease goes to the next reader at once";

impl<S, P, F> ValidatorSuite<'_, S, P>
where
    S: ValidatorStore,
    P: Fn(Duration) -> F + Send + Sync,
    F: Future<Output = ()> + Send,
{
    /// Rules of readers that only ask, of answers without waiting, and of leases given back.
    pub(super) async fn lookups_without_lease(&self) -> Result<(), Violation> {
        self.without_lease().await?;
        self.told_why().await?;
        self.without_waiting().await?;
        self.released().await?;
        self.released_late().await
    }

    async fn release(&self, key: ValidatorKey, grant: Grant) -> Result<(), Violation> {
        let released = self.store.release(key, grant).await;
        answered("`release` answers", released)
    }

    async fn without_lease(&self) -> Result<(), Violation> {
        let key = key();
        for _ in 0..2 {
            match self.lookup(key, None).await? {
                Lookup::Miss { found_stale: false } => {}
                other => return fail(LEASES_NOTHING, &other),
            }
        }
        let rule = "a lookup without a lease takes none away";
        let grant = self.lease(LEASES_NOTHING, key).await?;
        self.pass(5).await;
        // The lease ran out, and nobody has taken it.
        let _ = self.lookup(key, None).await?;
        let stored = self.fill(key, grant, self.entry("late", &[])).await?;
        expect(rule, &stored, &FillOutcome::Stored)?;
        self.expect_hit(rule, key, "late").await
    }

    async fn told_why(&self) -> Result<(), Violation> {
        let (key, rule) = (key(), "a lookup without a lease tells why there is no hit");
        let grant = self.lease(rule, key).await?;
        match self.lookup(key, None).await? {
            Lookup::LeaseTaken => {}
            other => return fail(rule, &other),
        }
        let stored = self.fill(key, grant, self.entry("why", &[])).await?;
        expect(rule, &stored, &FillOutcome::Stored)?;
        let write = self.write(&[WriteTarget::Key(key)]);
        self.begin(&write).await?;
        match self.lookup(key, None).await? {
            Lookup::WriteInProgress => {}
            other => return fail(rule, &other),
        }
        self.expect_ended(&write).await?;
        match self.lookup(key, None).await? {
            Lookup::Miss { .. } => Ok(()),
            other => fail(rule, &other),
        }
    }

    /// A store may always say that `lookup` has to be awaited.
    async fn without_waiting(&self) -> Result<(), Violation> {
        let (key, rule) = (key(), "an answer without waiting leases as `lookup` does");
        let Some(answer) = self.store.try_lookup(key, Some(self.reader())) else {
            return Ok(());
        };
        let grant = match answered("`try_lookup` answers", answer)? {
            Lookup::Leased { grant, .. } => grant,
            other => return fail(rule, &other),
        };
        match self.lookup(key, Some(self.reader())).await? {
            Lookup::LeaseTaken => {}
            other => return fail(rule, &other),
        }
        let stored = self.fill(key, grant, self.entry("at-once", &[])).await?;
        expect(rule, &stored, &FillOutcome::Stored)?;
        self.expect_hit(rule, key, "at-once").await
    }

    async fn released(&self) -> Result<(), Violation> {
        let key = key();
        let first = self.lease(AT_ONCE, key).await?;
        // A grant is that of its key.
        self.release(super::key(), first).await?;
        self.release(key, first).await?;
        let second = self.lease(AT_ONCE, key).await?;
        let rule = "a released lease fills nothing";
        self.expect_refused(rule, key, first, &[]).await?;
        let stored = self.fill(key, second, self.entry("second", &[])).await?;
        expect(AT_ONCE, &stored, &FillOutcome::Stored)
    }

    /// A release that is delivered again, or after the lease has gone to another reader.
    async fn released_late(&self) -> Result<(), Violation> {
        let (key, rule) = (key(), "a late release frees nobody else's lease");
        let first = self.lease(AT_ONCE, key).await?;
        self.release(key, first).await?;
        let second = self.lease(AT_ONCE, key).await?;
        self.release(key, first).await?;
        match self.lookup(key, Some(self.reader())).await? {
            Lookup::LeaseTaken => {}
            other => return fail(rule, &other),
        }
        let stored = self.fill(key, second, self.entry("kept", &[])).await?;
        expect(rule, &stored, &FillOutcome::Stored)?;
        for grant in [first, second] {
            self.release(key, grant).await?;
        }
        self.expect_hit("a late release leaves an entry", key, "kept")
            .await
    }
}
