use std::{future::Future, time::Duration};

use bytes::Bytes;

use super::{ClaimedKey, Suite, Violation, answered, expect, fail, owner};
use crate::{
    semantics::retry::{Admission, Resolution, SealReason, Update},
    store::{IdempotencyStore, Step},
};

impl<S, P, F> Suite<'_, S, P>
where
    S: IdempotencyStore,
    P: Fn(Duration) -> F + Send + Sync,
    F: Future<Output = ()> + Send,
{
    /// Rules of leases, takeover and fences.
    pub(super) async fn attempts(&self) -> Result<(), Violation> {
        self.renewed().await?;
        self.lost().await?;
        self.claimed_again().await?;
        self.taken_over().await?;
        self.given_up().await?;
        self.resolved().await
    }

    async fn renewed(&self) -> Result<(), Violation> {
        let key = self.key();
        let step = self.start(&key).await?;
        self.pass(3).await;
        let renewed = self.store.renew(step, key.claim.lease).await;
        let renewed = answered("`renew` answers", renewed)?;
        expect("an attempt renews its lease", &renewed, &Update::Applied)?;
        self.expect_fenced(
            "a step of nobody is lost",
            Step {
                owner: owner(),
                ..step
            },
        )
        .await?;
        let other_fence = Step {
            fence: step.fence + 1,
            ..step
        };
        self.expect_fenced("a step with another fence is lost", other_fence)
            .await?;
        self.pass(3).await;
        match self.begin(key.id, key.retry()).await? {
            Admission::InFlight { .. } => Ok(()),
            other => fail("a renewed lease counts from its renewal", &other),
        }
    }

    async fn lost(&self) -> Result<(), Violation> {
        let key = self.key();
        let step = self.start(&key).await?;
        self.pass(5).await;
        let unknown = Admission::Unknown { fence: step.fence };
        let retry = self.begin(key.id, key.retry()).await?;
        expect(
            "a lease that ran out is an unknown outcome",
            &retry,
            &unknown,
        )?;
        let other = self.begin(key.id, key.other_request()).await?;
        expect(
            "a lost attempt keeps its fingerprint",
            &other,
            &Admission::Mismatch,
        )?;
        self.expect_fenced("an attempt that lost its lease changes nothing", step)
            .await?;
        let inspected = answered("`inspect` answers", self.store.inspect(key.id).await)?;
        let is_unknown = inspected.is_some_and(|found| found.is_unknown);
        expect(
            "`inspect` tells that the outcome is unknown",
            &is_unknown,
            &true,
        )
    }

    async fn taken_over(&self) -> Result<(), Violation> {
        let key = self.key();
        let step = self.start(&key).await?;
        self.pass(5).await;
        let takeover = key.retry().with_takeover(true);
        let (fence, attempt) = match self.begin(key.id, takeover).await? {
            Admission::Started {
                fence,
                attempt,
                takes_over: true,
            } => (fence, attempt),
            other => return fail("another attempt takes over, if it may", &other),
        };
        let is_later = fence > step.fence;
        expect("a takeover has a higher fence", &is_later, &true)?;
        expect("a takeover is the next attempt", &attempt, &2)?;
        self.expect_fenced("an attempt that was taken over changes nothing", step)
            .await?;
        let own_id = Step { fence, ..step };
        self.expect_fenced("nor does it with the new fence", own_id)
            .await?;
        let second = Step {
            owner: takeover.owner,
            fence,
            ..step
        };
        let completed = self.complete(second, b"second").await?;
        expect(
            "the attempt that took over completes",
            &completed,
            &Update::Applied,
        )?;
        self.expect_fenced("an old attempt changes no completed record", step)
            .await?;
        self.expect_replay("the record is that of the second attempt", &key, b"second")
            .await
    }

    async fn given_up(&self) -> Result<(), Violation> {
        let key = self.key();
        let step = self.start(&key).await?;
        let given_up = self.store.renew(step, Duration::ZERO).await;
        let given_up = answered("`renew` answers", given_up)?;
        expect("an attempt gives its lease up", &given_up, &Update::Applied)?;
        let unknown = Admission::Unknown { fence: step.fence };
        let retry = self.begin(key.id, key.retry()).await?;
        expect("a lease of nothing is over at once", &retry, &unknown)
    }

    async fn resolved(&self) -> Result<(), Violation> {
        let response = Bytes::from_static(b"found");
        let released: fn(&Admission<Bytes>) -> bool = |a| matches!(a, Admission::Started { .. });
        let completed =
            |a: &Admission<Bytes>| *a == Admission::Replay(Bytes::from_static(b"found"));
        let sealed = |a: &Admission<Bytes>| *a == Admission::Sealed(SealReason::Operator);
        self.resolve(Resolution::Release, released).await?;
        self.resolve(Resolution::Complete(response), completed)
            .await?;
        self.resolve(Resolution::Seal, sealed).await
    }

    async fn resolve(
        &self,
        resolution: Resolution<Bytes>,
        is_expected: impl Fn(&Admission<Bytes>) -> bool,
    ) -> Result<(), Violation> {
        let key = self.key();
        let step = self.start(&key).await?;
        let early = self
            .store
            .resolve(key.id, step.fence, resolution.clone())
            .await;
        Self::expect_lost("an attempt that holds its lease is not resolved", early)?;
        self.pass(5).await;
        let wrong = self
            .store
            .resolve(key.id, step.fence + 1, resolution.clone())
            .await;
        Self::expect_lost("another fence resolves nothing", wrong)?;
        let rules = [
            "an unknown outcome is resolved",
            "a resolution that is delivered twice is one resolution",
        ];
        for rule in rules {
            let resolution = resolution.clone();
            let resolved = self.store.resolve(key.id, step.fence, resolution).await;
            let resolved = answered("`resolve` answers", resolved)?;
            expect(rule, &resolved, &Update::Applied)?;
        }
        let others = [
            Resolution::Complete(Bytes::from_static(b"other")),
            Resolution::Release,
            Resolution::Seal,
        ];
        for other in others.into_iter().filter(|other| *other != resolution) {
            let second = self.store.resolve(key.id, step.fence, other).await;
            Self::expect_lost("an outcome is resolved once", second)?;
        }
        self.expect_fenced("a resolved attempt changes nothing", step)
            .await?;
        let retry = self.begin(key.id, key.retry()).await?;
        if is_expected(&retry) {
            return Ok(());
        }
        fail("a retry gets what was resolved", &retry)
    }

    /// Returns an error unless every step is lost, and changes nothing.
    pub(super) async fn expect_fenced(
        &self,
        rule: &'static str,
        step: Step,
    ) -> Result<(), Violation> {
        let before = answered("`inspect` answers", self.store.inspect(step.id).await)?;
        Self::expect_lost(rule, self.store.renew(step, self.unit * 4).await)?;
        let late = Bytes::from_static(b"late");
        Self::expect_lost(rule, self.store.complete(step, late).await)?;
        Self::expect_lost(rule, self.store.release(step).await)?;
        Self::expect_lost(rule, self.store.seal(step, SealReason::Policy).await)?;
        let after = answered("`inspect` answers", self.store.inspect(step.id).await)?;
        expect(rule, &after, &before)
    }

    /// Returns a key whose first attempt has released it.
    pub(super) async fn released(&self) -> Result<(ClaimedKey, Step), Violation> {
        let key = self.key();
        let step = self.start(&key).await?;
        let released = answered("`release` answers", self.store.release(step).await)?;
        expect("an attempt releases its key", &released, &Update::Applied)?;
        Ok((key, step))
    }
}
