use std::time::Duration;

use tower_conditional::store::StoreErrorKind;

use super::{row::time_left, store_error};
use crate::{Error, ErrorKind};

/// A step that was sent may have been applied. Others change nothing.
#[test]
fn errors_of_steps_are_ambiguous_unless_nothing_was_sent() {
    for (kind, expected) in [
        (ErrorKind::Pool, StoreErrorKind::NotApplied),
        (ErrorKind::Contention, StoreErrorKind::NotApplied),
        (ErrorKind::CorruptRecord, StoreErrorKind::Corrupt),
        (ErrorKind::OutcomeUnknown, StoreErrorKind::Ambiguous),
        (ErrorKind::TimedOut, StoreErrorKind::Ambiguous),
        // Nothing is known of an error that the server did not send.
        (ErrorKind::Database, StoreErrorKind::Ambiguous),
    ] {
        let error = store_error(Error::with_reason(kind, "on purpose"));
        assert_eq!(error.kind(), expected, "{kind:?}");
    }
}

#[test]
fn contention_is_a_conflict_and_a_failure_is_none() {
    let is_conflict = |kind| Error::with_reason(kind, "on purpose").is_conflict();
    assert!(is_conflict(ErrorKind::Contention));
    assert!(!is_conflict(ErrorKind::Database));
    assert!(!is_conflict(ErrorKind::OutcomeUnknown));
}

/// P-ID-lease: a lease is over at its very end, and not only after it.
#[test]
fn a_lease_is_over_at_its_end() {
    for (seconds, left) in [
        (-1.0, None),
        (0.0, None),
        (0.000_001, Some(Duration::from_micros(1))),
        (0.5, Some(Duration::from_millis(500))),
    ] {
        assert_eq!(time_left(seconds), left, "{seconds}");
    }
}
