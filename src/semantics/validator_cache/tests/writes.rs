//! Announced writes, and the entries and leases that they make void.

use super::{INTENT, Key, at, hit, id};
use crate::semantics::validator_cache::{
    FillOutcome, Lookup, WriteEnd, WriteIntent, WriteRecord, WriteTarget, Writes,
};

/// P-VC-intent: the entry is void before the handler runs, and not only after it.
#[test]
fn an_entry_is_void_once_a_write_is_announced() {
    let mut key = Key::filled();
    key.begin(9, 2);
    assert_eq!(key.ask(None, 2), Lookup::WriteInProgress);
    assert_eq!(key.lookup(2, 2), Lookup::WriteInProgress);
    assert!(key.slot.is_none());
    assert_eq!(key.end(9, 3), WriteEnd::Ended);
    let grant = key.lease(2, 3);
    assert_eq!(key.fill(&grant, 4), FillOutcome::Stored);
    assert_eq!(key.lookup(3, 4), hit(59));
}

/// R-9111-4.4-e: a read that began before a write fills nothing, during the write or after it.
#[test]
fn a_lease_from_before_a_write_is_void() {
    let mut key = Key::default();
    let early = key.lease(1, 0);
    key.begin(9, 1);
    assert_eq!(key.fill(&early, 2), FillOutcome::Refused);

    let mut key = Key::default();
    let early = key.lease(1, 0);
    key.begin(9, 1);
    assert_eq!(key.end(9, 2), WriteEnd::Ended);
    assert_eq!(key.fill(&early, 3), FillOutcome::Refused);

    // The lease of another reader is not blocked by it.
    let mut key = Key::default();
    let early = key.lease(1, 0);
    key.begin(9, 1);
    assert_eq!(key.end(9, 2), WriteEnd::Ended);
    let next = key.lease(2, 3);
    assert_eq!(key.fill(&early, 3), FillOutcome::Refused);
    assert_eq!(key.fill(&next, 3), FillOutcome::Stored);
}

/// A late duplicate of a lookup gives its reader no grant for what it has read already.
#[test]
fn a_late_duplicate_of_a_lookup_has_another_grant() {
    let mut key = Key::default();
    let early = key.lease(1, 0);
    key.begin(9, 0);
    assert_eq!(key.end(9, 0), WriteEnd::Ended);
    let late = key.lease(1, 0);
    assert_ne!(late, early);
    assert_eq!(key.fill(&early, 0), FillOutcome::Refused);
}

/// P-VC-crash: a writer that dies leaves a key that is slow, and never stale.
#[test]
fn a_write_that_never_ends_runs_out() {
    let mut key = Key::default();
    let early = key.lease(1, 0);
    key.begin(9, 1);
    assert_eq!(key.lookup(2, 30), Lookup::WriteInProgress);
    let grant = key.lease(2, 31);
    assert_eq!(key.fill(&early, 31), FillOutcome::Refused);
    assert_eq!(key.fill(&grant, 32), FillOutcome::Stored);
    // Its late end is told, and makes void what was filled since.
    assert_eq!(key.end(9, 33), WriteEnd::IntentLost);
    assert!(matches!(key.lookup(3, 33), Lookup::Leased { .. }));
}

#[test]
fn each_writer_ends_its_own_write() {
    let mut key = Key::filled();
    key.begin(8, 2);
    key.begin(9, 3);
    assert_eq!(key.end(8, 4), WriteEnd::Ended);
    assert_eq!(key.lookup(2, 4), Lookup::WriteInProgress);
    assert_eq!(key.end(7, 4), WriteEnd::IntentLost);
    assert_eq!(key.lookup(2, 4), Lookup::WriteInProgress);
    assert_eq!(key.end(9, 5), WriteEnd::Ended);
    assert_eq!(key.end(9, 5), WriteEnd::IntentLost);
    assert!(matches!(key.lookup(2, 5), Lookup::Leased { .. }));
}

/// An announcement whose answer was lost is made again, and is one write. It counts from the
/// later one.
#[test]
fn a_repeated_announcement_is_one_write() {
    let mut key = Key::default();
    key.begin(9, 0);
    key.begin(9, 10);
    assert_eq!(key.lookup(1, 39), Lookup::WriteInProgress);
    assert_eq!(key.end(9, 39), WriteEnd::Ended);
    assert!(matches!(key.lookup(1, 39), Lookup::Leased { .. }));
    assert!(!key.writes.is_written(at(39)));
}

