//! A model of retries: every order of crashes, pauses, lost and doubled messages.
//!
//! The store decides by [`KeyRecord`](tower_conditional::idempotency::KeyRecord), as the store in
//! memory does. Its faulty variants are those that such stores have had, and that attempts have
//! had; each must be found out.
//!
//! One model with everything has too many orders. So there are several, each with some steps.

mod attempts;
mod deliver;
mod properties;
mod state;
mod store;
mod truth;

use stateright::{Checker, Expectation, HasDiscoveries, Model};
use store::Variant;

/// A key, and the attempts that use it. Times are in ticks of the clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RetryModel {
    variant: Variant,
    /// The first request and its retries.
    attempts: usize,
    /// The time after which the model ends.
    ticks: u64,
    lease: u64,
    retention: u64,
    takeover: bool,
    releases: bool,
    renews: bool,
    resolves: bool,
    purges: bool,
    /// A key for which nothing ran is claimed again, to be given back.
    gives_back: bool,
    /// The fence after which the model ends. Answers that are lost let claims that are given back
    /// take turns for ever.
    fences: u64,
    /// The store may refuse a response, whose key is then sealed.
    seals: bool,
}

const BASE: RetryModel = RetryModel {
    variant: Variant::Correct,
    attempts: 2,
    ticks: 3,
    lease: 2,
    retention: 1_000,
    takeover: false,
    releases: false,
    renews: false,
    resolves: false,
    purges: false,
    gives_back: false,
    fences: u64::MAX,
    seals: false,
};

/// Handlers that fail, undo their effect and free the key.
const RETRIES: RetryModel = RetryModel {
    attempts: 3,
    releases: true,
    ..BASE
};

const TAKEOVER: RetryModel = RetryModel {
    takeover: true,
    ticks: 5,
    ..RETRIES
};

const RENEWS: RetryModel = RetryModel {
    renews: true,
    ticks: 5,
    ..RETRIES
};

const RESOLVES: RetryModel = RetryModel {
    resolves: true,
    ticks: 3,
    lease: 1,
    ..RETRIES
};

const EXPIRES: RetryModel = RetryModel {
    purges: true,
    ticks: 3,
    lease: 1,
    retention: 1,
    attempts: 3,
    ..BASE
};

const SEALS: RetryModel = RetryModel {
    seals: true,
    ..RETRIES
};

/// Outages that are longer than a lease, after claims and after handlers that failed.
const GIVES_BACK: RetryModel = RetryModel {
    releases: true,
    gives_back: true,
    fences: 4,
    lease: 1,
    ..BASE
};

/// All steps at once, for fewer attempts.
const EVERYTHING: RetryModel = RetryModel {
    releases: true,
    renews: true,
    resolves: true,
    purges: true,
    seals: true,
    retention: 2,
    ticks: 5,
    ..BASE
};

/// Explores a model to its end. Panics if a property does not hold.
#[track_caller]
fn assert_holds(model: RetryModel, states: usize) {
    let (violated, explored) = explore(model, HasDiscoveries::AnyFailures);
    assert_eq!(violated, [""; 0], "{model:?}");
    assert!(explored >= states, "only {explored} states: {model:?}");
}

/// Explores a model until it ends, or until a property is found not to hold. Returns the
/// properties that do not hold, and the number of states.
fn explore(model: RetryModel, until: HasDiscoveries) -> (Vec<&'static str>, usize) {
    let checker = model.checker().threads(2).finish_when(until).spawn_bfs();
    let checker = checker.join();
    let found = checker.discoveries();
    let mut violated: Vec<_> = checker
        .model()
        .properties()
        .into_iter()
        .filter(|property| match property.expectation {
            Expectation::Sometimes => !found.contains_key(property.name),
            _ => found.contains_key(property.name),
        })
        .map(|property| property.name)
        .collect();
    violated.sort_unstable();
    (violated, checker.unique_state_count())
}

#[test]
fn a_request_runs_once_whatever_happens() {
    assert_holds(RETRIES, 12_000);
    assert_holds(RENEWS, 110_000);
    assert_holds(RESOLVES, 150_000);
    assert_holds(SEALS, 16_000);
    assert_holds(EXPIRES, 80_000);
    assert_holds(GIVES_BACK, 6_000);
    assert_holds(EVERYTHING, 200_000);
}

/// P-ID-takeover: a takeover runs the handler again, and the answers still agree.
#[test]
fn a_takeover_runs_it_again_and_answers_agree() {
    assert_holds(TAKEOVER, 150_000);
    let takeover = true;
    let model = RetryModel {
        takeover,
        ..GIVES_BACK
    };
    assert_holds(model, 16_000);
}

/// Each fault is found in the smallest model that has it.
#[test]
fn known_faults_are_found_out() {
    let holder = "only the holder changes the key";
    let table = [
        (Variant::LeaseIsAbsence, BASE, "runs once"),
        (Variant::LeaseIsAbsence, BASE, "an unknown outcome is kept"),
        (Variant::SilentTakeover, BASE, "runs once"),
        (Variant::GetThenSet, BASE, "runs once"),
        (Variant::NoFenceCheck, RESOLVES, "answers agree"),
        (Variant::NoOwnerCheck, EXPIRES, holder),
        (Variant::NoOwnerCheck, EXPIRES, "answers agree"),
        (Variant::ReleaseWithoutOwner, RETRIES, holder),
        (Variant::ReleaseWithoutOwner, RETRIES, "runs once"),
        (Variant::BlindComplete, TAKEOVER, holder),
        (Variant::BlindComplete, TAKEOVER, "answers agree"),
        (
            Variant::BlindComplete,
            TAKEOVER,
            "an end is kept for its retention",
        ),
        (Variant::RenewsLostLease, RENEWS, holder),
        (Variant::ResolvesAnyFence, RESOLVES, holder),
        (
            Variant::PurgesByLease,
            EXPIRES,
            "an unknown outcome is kept",
        ),
        (Variant::PurgesByLease, EXPIRES, "runs once"),
        (Variant::RunsUnanswered, BASE, "runs once"),
        (Variant::RunsLate, RESOLVES, "runs once"),
        (
            Variant::FreesUnknown,
            TAKEOVER,
            "an unknown outcome is kept",
        ),
        (
            Variant::ForgetsTakeover,
            TAKEOVER,
            "an unknown outcome is kept",
        ),
        (Variant::GivesBackRun, RENEWS, "runs once"),
        (
            Variant::SealsAmbiguous,
            SEALS,
            "no 409 for a recorded success",
        ),
    ];
    for (variant, model, property) in table {
        let model = RetryModel { variant, ..model };
        let until = HasDiscoveries::AnyOf([property].into());
        let (violated, _) = explore(model, until);
        assert!(violated.contains(&property), "{model:?}: {violated:?}");
    }
}
