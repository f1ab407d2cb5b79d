//! The threads that share a store of validators in memory, in tens of thousands of schedules.
//!
//! The locks of the store cannot be replaced from outside. So [`ScheduledStore`] takes the same
//! steps under the same locks, with the library's rules of records. Its order of changes is the
//! library's own file.

#[path = "../../../src/store/memory/validators/changes.rs"]
mod changes;
mod store;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use shuttle::{
    sync::atomic::{self, AtomicU32, Ordering},
    thread,
};
use store::{ScheduleFault, ScheduledStore, WrittenPart};
use tower_conditional::store::validators::Lookup;

/// The schedules of each test, drawn at random and by PCT.
const SCHEDULES: usize = 10_000;
/// The schedules within which a fault is found.
const FAULTY_SCHEDULES: usize = 100_000;
/// The changes of thread for which PCT looks.
const DEPTH: usize = 4;
const READS: u8 = 3;

/// Readers and two writers. Panics if a reader finds a version that was over before its lookup.
fn race(readers: u8, fault: Option<ScheduleFault>) {
    let store = Arc::new(ScheduledStore::new(fault));
    let version = Arc::new(AtomicU32::new(0));
    let mut threads = Vec::new();
    for reader in 0..readers {
        let (store, version) = (Arc::clone(&store), Arc::clone(&version));
        threads.push(thread::spawn(move || {
            for read in 0..READS {
                let before = version.load(Ordering::SeqCst);
                match store.lookup(reader * READS + read) {
                    Lookup::Hit { entry, .. } => {
                        assert!(entry >= before, "{entry} after {before}");
                    }
                    Lookup::Leased { grant, .. } if read == READS - 1 => store.release(&grant),
                    Lookup::Leased { grant, .. } => {
                        let state = version.load(Ordering::SeqCst);
                        let _ = store.fill(&grant, state);
                    }
                    _ => {}
                }
            }
        }));
    }
    for (writer, part) in [(100, WrittenPart::Key), (101, WrittenPart::Scope)] {
        let (store, version) = (Arc::clone(&store), Arc::clone(&version));
        threads.push(thread::spawn(move || {
            store.begin(writer, part);
            version.fetch_add(1, Ordering::SeqCst);
            store.end(writer, part);
        }));
    }
    for thread in threads {
        thread.join().expect("no panic");
    }
    // Nobody writes any more.
    let last = version.load(Ordering::SeqCst);
    if let Lookup::Hit { entry, .. } = store.lookup(200) {
        assert_eq!(entry, last);
    }
}

/// Returns `true` if a schedule finds a stale entry.
fn is_found(fault: ScheduleFault) -> bool {
    let found = catch_unwind(AssertUnwindSafe(|| {
        shuttle::check_random(move || race(2, Some(fault)), FAULTY_SCHEDULES);
    }));
    found.is_err()
}

/// R-9111-4.4-e: 40,000 schedules of two and of three readers with two writers.
#[test]
fn no_schedule_finds_a_stale_entry() {
    for readers in [2, 3] {
        shuttle::check_random(move || race(readers, None), SCHEDULES);
        shuttle::check_pct(move || race(readers, None), SCHEDULES, DEPTH);
    }
}

#[test]
fn known_faults_are_found() {
    for fault in [
        ScheduleFault::DeletesAfterCommit,
        ScheduleFault::BlindFill,
        ScheduleFault::ChecksUnsettled,
    ] {
        assert!(is_found(fault), "{fault:?}");
    }
}
