mod network;

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use network::{Network, NetworkFault, StoreMessage};

use super::{
    StoreError, ValidatorStore,
    validators::{
        FillOutcome, Grant, Guarantee, LeaseRequest, Lookup, ValidatorEntry, ValidatorKey,
        WriteEnd, WriteIntent, WriteTarget,
    },
};
use crate::semantics::validator::Validators;

/// A store of validators for tests, with the faults of a network between it and its callers.
///
/// Faults are drawn from a seed. The same calls in the same order have the same faults. Late
/// messages arrive before or after later calls, in any order, so nothing here waits.
///
/// ```
/// use tower_conditional::store::{FaultyStore, MemoryValidatorStore};
///
/// let store = FaultyStore::new(MemoryValidatorStore::new(), 42)
///     .lost_answers(0.05)
///     .late_duplicates(0.1);
/// // A layer takes this store as any other.
/// assert_eq!(store.injected(), 0);
/// ```
pub struct FaultyStore<S> {
    store: S,
    /// The rates of [`NetworkFault`], in their order.
    rates: [f64; NetworkFault::ALL.len()],
    network: Mutex<Network>,
}

impl<S> FaultyStore<S> {
    /// Creates a store without faults.
    #[must_use]
    pub fn new(store: S, seed: u64) -> Self {
        Self {
            store,
            rates: [0.0; NetworkFault::ALL.len()],
            network: Mutex::new(Network::new(seed)),
        }
    }

    /// Sets the rate of calls that change nothing and are told so, as
    /// [`NotApplied`](super::StoreErrorKind::NotApplied). Defaults to 0.
    ///
    /// # Panics
    ///
    /// Panics if the rate is not between 0 and 1.
    #[must_use]
    #[track_caller]
    pub fn refusals(self, rate: f64) -> Self {
        self.with_rate(NetworkFault::Refusal, rate)
    }

    /// Sets the rate of calls that never arrive. The caller is told
    /// [`Ambiguous`](super::StoreErrorKind::Ambiguous). Defaults to 0.
    ///
    /// # Panics
    ///
    /// Panics if the rate is not between 0 and 1.
    #[must_use]
    #[track_caller]
    pub fn lost_requests(self, rate: f64) -> Self {
        self.with_rate(NetworkFault::LostRequest, rate)
    }

    /// Sets the rate of calls that are applied and whose answer is lost. The caller is told
    /// [`Ambiguous`](super::StoreErrorKind::Ambiguous). Defaults to 0.
    ///
    /// # Panics
    ///
    /// Panics if the rate is not between 0 and 1.
    #[must_use]
    #[track_caller]
    pub fn lost_answers(self, rate: f64) -> Self {
        self.with_rate(NetworkFault::LostAnswer, rate)
    }

    /// Sets the rate of calls that arrive twice, one right after the other. Defaults to 0.
    ///
    /// # Panics
    ///
    /// Panics if the rate is not between 0 and 1.
    #[must_use]
    #[track_caller]
    pub fn duplicates(self, rate: f64) -> Self {
        self.with_rate(NetworkFault::Duplicate, rate)
    }

    /// Sets the rate of calls that arrive once more after later calls. Defaults to 0.
    ///
    /// # Panics
    ///
    /// Panics if the rate is not between 0 and 1.
    #[must_use]
    #[track_caller]
    pub fn late_duplicates(self, rate: f64) -> Self {
        self.with_rate(NetworkFault::LateDuplicate, rate)
    }

    /// Sets the rate of calls that arrive after later calls. The caller is told
    /// [`Ambiguous`](super::StoreErrorKind::Ambiguous) before that. Defaults to 0.
    ///
    /// # Panics
    ///
    /// Panics if the rate is not between 0 and 1.
    #[must_use]
    #[track_caller]
    pub fn late_requests(self, rate: f64) -> Self {
        self.with_rate(NetworkFault::LateRequest, rate)
    }

    /// Returns the number of faults until now.
    #[must_use]
    pub fn injected(&self) -> u64 {
        self.network().injected
    }

    fn draw(&self, message: &StoreMessage) -> Option<NetworkFault> {
        self.network().draw(&self.rates, message)
    }

    #[track_caller]
    fn with_rate(mut self, fault: NetworkFault, rate: f64) -> Self {
        assert!(
            (0.0..=1.0).contains(&rate),
            "invalid rate {rate}: it must be between 0 and 1"
        );
        self.rates[fault as usize] = rate;
        self
    }