#[test]
fn an_invalidation_makes_entries_and_leases_void() {
    let invalidate = |key: &mut Key| {
        key.write(|key, generation| key.writes.invalidate(generation));
    };
    let mut key = Key::filled();
    invalidate(&mut key);
    assert!(matches!(
        key.lookup(2, 2),
        Lookup::Leased {
            found_stale: true,
            ..
        }
    ));
    let mut key = Key::default();
    let early = key.lease(1, 0);
    invalidate(&mut key);
    // The lease does not keep others from theirs.
    let next = key.lease(2, 0);
    assert_eq!(key.fill(&early, 1), FillOutcome::Refused);
    assert_eq!(key.fill(&next, 1), FillOutcome::Stored);
}

/// P-VC-scope: an entry in a scope is void with the scope.
#[test]
fn a_write_of_a_scope_reaches_its_entries() {
    let mut key = Key::filled();
    key.begin_scope(9, 2);
    assert_eq!(key.lookup(2, 2), Lookup::WriteInProgress);
    let mut key = Key::filled();
    key.begin_scope(9, 2);
    assert_eq!(key.end_scope(9, 3), WriteEnd::Ended);
    assert!(matches!(key.lookup(2, 3), Lookup::Leased { .. }));
}

/// The scopes of a new entry are known when it is filled. So the lease may be granted while a
/// write of the scope is announced, and its reader may read the state before it.
#[test]
fn a_lease_from_during_a_write_of_the_scope_is_void() {
    // Still announced.
    let mut key = Key::default();
    key.begin_scope(9, 0);
    let during = key.lease(1, 1);
    assert_eq!(key.fill(&during, 2), FillOutcome::Refused);
    // Ended.
    let mut key = Key::default();
    key.begin_scope(9, 0);
    let during = key.lease(1, 1);
    assert_eq!(key.end_scope(9, 2), WriteEnd::Ended);
    assert_eq!(key.fill(&during, 3), FillOutcome::Refused);
    // Run out, since its writer died after the write.
    let mut key = Key::default();
    key.begin_scope(9, 0);
    let during = key.lease(1, 25);
    assert_eq!(key.fill(&during, 31), FillOutcome::Refused);
    // Run out, and no longer listed.
    let mut key = Key::default();
    key.begin_scope(9, 0);
    let during = key.lease(1, 25);
    key.begin_scope(8, 31);
    assert_eq!(key.end_scope(8, 32), WriteEnd::Ended);
    assert_eq!(key.fill(&during, 33), FillOutcome::Refused);
    // After it, all is as before.
    let after = key.lease(1, 33);
    assert_eq!(key.fill(&after, 33), FillOutcome::Stored);
}

#[test]
fn writes_of_several_targets_add_up() {
    let mut key = WriteRecord::default();
    let mut scope = WriteRecord::default();
    key.begin(id(1), INTENT, 1, at(0));
    scope.begin(id(2), INTENT, 2, at(5));
    let both = key.writes().and(scope.writes());
    assert_eq!(both, scope.writes().and(key.writes()));
    assert!(both.are_live(at(34)));
    assert!(!both.are_live(at(35)));
    assert_eq!(both.and(Writes::default()), both);
}

#[test]
fn an_ended_write_leaves_no_intent() {
    let mut record = WriteRecord::default();
    record.begin(id(1), INTENT, 1, at(0));
    assert!(record.is_written(at(29)));
    assert!(!record.is_written(at(30)));
    assert_eq!(record.intent_bytes(), WriteRecord::INTENT_BYTES);
    assert_eq!(record.end(id(1), 2, at(1)), WriteEnd::Ended);
    assert_eq!(record.intent_bytes(), 0);
}

/// Stores lock targets in this order, so that two writers do not wait for each other.
#[test]
fn the_targets_of_a_write_are_sorted_and_count_once() {
    let keys = [2, 1, 2].map(|number| WriteTarget::Key([number; 32].into()));
    let targets = [
        WriteTarget::All,
        keys[0],
        keys[1],
        keys[2],
        WriteTarget::All,
    ];
    let intent = WriteIntent::new(id(1), targets, INTENT);
    assert_eq!(*intent.targets, [keys[1], keys[0], WriteTarget::All]);
}
