use std::{future::Future, time::Duration};

use super::{ValidatorSuite, Violation, expect, key, scope};
use crate::{
    semantics::validator_cache::{FillOutcome, Grant, Lookup, ValidatorKey, WriteTarget},
    store::ValidatorStore,
};

const VOID: &str = "a write of a scope makes its entries void";
const BEFORE: &str = "a lease from before a write of the scope fills nothing";
const DURING: &str = "a lease from during a write of the scope fills nothing";
const AFTER: &str = "a key is filled again after a write of its scope";

impl<S, P, F> ValidatorSuite<'_, S, P>
where
    S: ValidatorStore,
    P: Fn(Duration) -> F + Send + Sync,
    F: Future<Output = ()> + Send,
{
    /// Rules of scopes.
    pub(super) async fn scopes(&self) -> Result<(), Violation> {
        self.written().await?;
        self.during().await?;
        self.abandoned().await?;
        self.made_void().await
    }

    async fn written(&self) -> Result<(), Violation> {
        let (written, other) = (scope(), scope());
        let keys = [key(), key()];
        let outside = key();
        // A scope is one of several.
        self.fill_new(VOID, keys[0], "first", &[written]).await?;
        self.fill_new(VOID, keys[1], "second", &[other, written])
            .await?;
        self.fill_new(VOID, outside, "outside", &[other]).await?;
        let leased = key();
        let early = self.lease(BEFORE, leased).await?;
        let write = self.write(&[WriteTarget::Scope(written)]);
        self.begin(&write).await?;
        self.expect_no_hit(VOID, keys[0]).await?;
        self.expect_refused(BEFORE, leased, early, &[other, written])
            .await?;
        self.expect_ended(&write).await?;
        for key in keys {
            self.expect_no_hit(VOID, key).await?;
        }
        let rule = "a write of a scope leaves entries of other scopes";
        self.expect_hit(rule, outside, "outside").await?;
        self.pass(5).await;
        for key in keys {
            self.fill_new(AFTER, key, "after", &[written]).await?;
        }
        let leased = key();
        let early = self.lease(BEFORE, leased).await?;
        let write = self.write(&[WriteTarget::Scope(written)]);
        self.begin(&write).await?;
        self.expect_ended(&write).await?;
        self.expect_refused(BEFORE, leased, early, &[written]).await
    }

    /// Leases a key while a write is announced, if the store knows nothing of its scopes. A
    /// store that does may refuse.
    async fn lease_during(&self, key: ValidatorKey) -> Result<Option<Grant>, Violation> {
        Ok(match self.lookup(key, Some(self.reader())).await? {
            Lookup::Leased { grant, .. } => Some(grant),
            _ => None,
        })
    }

    async fn during(&self) -> Result<(), Violation> {
        let scope = scope();
        let keys = [key(), key()];
        let write = self.write(&[WriteTarget::Scope(scope)]);
        self.begin(&write).await?;
        let mut grants = Vec::new();
        for key in keys {
            grants.push(self.lease_during(key).await?);
        }
        if let Some(grant) = grants[0] {
            self.expect_refused(DURING, keys[0], grant, &[scope])
                .await?;
        }
        self.expect_ended(&write).await?;
        if let Some(grant) = grants[1] {
            self.expect_refused(DURING, keys[1], grant, &[scope])
                .await?;
        }
        for key in keys {
            self.expect_no_hit(DURING, key).await?;
        }
        self.pass(5).await;
        self.fill_new(AFTER, keys[0], "after", &[scope]).await
    }

    /// The writer died after its write. Leases of its time stay void, also once another write
    /// has come and gone.
    async fn abandoned(&self) -> Result<(), Violation> {
        let scope = scope();
        let keys = [key(), key()];
        let write = self.write(&[WriteTarget::Scope(scope)]);
        self.begin(&write).await?;
        self.pass(6).await;
        let mut grants = Vec::new();
        for key in keys {
            grants.push(self.lease_during(key).await?);
        }
        self.pass(3).await;
        if let Some(grant) = grants[0] {
            self.expect_refused(DURING, keys[0], grant, &[scope])
                .await?;
        }
        let next = self.write(&[WriteTarget::Scope(scope)]);
        self.begin(&next).await?;
        self.expect_ended(&next).await?;
        if let Some(grant) = grants[1] {
            self.expect_refused(DURING, keys[1], grant, &[scope])
                .await?;
        }
        self.pass(5).await;
        self.fill_new(AFTER, keys[0], "after", &[scope]).await
    }

    async fn made_void(&self) -> Result<(), Violation> {
        let (gone, other) = (scope(), scope());
        let (filled, outside, leased) = (key(), key(), key());
        let rule = "an invalidation of a scope makes its entries and leases void";
        self.fill_new(rule, filled, "filled", &[other, gone])
            .await?;
        self.fill_new(rule, outside, "outside", &[other]).await?;
        let early = self.lease(rule, leased).await?;
        self.invalidate(WriteTarget::Scope(gone)).await?;
        self.expect_no_hit(rule, filled).await?;
        self.expect_hit("an invalidation leaves other scopes", outside, "outside")
            .await?;
        let entry = self.entry("early", &[gone]);
        let outcome = self.fill(leased, early, entry).await?;
        expect(rule, &outcome, &FillOutcome::Refused)?;
        self.fill_new(AFTER, leased, "after", &[gone]).await
    }
}
