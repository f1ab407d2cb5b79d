//! A store whose steps are lost, repeated, delayed and reordered, by a seed.

use std::{
    future::Future,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::{Instant, sleep};
use tower_conditional::{
    Validators,
    store::{
        StoreError,
        validators::{
            FillOutcome, Grant, Guarantee, LeaseRequest, Lookup, ValidatorEntry, ValidatorKey,
            ValidatorStore, WriteEnd, WriteIntent, WriteTarget,
        },
    },
};

use crate::seeded::Draw;

/// Another store behind a bad network. Each step takes some time in each direction, so steps
/// overtake each other.
pub(crate) struct FaultyStore<S>(Arc<Network<S>>);

struct Network<S> {
    store: S,
    draw: Mutex<Draw>,
    /// The number of steps in a hundred that go wrong.
    faults: u64,
    counts: Mutex<[u64; 5]>,
    /// The end of an outage, in which each step is refused.
    outage: Mutex<Instant>,
}

#[derive(Clone, Copy)]
enum Fault {
    /// The step never arrives, and no answer does.
    Lost,
    /// The step arrives, and its answer does not.
    AnswerLost,
    /// The store refuses the step.
    Refused,
    /// The step arrives twice, the second time a while later.
    Duplicate,
    /// Nobody hears of the step, which arrives a while later.
    Late,
}

const FAULTS: [Fault; 5] = [
    Fault::Lost,
    Fault::AnswerLost,
    Fault::Refused,
    Fault::Duplicate,
    Fault::Late,
];

impl<S: ValidatorStore> FaultyStore<S> {
    pub(crate) fn new(store: S, draw: Draw, faults: u64) -> Self {
        Self(Arc::new(Network {
            store,
            draw: Mutex::new(draw),
            faults,
            counts: Mutex::default(),
            outage: Mutex::new(Instant::now()),
        }))
    }

    /// Returns the number of each fault.
    pub(crate) fn faults(&self) -> [u64; 5] {
        *self.0.counts.lock().unwrap()
    }

    fn below(&self, end: u64) -> u64 {
        self.0.draw.lock().unwrap().below(end)
    }

    async fn travel(&self) {
        let millis = self.below(4);
        if millis > 0 {
            sleep(Duration::from_millis(millis - 1)).await;
        }
    }

    fn fault(&self) -> Option<Fault> {
        if self.below(100) >= self.0.faults {
            let is_out = Instant::now() < *self.0.outage.lock().unwrap();
            return is_out.then_some(Fault::Refused);
        }
        if self.below(200) == 0 {
            *self.0.outage.lock().unwrap() = Instant::now() + Duration::from_secs(2);
        }
        let fault = self.below(5) as usize;
        self.0.counts.lock().unwrap()[fault] += 1;
        Some(FAULTS[fault])
    }

    /// Takes a step a while later, when its caller has long given up.
    fn later<F: Future + Send + 'static>(&self, step: F)
    where
        F::Output: Send,
    {
        let pause = Duration::from_millis(1 + self.below(60));
        tokio::spawn(async move {
            sleep(pause).await;
            let _ = step.await;
        });
    }

    async fn step<T, F>(&self, step: impl Fn(Arc<Network<S>>) -> F) -> Result<T, StoreError>
    where
        T: Send,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let fault = self.fault();
        // A request that has been sent arrives, even if its caller has left.
        if matches!(fault, Some(Fault::Duplicate | Fault::Late)) {
            self.later(step(Arc::clone(&self.0)));
        }
        self.travel().await;
        match fault {
            Some(Fault::Lost | Fault::Late) => std::future::pending().await,
            Some(Fault::Refused) => Err(StoreError::not_applied("on purpose")),
            Some(Fault::AnswerLost) => {
                let _ = step(Arc::clone(&self.0)).await;
                std::future::pending().await
            }
            Some(Fault::Duplicate) | None => {
                let answer = step(Arc::clone(&self.0)).await;
                self.travel().await;
                answer
            }
        }
    }
}

impl<S: ValidatorStore> ValidatorStore for FaultyStore<S> {
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
        self.step(|it| {
            let entry = entry.clone();
            async move { it.store.fill(key, grant, entry).await }
        })
        .await
    }

    async fn begin_write(&self, intent: WriteIntent) -> Result<(), StoreError> {
        self.step(|it| {
            let intent = intent.clone();
            async move { it.store.begin_write(intent).await }
        })
        .await
    }

    async fn end_write(&self, intent: WriteIntent) -> Result<WriteEnd, StoreError> {
        self.step(|it| {
            let intent = intent.clone();
            async move { it.store.end_write(intent).await }
        })
        .await
    }

    async fn invalidate(&self, target: WriteTarget) -> Result<(), StoreError> {
        self.step(|it| async move { it.store.invalidate(target).await })
            .await
    }

    fn guarantee(&self) -> Guarantee {
        self.0.store.guarantee()
    }
}
