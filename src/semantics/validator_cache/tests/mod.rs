//! The rules of leases, intents and scopes, one by one.

mod fill;
mod intents;
mod key;
mod names;
mod read;
mod reads;
mod writes;

use std::time::Duration;

use super::{FillOutcome, Grant, LeaseRequest, Lookup, OperationId, ValidatorRecord, WriteRecord};

const LEASE: Duration = Duration::from_secs(10);
const TTL: Duration = Duration::from_secs(60);
const INTENT: Duration = Duration::from_secs(30);

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn id(number: u8) -> OperationId {
    OperationId::from([number; 16])
}

/// One key, the writes of that key and of one scope, and the store's generation.
#[derive(Default)]
struct Key {
    slot: Option<ValidatorRecord<&'static str>>,
    writes: WriteRecord,
    scope: WriteRecord,
    generation: u64,
}

impl Key {
    /// The scope is known once there is an entry.
    fn lookup(&mut self, number: u8, now: u64) -> Lookup<&'static str> {
        self.ask(Some(LeaseRequest::new(id(number)).with_ttl(LEASE)), now)
    }

    fn ask(&mut self, lease: Option<LeaseRequest>, now: u64) -> Lookup<&'static str> {
        let entry = self.slot.as_ref().and_then(ValidatorRecord::entry);
        let writes = match entry {
            Some(_) => self.writes.writes().and(self.scope.writes()),
            None => self.writes.writes(),
        };
        let now = at(now);
        let found = ValidatorRecord::lookup(&mut self.slot, lease, writes, self.generation, now);
        found.map(|entry| *entry)
    }

    #[track_caller]
    fn lease(&mut self, number: u8, now: u64) -> Grant {
        match self.lookup(number, now) {
            Lookup::Leased { grant, .. } => grant,
            other => panic!("{other:?}"),
        }
    }

    fn fill(&mut self, grant: &Grant, now: u64) -> FillOutcome {
        let writes = self.writes.writes().and(self.scope.writes());
        ValidatorRecord::fill(&mut self.slot, grant, "v1", TTL, writes, at(now))
    }

    /// Returns a key whose entry was read at second 0 and filled at second 1.
    fn filled() -> Self {
        let mut key = Self::default();
        let grant = key.lease(1, 0);
        assert_eq!(key.fill(&grant, 1), FillOutcome::Stored);
        key
    }

    /// A change of the writes, with the next generation.
    fn write<T>(&mut self, change: impl FnOnce(&mut Self, u64) -> T) -> T {
        self.generation += 1;
        let generation = self.generation;
        change(self, generation)
    }

    fn begin(&mut self, number: u8, now: u64) {
        self.write(|key, generation| {
            key.writes.begin(id(number), INTENT, generation, at(now));
        });
    }

    fn end(&mut self, number: u8, now: u64) -> super::WriteEnd {
        self.write(|key, generation| key.writes.end(id(number), generation, at(now)))
    }

    fn begin_scope(&mut self, number: u8, now: u64) {
        self.write(|key, generation| {
            key.scope.begin(id(number), INTENT, generation, at(now));
        });
    }

    fn end_scope(&mut self, number: u8, now: u64) -> super::WriteEnd {
        self.write(|key, generation| key.scope.end(id(number), generation, at(now)))
    }
}

fn hit(ttl: u64) -> Lookup<&'static str> {
    let (age, ttl) = (TTL - at(ttl), at(ttl));
    Lookup::Hit {
        entry: "v1",
        age,
        ttl,
    }
}
