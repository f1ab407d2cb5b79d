use std::{future::Future, num::NonZeroUsize, time::Duration};

use super::{Suite, Violation, answered, expect, fail};
use crate::{
    semantics::retry::{Admission, Retention, Update},
    store::IdempotencyStore,
};

impl<S, P, F> Suite<'_, S, P>
where
    S: IdempotencyStore,
    P: Fn(Duration) -> F + Send + Sync,
    F: Future<Output = ()> + Send,
{
    /// Rules of retention, tombstones and purges.
    pub(super) async fn time(&self) -> Result<(), Violation> {
        self.renewed_again().await?;
        self.kept().await?;
        self.tombstone().await?;
        self.purged().await?;
        self.forgotten_races().await
    }

    /// A long attempt is not forgotten, however short its retention is.
    async fn renewed_again(&self) -> Result<(), Violation> {
        let mut key = self.key();
        key.claim = key.claim.with_retention(Retention::new(self.unit));
        let step = self.start(&key).await?;
        self.pass(3).await;
        let renewed = self.store.renew(step, key.claim.lease).await;
        let renewed = answered("`renew` answers", renewed)?;
        expect("an attempt renews its lease", &renewed, &Update::Applied)?;
        self.pass(3).await;
        match self.begin(key.id, key.retry()).await? {
            Admission::InFlight { .. } => Ok(()),
            other => fail("a renewed attempt is kept for as long as its lease", &other),
        }
    }

    async fn kept(&self) -> Result<(), Violation> {
        let key = self.key();
        let step = self.start(&key).await?;
        self.pass(2).await;
        let completed = self.complete(step, b"kept").await?;
        expect("an attempt completes", &completed, &Update::Applied)?;
        // Longer than the lease, and than the retention counted from the claim.
        self.pass(19).await;
        self.expect_replay("a response is kept for its retention", &key, b"kept")
            .await?;
        let inspected = answered("`inspect` answers", self.store.inspect(key.id).await)?;
        let is_unknown = inspected.map(|found| found.is_unknown);
        expect(
            "`inspect` tells that a performed request is known after its lease",
            &is_unknown,
            &Some(false),
        )?;
        self.pass(2).await;
        match self.begin(key.id, key.retry()).await? {
            Admission::Started { fence, .. } if fence > step.fence => Ok(()),
            other => fail("an expired key is new, without a purge", &other),
        }
    }

    async fn tombstone(&self) -> Result<(), Violation> {
        let mut key = self.key();
        let retention = Retention::new(self.unit * 4).with_tombstone(self.unit * 10);
        key.claim = key.claim.with_retention(retention);
        let step = self.start(&key).await?;
        let completed = self.complete(step, b"kept").await?;
        expect("an attempt completes", &completed, &Update::Applied)?;
        self.pass(6).await;
        let late = self.begin(key.id, key.retry()).await?;
        expect(
            "a tombstone tells that the key has expired",
            &late,
            &Admission::Expired,
        )?;
        let inspected = answered("`inspect` answers", self.store.inspect(key.id).await)?;
        expect("`inspect` shows no expired record", &inspected, &None)?;
        self.pass(10).await;
        match self.begin(key.id, key.retry()).await? {
            Admission::Started { .. } => Ok(()),
            other => fail("a tombstone ends", &other),
        }
    }

    async fn purged(&self) -> Result<(), Violation> {
        let batch = |size| NonZeroUsize::new(size).expect("more than none");
        // Removes what the rules before have left, and what others have.
        let mut rounds = 0;
        while answered("`purge` answers", self.store.purge(batch(1_000)).await)? > 0 {
            rounds += 1;
            if rounds > 1_000 {
                return fail("`purge` comes to an end", &rounds);
            }
        }
        let short = Retention::new(self.unit * 2);
        let mut expired = Vec::new();
        for _ in 0..3 {
            let mut key = self.key();
            key.claim = key.claim.with_lease(self.unit).with_retention(short);
            let step = self.start(&key).await?;
            let completed = self.complete(step, b"short").await?;
            expect("an attempt completes", &completed, &Update::Applied)?;
            expired.push(key);
        }
        let kept = self.key();
        let step = self.start(&kept).await?;
        let completed = self.complete(step, b"kept").await?;
        expect("an attempt completes", &completed, &Update::Applied)?;
        let unended = self.key();
        self.start(&unended).await?;
        self.pass(6).await;
        let first = answered("`purge` answers", self.store.purge(batch(2)).await)?;
        if self.frees_by_itself {
            expect("`purge` removes nothing", &first, &0)?;
        } else {
            expect("`purge` removes at most its batch", &first, &2)?;
            let second = answered("`purge` answers", self.store.purge(batch(2)).await)?;
            expect("`purge` removes what has expired", &second, &1)?;
        }
        self.expect_replay("`purge` leaves a record that is kept", &kept, b"kept")
            .await?;
        match self.begin(unended.id, unended.retry()).await? {
            Admission::Unknown { .. } => Ok(()),
            other => fail("`purge` leaves an unknown outcome", &other),
        }
    }
}
