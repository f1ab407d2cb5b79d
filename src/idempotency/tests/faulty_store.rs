//! A store in memory, some of whose steps fail.

use std::{
    collections::VecDeque,
    future::pending,
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;

use super::{Runs, user};
use crate::{
    detached::Detached,
    idempotency::{Admission, Claim, IdempotencyLayer, RecordId, Resolution, SealReason, Update},
    store::{IdempotencyStore, Inspection, MemoryIdempotencyStore, Step, StoreError},
    test_support::pass,
};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Operation {
    Begin,
    Renew,
    Complete,
    Release,
    Seal,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fault {
    /// The store is down.
    Before,
    /// The step is applied, and its answer is lost.
    After,
    /// The record cannot be read.
    Corrupt,
    /// The step is applied, and its answer takes a second.
    Slow,
    /// The step is not applied, and there is never an answer.
    Silent,
    /// The step is not applied yet, and its answer is lost.
    Unanswered,
}

/// A store in memory, some of whose steps fail.
#[derive(Clone, Default)]
pub(super) struct Faulty {
    pub(super) store: MemoryIdempotencyStore,
    faults: Arc<Mutex<VecDeque<(Operation, Fault)>>>,
    pub(super) begun: Runs,
}

impl Faulty {
    /// Returns a layer with this store, and the handle of its work.
    pub(super) fn layer(&self) -> (IdempotencyLayer<Self>, Detached) {
        let detached = Detached::new();
        let layer = IdempotencyLayer::new(self.clone(), user).detached(detached.clone());
        (layer, detached)
    }

    /// The next steps of this kind fail, so many times.
    pub(super) fn fail(&self, operation: Operation, fault: Fault, times: usize) {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.extend(std::iter::repeat_n((operation, fault), times));
    }

    pub(super) fn forget_faults(&self) {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.clear();
    }

    fn next(&self, operation: Operation) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let index = faults.iter().position(|(other, _)| *other == operation)?;
        faults.remove(index).map(|(_, fault)| fault)
    }

    async fn run<T>(
        &self,
        operation: Operation,
        step: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        match self.next(operation) {
            None => step.await,
            Some(Fault::Before) => Err(StoreError::not_applied("down")),
            Some(Fault::Corrupt) => Err(StoreError::corrupt("rubbish")),
            Some(Fault::After) => {
                step.await?;
                Err(StoreError::ambiguous("the answer was lost"))
            }
            Some(Fault::Silent) => pending().await,
            Some(Fault::Unanswered) => Err(StoreError::ambiguous("no answer yet")),
            Some(Fault::Slow) => {
                let answer = step.await;
                pass(Duration::from_secs(1)).await;
                answer
            }
        }
    }
}

impl IdempotencyStore for Faulty {
    async fn begin(&self, id: RecordId, claim: Claim) -> Result<Admission<Bytes>, StoreError> {
        self.begun.add();
        self.run(Operation::Begin, self.store.begin(id, claim))
            .await
    }

    async fn renew(&self, step: Step, lease: Duration) -> Result<Update, StoreError> {
        self.run(Operation::Renew, self.store.renew(step, lease))
            .await
    }

    async fn complete(&self, step: Step, response: Bytes) -> Result<Update, StoreError> {
        self.run(Operation::Complete, self.store.complete(step, response))
            .await
    }

    async fn release(&self, step: Step) -> Result<Update, StoreError> {
        self.run(Operation::Release, self.store.release(step)).await
    }

    async fn seal(&self, step: Step, reason: SealReason) -> Result<Update, StoreError> {
        self.run(Operation::Seal, self.store.seal(step, reason))
            .await
    }

    async fn inspect(&self, id: RecordId) -> Result<Option<Inspection>, StoreError> {
        self.store.inspect(id).await
    }

    async fn resolve(
        &self,
        id: RecordId,
        fence: u64,
        resolution: Resolution<Bytes>,
    ) -> Result<Update, StoreError> {
        self.store.resolve(id, fence, resolution).await
    }

    async fn purge(&self, batch: NonZeroUsize) -> Result<usize, StoreError> {
        self.store.purge(batch).await
    }
}
