//! A store far away, with the faults of the library's `FaultyStore`.

use std::{
    future::{Future, pending},
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::{Instant, sleep};
use tower_conditional::{
    Validators,
    store::{
        FaultyStore, StoreError,
        validators::{
            FillOutcome, Grant, Guarantee, LeaseRequest, Lookup, ValidatorEntry, ValidatorKey,
            ValidatorStore, WriteEnd, WriteIntent, WriteTarget,
        },
    },
};

use crate::seeded::Draw;

/// A store whose steps take some time in each direction, so that they overtake each other. Some
/// have no answer at all, and some come in an outage.
pub(crate) struct SlowStore<S>(Arc<Distance<S>>);

struct Distance<S> {
    store: FaultyStore<S>,
    draw: Mutex<Draw>,
    /// The number of steps in a thousand that have no answer.
    unanswered: u64,
    /// The end of an outage, in which each step is refused.
    outage: Mutex<Instant>,
}

impl<S: ValidatorStore> SlowStore<S> {
    /// Returns a slow store. `faults` is the rate of each fault, in thousandths.
    pub(crate) fn new(store: S, seed: u64, faults: u64) -> Self {
        let rate = faults as f64 / 1_000.0;
        let store = FaultyStore::new(store, seed)
            .refusals(rate)
            .lost_requests(rate)
            .lost_answers(rate)
            .duplicates(rate)
            .late_duplicates(rate)
            .late_requests(rate);
        Self(Arc::new(Distance {
            store,
            draw: Mutex::new(Draw::new(seed)),
            unanswered: faults,
            outage: Mutex::new(Instant::now()),
        }))
    }

    /// Returns the number of faults, without those of time.
    pub(crate) fn faults(&self) -> u64 {
        self.0.store.injected()
    }

    fn below(&self, end: u64) -> u64 {
        self.0.draw.lock().unwrap().below(end)
    }

    async fn travel(&self) {
        let millis = self.below(4);
        if millis > 0 {
            // The clock is paused, so this is a place in the order of steps.
            sleep(Duration::from_millis(millis - 1)).await;
        }
    }

    /// Returns `true` if the store cannot be reached.
    fn is_out(&self) -> bool {
        let mut outage = self.0.outage.lock().unwrap();
        if self.below(10_000) < self.0.unanswered / 4 {
            *outage = Instant::now() + Duration::from_secs(2);
        }
        Instant::now() < *outage
    }

    async fn step<T, F>(&self, step: impl FnOnce(Arc<Distance<S>>) -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let is_unanswered = self.below(1_000) < self.0.unanswered;
        self.travel().await;
        if self.is_out() {
            return Err(StoreError::not_applied("an outage"));
        }
        if is_unanswered && self.below(2) == 0 {
            return pending().await;
        }
        let answer = step(Arc::clone(&self.0)).await;
        self.travel().await;
        if is_unanswered {
            return pending().await;
        }
        answer
    }
}

impl<S: ValidatorStore> ValidatorStore for SlowStore<S> {
    async fn lookup(
        &self,
        key: ValidatorKey,
        lease: Option<LeaseRequest>,
    ) -> Result<Lookup<Validators>, StoreError> {
        self.step(|it| async move { it.store.lookup(key, lease).await })
            .await
    }

    fn try_lookup(
        &self,
        _: ValidatorKey,
        _: Option<LeaseRequest>,
    ) -> Option<Result<Lookup<Validators>, StoreError>> {
        None
    }

    async fn release(&self, key: ValidatorKey, grant: Grant) -> Result<(), StoreError> {
        self.step(|it| async move { it.store.release(key, grant).await })
            .await
    }

    async fn fill(
        &self,
        key: ValidatorKey,
        grant: Grant,
        entry: ValidatorEntry,
    ) -> Result<FillOutcome, StoreError> {
        self.step(|it| async move { it.store.fill(key, grant, entry).await })
            .await
    }

    async fn begin_write(&self, intent: WriteIntent) -> Result<(), StoreError> {
        self.step(|it| async move { it.store.begin_write(intent).await })
            .await
    }

    async fn end_write(&self, intent: WriteIntent) -> Result<WriteEnd, StoreError> {
        self.step(|it| async move { it.store.end_write(intent).await })
            .await
    }

    async fn invalidate(&self, target: WriteTarget) -> Result<(), StoreError> {
        self.step(|it| async move { it.store.invalidate(target).await })
            .await
    }

    fn max_write_ttl(&self) -> Option<Duration> {
        self.0.store.max_write_ttl()
    }

    fn guarantee(&self) -> Guarantee {
        self.0.store.guarantee()
    }
}