    fn network(&self) -> MutexGuard<'_, Network> {
        self.network.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refusal<T>() -> Result<T, StoreError> {
    Err(StoreError::not_applied("an injected refusal"))
}

fn time_out<T>() -> Result<T, StoreError> {
    Err(StoreError::ambiguous("an injected time-out"))
}

impl<S: ValidatorStore> FaultyStore<S> {
    /// Makes a call with the fault that is drawn for it.
    async fn call<T, F>(
        &self,
        message: StoreMessage,
        call: impl Fn() -> F + Send,
    ) -> Result<T, StoreError>
    where
        T: Send,
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        self.deliver_late().await;
        let answer = match self.draw(&message) {
            Some(NetworkFault::Refusal) => refusal(),
            Some(NetworkFault::LostRequest | NetworkFault::LateRequest) => time_out(),
            Some(NetworkFault::LostAnswer) => call().await.and_then(|_| time_out()),
            Some(NetworkFault::Duplicate) => {
                let first = call().await;
                let second = call().await;
                if self.network().coin() { first } else { second }
            }
            Some(NetworkFault::LateDuplicate) | None => call().await,
        };
        self.deliver_late().await;
        answer
    }

    async fn deliver_late(&self) {
        while let Some(message) = self.arrived() {
            self.deliver(message).await;
        }
    }

    /// Delivers every late message, in any order.
    pub async fn deliver_all(&self) {
        while let Some(message) = self.remaining() {
            self.deliver(message).await;
        }
    }

    // These give the lock back before a message is delivered.
    fn arrived(&self) -> Option<StoreMessage> {
        self.network().arrived()
    }

    fn remaining(&self) -> Option<StoreMessage> {
        self.network().remaining()
    }

    /// Delivers a message whose answer nobody waits for.
    async fn deliver(&self, message: StoreMessage) {
        match message {
            StoreMessage::Lookup(key, lease) => drop(self.store.lookup(key, lease).await),
            StoreMessage::Release(key, grant) => drop(self.store.release(key, grant).await),
            StoreMessage::Fill(key, grant, entry) => {
                drop(self.store.fill(key, grant, entry).await);
            }
            StoreMessage::Begin(intent) => drop(self.store.begin_write(intent).await),
            StoreMessage::End(intent) => drop(self.store.end_write(intent).await),
            StoreMessage::Invalidate(target) => drop(self.store.invalidate(target).await),
        }
    }
}

impl<S: ValidatorStore> ValidatorStore for FaultyStore<S> {
    async fn lookup(
        &self,
        key: ValidatorKey,
        lease: Option<LeaseRequest>,
    ) -> Result<Lookup<Validators>, StoreError> {
        let message = StoreMessage::Lookup(key, lease);
        self.call(message, || self.store.lookup(key, lease)).await
    }

    /// Late messages of other calls do not arrive here, since they may have to wait.
    fn try_lookup(
        &self,
        key: ValidatorKey,
        lease: Option<LeaseRequest>,
    ) -> Option<Result<Lookup<Validators>, StoreError>> {
        let message = StoreMessage::Lookup(key, lease);
        let call = || self.store.try_lookup(key, lease);
        match self.draw(&message) {
            Some(NetworkFault::Refusal) => Some(refusal()),
            Some(NetworkFault::LostRequest | NetworkFault::LateRequest) => Some(time_out()),
            Some(NetworkFault::LostAnswer) => call().map(|answer| answer.and_then(|_| time_out())),
            Some(NetworkFault::Duplicate) => call().and_then(|_| call()),
            Some(NetworkFault::LateDuplicate) | None => call(),
        }
    }

    async fn release(&self, key: ValidatorKey, grant: Grant) -> Result<(), StoreError> {
        let message = StoreMessage::Release(key, grant);
        self.call(message, || self.store.release(key, grant)).await
    }

    async fn fill(
        &self,
        key: ValidatorKey,
        grant: Grant,
        entry: ValidatorEntry,
    ) -> Result<FillOutcome, StoreError> {
        let message = StoreMessage::Fill(key, grant, entry.clone());
        self.call(message, || self.store.fill(key, grant, entry.clone()))
            .await
    }

    async fn begin_write(&self, intent: WriteIntent) -> Result<(), StoreError> {
        let message = StoreMessage::Begin(intent.clone());
        self.call(message, || self.store.begin_write(intent.clone()))
            .await
    }

    async fn end_write(&self, intent: WriteIntent) -> Result<WriteEnd, StoreError> {
        let message = StoreMessage::End(intent.clone());
        self.call(message, || self.store.end_write(intent.clone()))
            .await
    }

    async fn invalidate(&self, target: WriteTarget) -> Result<(), StoreError> {
        let message = StoreMessage::Invalidate(target);
        self.call(message, || self.store.invalidate(target)).await
    }

    fn max_write_ttl(&self) -> Option<Duration> {
        self.store.max_write_ttl()
    }

    fn guarantee(&self) -> Guarantee {
        self.store.guarantee()
    }
}

impl<S: fmt::Debug> fmt::Debug for FaultyStore<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyStore")
            .field("store", &self.store)
            .field("injected", &self.injected())
            .finish_non_exhaustive()
    }
}
