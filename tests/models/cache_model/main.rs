//! A model of remembered validators: every order of readers, writers that crash, pauses and
//! doubled messages, for one key.
//!
//! The store decides by
//! [`ValidatorRecord`](tower_conditional::store::validators::ValidatorRecord) and
//! [`WriteRecord`](tower_conditional::store::validators::WriteRecord), as the store in memory
//! does. Its faulty variants are those that such caches have had; each must be found out.

mod actors;
mod state;
mod store;

use stateright::{Checker, Expectation, HasDiscoveries, Model};
use store::CacheVariant;

/// A key, its readers and its writers. Times are in ticks of the clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CacheModel {
    variant: CacheVariant,
    readers: usize,
    /// The number of reads of each reader.
    reads: u8,
    writers: usize,
    /// The time after which the model ends.
    ticks: u64,
    lease: u64,
    intent: u64,
    ttl: u64,
    /// Writers may die, before their write or after it.
    crashes: bool,
    /// Writes name a scope, which the readers do not know before they fill.
    by_scope: bool,
    /// Each message may arrive once more, at any time.
    repeats: bool,
    /// Readers may give a lease back.
    releases: bool,
    /// The store may lose its last steps, once.
    fails_over: bool,
}

const BASE: CacheModel = CacheModel {
    variant: CacheVariant::Correct,
    readers: 2,
    reads: 2,
    writers: 2,
    ticks: 2,
    lease: 1,
    intent: 1,
    ttl: 1_000,
    crashes: false,
    by_scope: false,
    repeats: false,
    releases: false,
    fails_over: false,
};

const CRASHES: CacheModel = CacheModel {
    crashes: true,
    ..BASE
};

const SCOPES: CacheModel = CacheModel {
    by_scope: true,
    ..CRASHES
};

const REPEATS: CacheModel = CacheModel {
    repeats: true,
    releases: true,
    reads: 1,
    writers: 1,
    ticks: 1,
    ..CRASHES
};

const FAILS_OVER: CacheModel = CacheModel {
    fails_over: true,
    writers: 1,
    ticks: 2,
    ..CRASHES
};

/// The hit is that of the committed state, at the moment of the lookup.
const STRICT: &str = "a hit is current";
/// The same, unless a writer is between its announcement and its end.
const QUIET: &str = "a hit is current once nobody writes";

/// Explores a model to its end. Panics if a property does not hold, or if there are fewer states:
/// the model then goes to fewer places than it did.
#[track_caller]
fn assert_holds(model: CacheModel, states: usize) {
    let (violated, explored) = explore(model, HasDiscoveries::AnyFailures);
    assert_eq!(violated, [""; 0], "{model:?}");
    assert!(explored >= states, "only {explored} states: {model:?}");
}

/// Explores a model until it ends, or until the properties are found not to hold. Returns those
/// that do not hold, and the number of states.
fn explore(model: CacheModel, until: HasDiscoveries) -> (Vec<&'static str>, usize) {
    let checker = model.checker().threads(2).finish_when(until).spawn_bfs();
    let checker = checker.join();
    let found = checker.discoveries();
    let properties = checker.model().properties();
    let violated = properties.into_iter().filter(|property| {
        let is_found = found.contains_key(property.name);
        match property.expectation {
            Expectation::Sometimes => !is_found,
            _ => is_found,
        }
    });
    let violated = violated.map(|property| property.name).collect();
    (violated, checker.unique_state_count())
}

/// R-9111-4.4-e, P-VC-intent: no reader finds the tag of an earlier state.
#[test]
fn a_hit_is_current_whatever_happens() {
    assert_holds(CacheModel { ttl: 1, ..BASE }, 300_000);
}

/// P-VC-crash: a writer that dies leaves the key slow, and never stale.
#[test]
fn writers_may_die_anywhere() {
    let releases = true;
    assert_holds(
        CacheModel {
            releases,
            ..CRASHES
        },
        610_000,
    );
    assert_holds(SCOPES, 730_000);
}

/// P-VC-faults: each message may arrive once more at any time, long after its answer.
#[test]
fn messages_may_arrive_again() {
    assert_holds(REPEATS, 465_000);
    let (by_scope, releases) = (true, false);
    assert_holds(
        CacheModel {
            by_scope,
            releases,
            ..REPEATS
        },
        385_000,
    );
}

/// A store whose run has a number, and that grants nothing for as long as a write may last.
#[test]
fn a_fail_over_with_a_grace_period_is_safe() {
    let variant = CacheVariant::RunNumberAndGrace;
    assert_holds(
        CacheModel {
            variant,
            ..FAILS_OVER
        },
        380_000,
    );
}

/// Each fault is found in the smallest model that has it. The table is that of the design: which
/// of the two properties does not hold.
#[test]
fn known_faults_are_found_out() {
    use CacheVariant as Variant;
    let both = [STRICT, QUIET];
    let table: &[(Variant, CacheModel, &[&str])] = &[
        (Variant::CacheAside, BASE, &both),
        (Variant::LeaseAlone, BASE, &[STRICT]),
        (Variant::LeaseAlone, CRASHES, &both),
        (Variant::IntentAlone, BASE, &both),
        (Variant::OutlivesIntent, CRASHES, &both),
        (Variant::LaggingReplica, BASE, &both),
        (Variant::Correct, FAILS_OVER, &both),
        (Variant::RunNumber, FAILS_OVER, &both),
        (Variant::ScopeWithoutStamp, SCOPES, &both),
        (Variant::ScopeWithoutIntent, SCOPES, &both),
        (Variant::ForgetsRunOut, SCOPES, &both),
        (Variant::IdIsGrant, REPEATS, &both),
        (Variant::AsksTheSlot, BASE, &both),
    ];
    for (variant, model, expected) in table {
        let variant = *variant;
        let model = CacheModel { variant, ..*model };
        let until = HasDiscoveries::AllOf(both.into());
        let (violated, _) = explore(model, until);
        let violated: Vec<_> = violated
            .into_iter()
            .filter(|property| both.contains(property))
            .collect();
        assert_eq!(violated, *expected, "{model:?}");
    }
}
