use std::{future::Future, sync::Arc, time::Duration};

use bytes::Bytes;

use super::{ClaimedKey, Suite, Violation, answered, expect, fail};
use crate::{
    semantics::retry::{Admission, Claim, Fingerprint, Retention, Update},
    store::{IdempotencyStore, Step},
};

/// Claims that race, of which one may win.
const RACING: usize = 32;
/// Races for each kind of key. The order of the claims differs between them.
const ROUNDS: usize = 16;

impl<S, P, F> Suite<'_, S, P>
where
    S: IdempotencyStore,
    P: Fn(Duration) -> F + Send + Sync,
    F: Future<Output = ()> + Send,
{
    /// Rules of `begin`, while nobody ends an attempt.
    pub(super) async fn claims(&self) -> Result<(), Violation> {
        let key = self.key();
        let first = self.begin(key.id, key.claim).await?;
        let Admission::Started {
            fence,
            attempt,
            takes_over,
        } = first
        else {
            return fail("the first claim of a key is started", &first);
        };
        expect("the first attempt has the number 1", &attempt, &1)?;
        expect(
            "the first attempt takes over from nobody",
            &takes_over,
            &false,
        )?;
        let again = self.begin(key.id, key.claim).await?;
        expect(
            "a claim that is delivered twice is one claim",
            &again,
            &first,
        )?;

        match self.begin(key.id, key.retry()).await? {
            Admission::InFlight { retry_after } if retry_after <= key.claim.lease => {}
            other => return fail("a second claim finds the first in flight", &other),
        }
        let other = self.begin(key.id, key.other_request()).await?;
        expect(
            "another request with the key is a mismatch",
            &other,
            &Admission::Mismatch,
        )?;
        let takeover = key.retry().with_takeover(true);
        match self.begin(key.id, takeover).await? {
            Admission::InFlight { .. } => {}
            other => {
                return fail(
                    "nobody takes over from an attempt that holds its lease",
                    &other,
                );
            }
        }
        let inspected = self.store.inspect(key.id).await;
        let inspected = answered("`inspect` answers", inspected)?;
        match inspected {
            Some(found) if found.fence == fence && found.attempt == 1 && !found.is_unknown => {}
            other => return fail("`inspect` shows the attempt", &other),
        }
        let unused = answered("`inspect` answers", self.store.inspect(self.key().id).await)?;
        expect(
            "`inspect` shows nothing for a key that is not used",
            &unused,
            &None,
        )?;
        self.races().await
    }

    /// A claim is repeated after its lease.
    pub(super) async fn claimed_again(&self) -> Result<(), Violation> {
        let key = self.key();
        let lost = self.start(&key).await?;
        self.pass(5).await;
        let fence = match self.begin(key.id, key.claim).await? {
            Admission::Started {
                fence,
                attempt: 1,
                takes_over: false,
            } => fence,
            other => {
                return fail(
                    "a claim that is repeated after its lease is started",
                    &other,
                );
            }
        };
        let is_later = fence > lost.fence;
        expect(
            "a claim that is repeated after its lease has a higher fence",
            &is_later,
            &true,
        )?;
        self.expect_fenced("a step from before the repeated claim is lost", lost)
            .await?;
        self.pass(3).await;
        match self.begin(key.id, key.retry()).await? {
            Admission::InFlight { .. } => {}
            other => return fail("a repeated claim has a new lease", &other),
        }
        let step = Step { fence, ..lost };
        let released = answered("`release` answers", self.store.release(step).await)?;
        expect(
            "a repeated claim is given back",
            &released,
            &Update::Applied,
        )?;
        match self.begin(key.id, key.retry()).await? {
            Admission::Started { .. } => {}
            other => return fail("a claim that was given back leaves the key free", &other),
        }
        self.pass(5).await;
        // Another attempt holds the key by now, and is lost.
        match self.begin(key.id, key.claim).await? {
            Admission::Unknown { .. } => Ok(()),
            other => fail("a repeated claim overtakes nobody", &other),
        }
    }

    /// Of many claims at a time one is started.
    async fn races(&self) -> Result<(), Violation> {
        self.race(&self.key()).await?;
        for _ in 0..ROUNDS {
            let (released, _) = self.released().await?;
            self.race(&released).await?;
        }
        Ok(())
    }

    /// Of many claims at a time for a key that is forgotten, one is started.
    pub(super) async fn forgotten_races(&self) -> Result<(), Violation> {
        let short = Retention::new(self.unit);
        let mut forgotten = Vec::new();
        for _ in 0..ROUNDS {
            let mut key = self.key();
            key.claim = key.claim.with_retention(short);
            let step = self.start(&key).await?;
            let completed = self.complete(step, b"short").await?;
            expect("an attempt completes", &completed, &Update::Applied)?;
            forgotten.push(key);
        }
        self.pass(2).await;
        for key in forgotten {
            self.race(&key).await?;
        }
        Ok(())
    }

    /// Races claims of two requests for a key that is free. All others see the one that won, and
    /// none sees the record that the key had before.
    async fn race(&self, key: &ClaimedKey) -> Result<(), Violation> {
        let claims = (0..RACING).map(|number| {
            let fingerprint = Fingerprint::custom(format!("request {}", number % 2));
            let claim = Claim {
                fingerprint,
                ..key.retry()
            };
            // Longer than the race.
            let claim = claim.with_lease(self.unit * 100);
            let (store, id) = (Arc::clone(self.store), key.id);
            tokio::spawn(async move { (fingerprint, store.begin(id, claim).await) })
        });
        let claims: Vec<_> = claims.collect();
        let mut answers = Vec::new();
        for claim in claims {
            let (fingerprint, admission) = claim.await.expect("a claim does not panic");
            let admission = answered("`begin` answers under load", admission)?;
            answers.push((fingerprint, admission));
        }
        let started = answers
            .iter()
            .filter(|(_, admission)| matches!(admission, Admission::Started { .. }));
        let started: Vec<_> = started.map(|(fingerprint, _)| *fingerprint).collect();
        expect(
            "of many claims at a time one is started",
            &started.len(),
            &1,
        )?;
        for (fingerprint, admission) in answers {
            let is_winners = started.contains(&fingerprint);
            match admission {
                Admission::Started { .. } => {}
                Admission::InFlight { .. } if is_winners => {}
                Admission::Mismatch if !is_winners => {}
                other => return fail("a claim that lost a race sees the one that won", &other),
            }
        }
        Ok(())
    }

    /// Returns an error unless a retry gets this response.
    pub(super) async fn expect_replay(
        &self,
        rule: &'static str,
        key: &ClaimedKey,
        response: &'static [u8],
    ) -> Result<(), Violation> {
        let replay = Admission::Replay(Bytes::from_static(response));
        expect(rule, &self.begin(key.id, key.retry()).await?, &replay)
    }

    pub(super) fn expect_lost(
        rule: &'static str,
        update: Result<Update, crate::store::StoreError>,
    ) -> Result<(), Violation> {
        expect(rule, &answered(rule, update)?, &Update::Lost)
    }
}
