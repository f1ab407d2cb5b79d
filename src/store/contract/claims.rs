use std::{future::Future, sync::Arc, time::Duration};

use bytes::Bytes;

use super::{Suite, Violation, answered, expect, fail};
use crate::{
    semantics::retry::{Admission, Update},
    store::IdempotencyStore,
};

/// Claims that race, of which one may win.
const RACING: usize = 32;

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
        self.race().await
    }

    /// Of many claims at a time one is started.
    async fn race(&self) -> Result<(), Violation> {
        let key = self.key();
        let claims = (0..RACING).map(|_| {
            let (store, claim) = (Arc::clone(self.store), key.retry());
            tokio::spawn(async move { store.begin(key.id, claim).await })
        });
        let claims: Vec<_> = claims.collect();
        let mut started = 0;
        for claim in claims {
            let admission = claim.await.expect("a claim does not panic");
            let admission = answered("`begin` answers under load", admission)?;
            if matches!(admission, Admission::Started { .. }) {
                started += 1;
            }
        }
        expect("of many claims at a time one is started", &started, &1)
    }

    /// Returns an error unless a retry gets this response.
    pub(super) async fn expect_replay(
        &self,
        rule: &'static str,
        key: &super::ClaimedKey,
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
