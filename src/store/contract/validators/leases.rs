use std::{future::Future, sync::Arc, time::Duration};

use super::{ValidatorSuite, Violation, answered, expect, fail, key, operation};
use crate::{
    semantics::validator_cache::{FillOutcome, Grant, LeaseRequest, Lookup},
    store::ValidatorStore,
};

/// Lookups that race, of which one may get the lease.
const RACING: usize = 32;
/// Races, since the order of the lookups differs between them.
const ROUNDS: usize = 16;

impl<S, P, F> ValidatorSuite<'_, S, P>
where
    S: ValidatorStore,
    P: Fn(Duration) -> F + Send + Sync,
    F: Future<Output = ()> + Send,
{
    /// Rules of lookups and fills, while nobody writes.
    pub(super) async fn leases(&self) -> Result<(), Violation> {
        self.filled().await?;
        self.run_out().await?;
        self.expired().await?;
        for _ in 0..ROUNDS {
            self.race().await?;
        }
        Ok(())
    }

    async fn filled(&self) -> Result<(), Violation> {
        let (key, reader) = (key(), self.reader());
        let leased = self.lookup(key, Some(reader)).await?;
        let Lookup::Leased {
            grant,
            found_stale: false,
        } = leased
        else {
            return fail("the first lookup of a key is leased", &leased);
        };
        expect("a grant names its reader", &grant.id(), &reader.id)?;
        match self.lookup(key, Some(reader)).await? {
            Lookup::Leased { grant: again, .. } if again == grant => {}
            other => return fail("a lookup that is delivered twice has one grant", &other),
        }
        match self.lookup(key, Some(self.reader())).await? {
            Lookup::LeaseTaken => {}
            other => return fail("a second reader finds the lease taken", &other),
        }
        let stranger = Grant::new(operation(), grant.generation(), grant.granted_at());
        self.expect_refused("a fill without the lease is refused", key, stranger, &[])
            .await?;
        let unused = super::key();
        self.expect_refused("a fill without the lease is refused", unused, grant, &[])
            .await?;
        let stored = self.fill(key, grant, self.entry("filled", &[])).await?;
        expect("a reader fills its lease", &stored, &FillOutcome::Stored)?;
        self.expect_hit("a hit has what was filled", key, "filled")
            .await?;
        let again = self.fill(key, grant, self.entry("again", &[])).await?;
        expect("a lease fills once", &again, &FillOutcome::Refused)?;
        self.expect_hit("a hit has what was filled", key, "filled")
            .await?;
        self.expect_no_hit("another key has no entry", unused).await
    }

    async fn run_out(&self) -> Result<(), Violation> {
        let (key, rule) = (key(), "a lease that ran out goes to the next reader");
        let late = self.lease(rule, key).await?;
        self.pass(5).await;
        let next = self.lease(rule, key).await?;
        let rule = "a reader whose lease went to another fills nothing";
        self.expect_refused(rule, key, late, &[]).await?;
        let stored = self.fill(key, next, self.entry("next", &[])).await?;
        expect("the next reader fills", &stored, &FillOutcome::Stored)
    }

    async fn expired(&self) -> Result<(), Violation> {
        let (key, rule) = (key(), "an entry lives from its lookup on");
        let grant = self.lease(rule, key).await?;
        self.pass(3).await;
        let stored = self.fill(key, grant, self.entry("old", &[])).await?;
        expect(rule, &stored, &FillOutcome::Stored)?;
        self.pass(15).await;
        match self.lookup(key, Some(self.reader())).await? {
            Lookup::Hit { age, ttl, .. } if ttl <= self.unit * 2 => {
                if age < self.unit * 18 {
                    return fail("a hit tells the age of its entry", &age);
                }
            }
            other => return fail(rule, &other),
        }
        self.pass(3).await;
        match self.lookup(key, Some(self.reader())).await? {
            Lookup::Leased {
                found_stale: true, ..
            } => Ok(()),
            other => fail(rule, &other),
        }
    }

    /// Of many lookups at a time one is leased.
    async fn race(&self) -> Result<(), Violation> {
        let key = key();
        let lookups = (0..RACING).map(|_| {
            // Longer than the race.
            let request = LeaseRequest::new(operation()).with_ttl(self.unit * 100);
            let store = Arc::clone(self.store);
            tokio::spawn(async move { store.lookup(key, Some(request)).await })
        });
        let lookups: Vec<_> = lookups.collect();
        let mut leased = 0;
        for lookup in lookups {
            let answer = lookup.await.expect("a lookup does not panic");
            match answered("`lookup` answers under load", answer)? {
                Lookup::Leased { .. } => leased += 1,
                Lookup::LeaseTaken => {}
                other => return fail("a lookup that lost a race is told so", &other),
            }
        }
        expect("of many lookups at a time one is leased", &leased, &1)
    }
}
