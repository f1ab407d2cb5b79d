use std::time::{Duration, SystemTime};

use super::{COLLECTIONS, Tally};
use crate::{
    clock::{Clock, ManualClock},
    semantics::{
        validator::{EntityTag, Validators},
        validator_cache::{
            CacheScope, FillOutcome, Grant, LeaseRequest, Lookup, OperationId, ValidatorKey,
            WriteIntent, WriteTarget,
        },
    },
    store::{StoreError, ValidatorStore, validators::ValidatorEntry},
    test_support::Random,
};

const LEASE: Duration = Duration::from_secs(2);
const INTENT: Duration = Duration::from_secs(4);
const TTL: Duration = Duration::from_secs(20);

/// The content, and the store that remembers its versions.
pub(super) struct World<S> {
    pub(super) store: S,
    pub(super) clock: ManualClock,
    pub(super) random: Random,
    /// The committed version of each key.
    pub(super) versions: Vec<u32>,
    pub(super) operations: u128,
    pub(super) tally: Tally,
}

pub(super) enum ReaderTask {
    Idle,
    Leased(usize, Grant),
    Read(usize, Grant, u32),
}

pub(super) enum WriterTask {
    Idle,
    /// The write may commit until this time.
    Begun(WriteIntent, SystemTime),
    Committed(WriteIntent),
}

fn digest(number: usize, kind: u8) -> [u8; 32] {
    let mut bytes = [kind; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes
}

fn key(number: usize) -> ValidatorKey {
    ValidatorKey::from(digest(number, 1))
}

fn scope(number: usize) -> CacheScope {
    CacheScope::from(digest(number, 2))
}

/// Returns the scopes of a key: its collection, and its path.
fn scopes(number: usize) -> [CacheScope; 2] {
    [number % COLLECTIONS, COLLECTIONS + number].map(scope)
}

fn entry(number: usize, version: u32) -> ValidatorEntry {
    let tag = EntityTag::strong(version.to_string()).expect("a tag");
    ValidatorEntry::new(tag.into())
        .with_scopes(scopes(number))
        .with_ttl(TTL)
}

impl<S: ValidatorStore> World<S> {
    fn operation(&mut self) -> OperationId {
        self.operations += 1;
        OperationId::from(self.operations.to_be_bytes())
    }

    /// Returns `true` once in so many times.
    fn once_in(&mut self, times: usize) -> bool {
        self.random.below(times) == 0
    }

    pub(super) async fn read(&mut self, task: ReaderTask) -> ReaderTask {
        match task {
            ReaderTask::Idle => self.look_up().await,
            // The reader dies, or its response is not remembered.
            ReaderTask::Leased(..) if self.once_in(10) => ReaderTask::Idle,
            ReaderTask::Leased(number, grant) if self.once_in(10) => {
                let released = self.store.release(key(number), grant).await;
                self.tally.note(&released);
                ReaderTask::Idle
            }
            ReaderTask::Leased(number, grant) => {
                ReaderTask::Read(number, grant, self.versions[number])
            }
            // Some handlers are slow, and writes come and go meanwhile.
            ReaderTask::Read(..) if self.random.below(4) > 0 => task,
            ReaderTask::Read(number, grant, version) => {
                self.fill(number, grant, version).await;
                ReaderTask::Idle
            }
        }
    }

    async fn look_up(&mut self) -> ReaderTask {
        let number = self.random.below(self.versions.len());
        let request = LeaseRequest::new(self.operation()).with_ttl(LEASE);
        let lease = (!self.once_in(4)).then_some(request);
        for _ in 0..2 {
            let found = match self.store.try_lookup(key(number), lease) {
                Some(found) if self.once_in(2) => found,
                _ => self.store.lookup(key(number), lease).await,
            };
            self.tally.note(&found);
            match found {
                Ok(Lookup::Hit { entry, .. }) => {
                    self.hit(number, &entry);
                    return ReaderTask::Idle;
                }
                Ok(Lookup::Leased { grant, .. }) => return ReaderTask::Leased(number, grant),
                Ok(_) => return ReaderTask::Idle,
                // The answer may be lost, and the same reader asks again.
                Err(_) => {}
            }
        }
        ReaderTask::Idle
    }

    fn hit(&mut self, number: usize, found: &Validators) {
        let current = entry(number, self.versions[number]).validators;
        self.tally.hits += 1;
        self.tally.stale += u64::from(!found.is_same_state(&current));
    }

    async fn fill(&mut self, number: usize, grant: Grant, version: u32) {
        for _ in 0..2 {
            let entry = entry(number, version);
            let filled = self.store.fill(key(number), grant, entry).await;
            self.tally.note(&filled);
            self.tally.refused += u64::from(matches!(filled, Ok(FillOutcome::Refused)));
            if filled.is_ok() {
                return;
            }
        }
    }

    pub(super) async fn write(&mut self, task: WriterTask) -> WriterTask {
        match task {
            WriterTask::Idle if self.once_in(8) => {
                let target = self.target();
                let done = self.store.invalidate(target).await;
                self.tally.note(&done);
                WriterTask::Idle
            }
            WriterTask::Idle => self.begin().await,
            // The writer dies, before its write or after it.
            WriterTask::Begun(..) | WriterTask::Committed(_) if self.once_in(10) => {
                WriterTask::Idle
            }
            WriterTask::Begun(intent, until) => {
                if self.clock.now() >= until {
                    self.end(intent).await;
                    return WriterTask::Idle;
                }
                for target in &*intent.targets {
                    self.commit(*target);
                }
                WriterTask::Committed(intent)
            }
            WriterTask::Committed(intent) => {
                self.end(intent).await;
                WriterTask::Idle
            }
        }
    }

    fn target(&mut self) -> WriteTarget {
        match self.random.below(20) {
            0 => WriteTarget::All,
            1..8 => WriteTarget::Scope(scope(self.random.below(COLLECTIONS + self.versions.len()))),
            _ => WriteTarget::Key(key(self.random.below(self.versions.len()))),
        }
    }

    async fn begin(&mut self) -> WriterTask {
        let target = self.target();
        let intent = WriteIntent::new(self.operation(), [target], INTENT);
        // Before the first call: a late one only blocks for longer.
        let until = self.clock.now() + INTENT;
        for _ in 0..3 {
            let begun: Result<(), StoreError> = self.store.begin_write(intent.clone()).await;
            self.tally.note(&begun);
            if begun.is_ok() {
                return WriterTask::Begun(intent, until);
            }
        }
        self.end(intent).await;
        WriterTask::Idle
    }

    fn commit(&mut self, target: WriteTarget) {
        for (number, version) in self.versions.iter_mut().enumerate() {
            let is_written = match target {
                WriteTarget::Key(written) => key(number) == written,
                WriteTarget::Scope(written) => scopes(number).contains(&written),
                WriteTarget::All => true,
            };
            *version += u32::from(is_written);
        }
    }

    async fn end(&mut self, intent: WriteIntent) {
        for _ in 0..3 {
            let ended = self.store.end_write(intent.clone()).await;
            self.tally.note(&ended);
            if ended.is_ok() {
                return;
            }
        }
    }

    /// Looks up every key once.
    pub(super) async fn check_all(&mut self) {
        for number in 0..self.versions.len() {
            let found = self.store.lookup(key(number), None).await;
            if let Ok(Lookup::Hit { entry, .. }) = found {
                self.hit(number, &entry);
            }
        }
    }
}
