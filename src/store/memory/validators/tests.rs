//! A table of writes that has no room.

use std::{ops::ControlFlow, time::Duration};

use super::{changes::Moment, writes::WriteTable};
use crate::semantics::validator_cache::{Grant, OperationId, WriteEnd};

const TTL: Duration = Duration::from_secs(60);
/// When every announced write has run out.
const LATER: Duration = Duration::from_secs(3_600);

/// Returns a table whose whole room is taken by announced writes, and its last generation.
fn full_table() -> (WriteTable, u64) {
    let mut table = WriteTable::new(4_096);
    let full = (1..1_000).try_for_each(|number: u32| {
        let at = moment(Duration::ZERO, number.into());
        table.begin(number.into(), operation(number), TTL, at);
        // A write without room counts for all targets.
        match table.writes(0).are_live(Duration::ZERO) {
            true => ControlFlow::Break(at.generation),
            false => ControlFlow::Continue(()),
        }
    });
    (table, full.break_value().expect("a full table"))
}

fn moment(now: Duration, generation: u64) -> Moment {
    Moment { now, generation }
}

fn operation(number: u32) -> OperationId {
    OperationId::from(u128::from(number).to_be_bytes())
}

/// Returns `true` if an entry is valid that was read after this generation and before the next one.
/// All writes had run out.
fn is_valid(table: &WriteTable, target: u64, generation: u64) -> bool {
    let grant = Grant::new(operation(0), generation, LATER);
    table.writes(target).allow(&grant)
}

/// P-VC-room: each change counts for the entries before it, also without room for its record.
#[test]
fn a_full_table_forgets_what_is_invalidated() {
    let (mut table, last) = full_table();
    let listed = 1;
    for target in [0, listed, 5_000] {
        let (mut table, last) = full_table();
        assert!(is_valid(&table, target, last), "{target}");
        table.invalidate(target, moment(Duration::ZERO, last + 1));
        assert!(!is_valid(&table, target, last), "{target}");
        assert!(is_valid(&table, target, last + 1), "{target}");
    }
    // Each change counts, however many there are.
    for step in 1..200 {
        let target = 10_000 + step;
        table.invalidate(target, moment(Duration::ZERO, last + step));
        assert!(!is_valid(&table, target, last + step - 1), "{step}");
    }
}

/// P-VC-room: the end of a write that is not listed counts. A reader may have read the
/// state before it after the announcement ran out.
#[test]
fn a_full_table_counts_the_end_of_each_write() {
    for target in [0_u32, 1, 5_000] {
        let (mut table, last) = full_table();
        let end = moment(Duration::ZERO, last + 1);
        let ended = table.end(target.into(), operation(target), end);
        assert_eq!(ended, WriteEnd::Ended, "{target}");
        assert!(!is_valid(&table, target.into(), last), "{target}");
    }
}
