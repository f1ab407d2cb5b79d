//! A store whose steps are logged, and fail or wait on demand.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::sync::watch;

use crate::{
    clock::ManualClock,
    semantics::{
        validator::Validators,
        validator_cache::{
            FillOutcome, Grant, Guarantee, LeaseRequest, Lookup, ValidatorKey, WriteEnd,
            WriteIntent, WriteTarget,
        },
    },
    store::{MemoryValidatorStore, StoreError, ValidatorStore, validators::ValidatorEntry},
};

/// The failure of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The step is not applied.
    Refused,
    /// The step is applied, and its answer is lost.
    AnswerLost,
    /// The same, for a lookup that does not wait.
    AnswerLostAtOnce,
    /// The step is applied, and its answer waits for another fault, or for none.
    Unanswered,
    /// The step waits for another fault, or for none.
    Waits,
    /// No answer without waiting. The step works once it is awaited.
    NotAtOnce,
}

/// A store in memory whose steps are logged, and fail or wait on demand. Clones share it.
#[derive(Clone)]
pub(super) struct StepStore {
    memory: MemoryValidatorStore,
    faults: Arc<watch::Sender<HashMap<&'static str, Fault>>>,
    log: Arc<Mutex<Vec<&'static str>>>,
    guarantee: Guarantee,
    max_write_ttl: Option<Duration>,
}

impl StepStore {
    pub(super) fn new(clock: &ManualClock) -> Self {
        Self {
            memory: MemoryValidatorStore::new().clock(clock.clone()),
            faults: Arc::new(watch::Sender::new(HashMap::new())),
            log: Arc::default(),
            guarantee: Guarantee::SingleProcess,
            max_write_ttl: None,
        }
    }

    /// Returns the store as one that processes share.
    pub(super) fn shared(self) -> Self {
        let guarantee = Guarantee::Strict;
        Self { guarantee, ..self }
    }

    /// Returns a store that takes no longer announcements.
    pub(super) fn with_max_write_ttl(self, ttl: Duration) -> Self {
        let max_write_ttl = Some(ttl);
        Self {
            max_write_ttl,
            ..self
        }
    }

    /// Sets what happens to a step from now on.
    pub(super) fn set(&self, step: &'static str, fault: impl Into<Option<Fault>>) {
        let fault = fault.into();
        self.faults.send_modify(|faults| match fault {
            Some(fault) => drop(faults.insert(step, fault)),
            None => drop(faults.remove(step)),
        });
    }

    /// Takes the steps since the last call.
    pub(super) fn steps(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.log.lock().unwrap())
    }

    /// Puts steps back that were taken.
    pub(super) fn log_again(&self, steps: Vec<&'static str>) {
        *self.log.lock().unwrap() = steps;
    }

    /// Returns the number of entries and leases.
    pub(super) fn len(&self) -> usize {
        self.memory.len()
    }

    fn fault(&self, step: &'static str) -> Option<Fault> {
        self.faults.borrow().get(step).copied()
    }

    async fn step<T>(
        &self,
        name: &'static str,
        step: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.log.lock().unwrap().push(name);
        let mut faults = self.faults.subscribe();
        while self.fault(name) == Some(Fault::Waits) {
            faults.changed().await.expect("the store");
        }
        let fault = self.fault(name);
        match fault {
            Some(Fault::Refused) => Err(StoreError::not_applied("away")),
            Some(Fault::AnswerLost | Fault::AnswerLostAtOnce) => {
                step.await?;
                Err(StoreError::ambiguous("the answer was lost"))
            }
            Some(Fault::Unanswered) => {
                let answer = step.await;
                while self.fault(name) == fault {
                    faults.changed().await.expect("the store");
                }
                answer
            }
            Some(Fault::Waits | Fault::NotAtOnce) | None => step.await,
        }
    }
}

impl ValidatorStore for StepStore {
    async fn lookup(
        &self,
        key: ValidatorKey,
        lease: Option<LeaseRequest>,
    ) -> Result<Lookup<Validators>, StoreError> {
        let step = self.memory.lookup(key, lease);
        self.step("lookup", step).await
    }

    fn try_lookup(
        &self,
        key: ValidatorKey,
        lease: Option<LeaseRequest>,
    ) -> Option<Result<Lookup<Validators>, StoreError>> {
        let fault = self.fault("lookup");
        if !matches!(fault, None | Some(Fault::AnswerLostAtOnce)) {
            return None;
        }
        self.log.lock().unwrap().push("lookup");
        let answer = self.memory.try_lookup(key, lease);
        match fault {
            None => answer,
            Some(_) => Some(Err(StoreError::ambiguous("the answer was lost"))),
        }
    }

    async fn release(&self, key: ValidatorKey, grant: Grant) -> Result<(), StoreError> {
        self.step("release", self.memory.release(key, grant)).await
    }

    async fn fill(
        &self,
        key: ValidatorKey,
        grant: Grant,
        entry: ValidatorEntry,
    ) -> Result<FillOutcome, StoreError> {
        let step = self.memory.fill(key, grant, entry);
        self.step("fill", step).await
    }

    async fn begin_write(&self, intent: WriteIntent) -> Result<(), StoreError> {
        self.step("begin", self.memory.begin_write(intent)).await
    }

    async fn end_write(&self, intent: WriteIntent) -> Result<WriteEnd, StoreError> {
        self.step("end", self.memory.end_write(intent)).await
    }

    async fn invalidate(&self, target: WriteTarget) -> Result<(), StoreError> {
        let step = self.memory.invalidate(target);
        self.step("invalidate", step).await
    }

    fn max_write_ttl(&self) -> Option<Duration> {
        self.max_write_ttl
    }

    fn guarantee(&self) -> Guarantee {
        self.guarantee
    }
}
