use std::{future::Future, time::Duration};

use bytes::Bytes;

use super::{Suite, Violation, answered, expect, fail, owner};
use crate::{
    semantics::retry::{Admission, SealReason, Update},
    store::{IdempotencyStore, Step},
};

impl<S, P, F> Suite<'_, S, P>
where
    S: IdempotencyStore,
    P: Fn(Duration) -> F + Send + Sync,
    F: Future<Output = ()> + Send,
{
    /// Rules of `complete`, `release` and `seal`.
    pub(super) async fn ends(&self) -> Result<(), Violation> {
        self.completed().await?;
        self.contents().await?;
        self.freed().await?;
        self.sealed().await
    }

    async fn completed(&self) -> Result<(), Violation> {
        let key = self.key();
        let step = self.start(&key).await?;
        let completed = self.complete(step, b"first").await?;
        expect("an attempt completes", &completed, &Update::Applied)?;
        let again = self.complete(step, b"first").await?;
        expect(
            "a completion that is delivered twice counts once",
            &again,
            &Update::Applied,
        )?;
        let stranger = Step {
            owner: owner(),
            ..step
        };
        let other = self.complete(stranger, b"other").await?;
        expect("nobody else completes the key", &other, &Update::Lost)?;
        Self::expect_lost(
            "a completed key is not released",
            self.store.release(step).await,
        )?;
        let sealed = self.store.seal(step, SealReason::Policy).await;
        Self::expect_lost("a completed key is not sealed", sealed)?;
        self.expect_replay("a retry gets the response", &key, b"first")
            .await?;
        let mismatch = self.begin(key.id, key.other_request()).await?;
        expect(
            "another request gets no response",
            &mismatch,
            &Admission::Mismatch,
        )?;
        let takeover = key.retry().with_takeover(true);
        match self.begin(key.id, takeover).await? {
            Admission::Replay(_) => Ok(()),
            other => fail("nobody takes over a completed key", &other),
        }
    }

    /// Contents come back byte by byte, whatever they are.
    async fn contents(&self) -> Result<(), Violation> {
        let every_byte: Bytes = (0..=255).collect();
        let large: Bytes = every_byte.repeat(1_024).into();
        for response in [Bytes::new(), every_byte, large] {
            let key = self.key();
            let step = self.start(&key).await?;
            let completed = self.store.complete(step, response.clone()).await;
            let completed = answered("`complete` takes 256 KiB", completed)?;
            expect("an attempt completes", &completed, &Update::Applied)?;
            match self.begin(key.id, key.retry()).await? {
                Admission::Replay(found) if found == response => {}
                _ => return fail("a response comes back byte by byte", &response.len()),
            }
        }
        Ok(())
    }

    async fn freed(&self) -> Result<(), Violation> {
        let (key, step) = self.released().await?;
        let again = answered("`release` answers", self.store.release(step).await)?;
        expect(
            "a release that is delivered twice counts once",
            &again,
            &Update::Applied,
        )?;
        // A request that was corrected may use the key.
        let next = key.other_request();
        let (fence, attempt) = match self.begin(key.id, next).await? {
            Admission::Started {
                fence,
                attempt,
                takes_over: false,
            } => (fence, attempt),
            other => return fail("a released key is free for any request", &other),
        };
        expect(
            "the fence grows after a release",
            &(fence > step.fence),
            &true,
        )?;
        expect("the attempts are counted on", &attempt, &2)?;
        let late = self.store.release(step).await;
        Self::expect_lost("a late release frees nobody else's key", late)?;
        let stranger = Step {
            owner: owner(),
            fence,
            ..step
        };
        let release = self.store.release(stranger).await;
        Self::expect_lost("nobody else releases the key", release)
    }

    async fn sealed(&self) -> Result<(), Violation> {
        let reasons = [
            SealReason::TooLarge,
            SealReason::Unrepeatable,
            SealReason::Policy,
            SealReason::Operator,
        ];
        for reason in reasons {
            let key = self.key();
            let step = self.start(&key).await?;
            for _ in 0..2 {
                let sealed = answered("`seal` answers", self.store.seal(step, reason).await)?;
                expect(
                    "an attempt seals its key, once or twice",
                    &sealed,
                    &Update::Applied,
                )?;
            }
            let late = self.complete(step, b"late").await?;
            expect("a sealed key is not completed", &late, &Update::Lost)?;
            let retry = self.begin(key.id, key.retry()).await?;
            expect(
                "a retry gets the reason",
                &retry,
                &Admission::Sealed(reason),
            )?;
        }
        Ok(())
    }
}
