//! Readers that wait for the reader that has the lease of their key.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use crate::semantics::validator_cache::ValidatorKey;

/// The keys whose lease a reader of this process has, as far as others may wait for them.
#[derive(Default)]
pub(super) struct LeaseWaiters(Arc<Mutex<WaiterMap>>);

type WaiterMap = HashMap<ValidatorKey, watch::Receiver<()>>;

/// The lease of one key. Dropping it, in whatever way its reader ended, releases those who wait.
pub(super) struct LeaseEnd {
    waiters: Arc<Mutex<WaiterMap>>,
    key: ValidatorKey,
    waiting: watch::Receiver<()>,
    // Dropping the sender closes the channel, which is the signal.
    _signal: watch::Sender<()>,
}

impl LeaseWaiters {
    /// Registers the reader that fills a key. It takes the place of one whose lease ran out.
    pub(super) fn lead(&self, key: ValidatorKey) -> LeaseEnd {
        let (signal, waiting) = watch::channel(());
        lock(&self.0).insert(key, waiting.clone());
        LeaseEnd {
            waiters: Arc::clone(&self.0),
            key,
            waiting,
            _signal: signal,
        }
    }

    /// Returns a future that resolves once the reader of the key has ended. `None` if no reader
    /// of this process fills it.
    pub(super) fn lease_end(
        &self,
        key: ValidatorKey,
    ) -> Option<impl Future<Output = ()> + Send + use<>> {
        let mut waiting = lock(&self.0).get(&key)?.clone();
        Some(async move {
            // An error is the end of the sender.
            let _ = waiting.changed().await;
        })
    }
}

impl Drop for LeaseEnd {
    fn drop(&mut self) {
        let mut waiters = lock(&self.waiters);
        let current = waiters.get(&self.key);
        // A later reader may have taken the place.
        if current.is_some_and(|current| current.same_channel(&self.waiting)) {
            waiters.remove(&self.key);
        }
    }
}

/// A panic of another task leaves the map as it was.
fn lock(waiters: &Mutex<WaiterMap>) -> MutexGuard<'_, WaiterMap> {
    waiters.lock().unwrap_or_else(PoisonError::into_inner)
}
