//! Readers that wait for the reader that has the lease of their key.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use crate::semantics::validator_cache::ValidatorKey;

/// The keys whose lease a reader of this process has, as far as others may wait for them.
#[derive(Default)]
pub(super) struct Flights(Arc<Mutex<FlightMap>>);

type FlightMap = HashMap<ValidatorKey, watch::Receiver<()>>;

/// The lease of one key. Dropping it, in whatever way its reader ended, releases those who wait.
pub(super) struct Flight {
    flights: Arc<Mutex<FlightMap>>,
    key: ValidatorKey,
    // Dropping the sender closes the channel, which is the signal.
    _landed: watch::Sender<()>,
}

impl Flights {
    /// Registers the reader that fills a key. `None` if there is one, whose lease ran out.
    pub(super) fn lead(&self, key: ValidatorKey) -> Option<Flight> {
        let mut flights = lock(&self.0);
        let Entry::Vacant(vacant) = flights.entry(key) else {
            return None;
        };
        let (landed, waiting) = watch::channel(());
        vacant.insert(waiting);
        Some(Flight {
            flights: Arc::clone(&self.0),
            key,
            _landed: landed,
        })
    }

    /// Returns a future that resolves once the reader of the key has ended. `None` if no reader
    /// of this process fills it.
    pub(super) fn landing(
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

impl Drop for Flight {
    fn drop(&mut self) {
        lock(&self.flights).remove(&self.key);
    }
}

/// A panic of another task leaves the map as it was.
fn lock(flights: &Mutex<FlightMap>) -> MutexGuard<'_, FlightMap> {
    flights.lock().unwrap_or_else(PoisonError::into_inner)
}
