//! Lookups, leases and fills while nobody writes.

use super::{Key, TTL, at, hit, id};
use crate::semantics::validator_cache::{
    FillOutcome, Grant, LeaseRequest, Lookup, ValidatorRecord, Writes,
};

#[test]
fn one_reader_gets_the_lease_and_the_others_an_answer() {
    let mut key = Key::default();
    let first = key.lookup(1, 0);
    let grant = Grant::new(id(1), 0, at(0));
    let found_stale = false;
    assert_eq!(first, Lookup::Leased { grant, found_stale });
    assert_eq!(key.lookup(2, 9), Lookup::LeaseTaken);
    assert_eq!(key.fill(&grant, 9), FillOutcome::Stored);
    assert_eq!(key.lookup(2, 9), hit(51));
}

/// A lookup whose answer was lost is asked again. The grant stays the first one: a later one
/// would count for a read that may be over.
#[test]
fn a_repeated_lookup_keeps_its_grant() {
    let mut key = Key::default();
    let first = key.lease(1, 0);
    assert_eq!(key.lease(1, 5), first);
}

#[test]
fn a_lease_that_ran_out_goes_to_the_next_reader() {
    let mut key = Key::default();
    let late = key.lease(1, 0);
    assert_eq!(key.lookup(2, 9), Lookup::LeaseTaken);
    let next = key.lease(2, 10);
    assert_eq!(key.fill(&late, 11), FillOutcome::Refused);
    assert_eq!(key.fill(&next, 11), FillOutcome::Stored);
    // Nobody took this one, so its reader may be late.
    let mut key = Key::default();
    let late = key.lease(1, 0);
    assert_eq!(key.fill(&late, 20), FillOutcome::Stored);
}

#[test]
fn only_the_holder_of_the_lease_fills() {
    let mut key = Key::default();
    let stranger = Grant::new(id(2), 0, at(0));
    assert_eq!(key.fill(&stranger, 0), FillOutcome::Refused);
    let grant = key.lease(1, 0);
    for other in [
        stranger,
        Grant::new(id(1), 1, at(0)),
        Grant::new(id(1), 0, at(1)),
    ] {
        assert_eq!(key.fill(&other, 1), FillOutcome::Refused);
    }
    assert_eq!(key.fill(&grant, 1), FillOutcome::Stored);
    // A fill that is delivered twice changes nothing.
    assert_eq!(key.fill(&grant, 1), FillOutcome::Refused);
    assert_eq!(key.lookup(2, 1), hit(59));
}

/// The time to live counts from the lookup, since somebody may have written right after it.
#[test]
fn an_entry_lives_from_its_lookup_on() {
    let mut key = Key::filled();
    assert_eq!(key.lookup(2, 59), hit(1));
    let found_stale = true;
    let grant = Grant::new(id(2), 0, at(60));
    assert_eq!(key.lookup(2, 60), Lookup::Leased { grant, found_stale });
    // A read that took longer than the time to live fills nothing.
    assert_eq!(key.fill(&grant, 120), FillOutcome::Refused);
    assert!(key.slot.is_none());
}

#[test]
fn a_reader_that_only_asks_changes_nothing() {
    let found_stale = false;
    let mut key = Key::default();
    assert_eq!(key.ask(None, 0), Lookup::Miss { found_stale });
    assert!(key.slot.is_none());
    let grant = key.lease(1, 0);
    assert_eq!(key.ask(None, 9), Lookup::LeaseTaken);
    // The lease ran out, and still is nobody else's.
    assert_eq!(key.ask(None, 10), Lookup::Miss { found_stale });
    assert_eq!(key.fill(&grant, 11), FillOutcome::Stored);
    assert_eq!(key.ask(None, 59), hit(1));
    for now in [60, 61] {
        let found_stale = true;
        assert_eq!(key.ask(None, now), Lookup::Miss { found_stale });
    }
}

#[test]
fn a_lease_that_is_given_back_goes_to_the_next_reader() {
    let mut key = Key::default();
    let first = key.lease(1, 0);
    ValidatorRecord::release(&mut key.slot, &first);
    let second = key.lease(2, 0);
    // A release that is delivered again frees nobody else's lease.
    ValidatorRecord::release(&mut key.slot, &first);
    assert_eq!(key.lookup(3, 0), Lookup::LeaseTaken);
    assert_eq!(key.fill(&first, 0), FillOutcome::Refused);
    assert_eq!(key.fill(&second, 0), FillOutcome::Stored);
    // The entry stays as well.
    ValidatorRecord::release(&mut key.slot, &second);
    assert_eq!(key.lookup(3, 0), hit(60));
}

#[test]
fn times_saturate() {
    let mut slot = None;
    let request = super::LeaseRequest::new(id(1)).with_ttl(std::time::Duration::MAX);
    let found =
        ValidatorRecord::<&str>::lookup(&mut slot, Some(request), Writes::default(), 0, at(9));
    let Lookup::Leased { grant, .. } = found else {
        panic!("{found:?}");
    };
    let forever = std::time::Duration::MAX;
    let outcome = ValidatorRecord::fill(&mut slot, &grant, "v1", forever, Writes::default(), TTL);
    assert_eq!(outcome, FillOutcome::Stored);
}

/// The documented defaults, and what a store in another process reads from a request.
#[test]
fn a_lease_lasts_10_seconds_unless_another_time_is_set() {
    let request = LeaseRequest::new(id(1));
    assert_eq!((request.id, request.ttl), (id(1), at(10)));
    assert_eq!(request.with_ttl(at(3)).ttl, at(3));
    let grant = Grant::new(id(2), 7, at(5));
    let parts = (grant.id(), grant.generation(), grant.granted_at());
    assert_eq!(parts, (id(2), 7, at(5)));
}

/// A clock that was set back does not prolong an entry by the length of the jump.
#[test]
fn a_record_from_the_future_does_not_count() {
    let mut key = Key::default();
    let late = key.lease(1, 1_000);
    assert_eq!(key.fill(&late, 1_000), FillOutcome::Stored);
    assert_eq!(key.lookup(2, 1_000), hit(60));
    let found_stale = true;
    let grant = Grant::new(id(2), 0, at(999));
    assert_eq!(key.lookup(2, 999), Lookup::Leased { grant, found_stale });
    // A lease would keep the key without an entry until the clock is there again.
    let found_stale = false;
    let grant = Grant::new(id(3), 0, at(998));
    assert_eq!(key.lookup(3, 998), Lookup::Leased { grant, found_stale });
}
