//! A model of retries: every order of crashes, pauses, lost and doubled messages.
//!
//! The store decides by [`KeyRecord`], as the store in memory does. Its faulty variants are
//! those that such stores have had; each must be found out.

mod attempts;
mod store;

use attempts::RetryModel;
use stateright::{Checker, Model};
use store::Variant;

/// Explores the model. Returns the names of the properties that do not hold.
fn violations(model: RetryModel) -> Vec<&'static str> {
    let checker = model.checker().threads(2).spawn_bfs().join();
    assert!(
        checker.unique_state_count() > 1_000,
        "the model does nothing"
    );
    let found = checker.discoveries();
    let mut violated: Vec<_> = checker
        .model()
        .properties()
        .into_iter()
        .filter(|property| match property.expectation {
            stateright::Expectation::Sometimes => !found.contains_key(property.name),
            _ => found.contains_key(property.name),
        })
        .map(|property| property.name)
        .collect();
    violated.sort_unstable();
    violated
}

#[test]
fn a_request_runs_once_whatever_happens() {
    let model = RetryModel::new(Variant::Correct);
    assert_eq!(violations(model), [""; 0]);
    let model = RetryModel::new(Variant::Correct).with_three_attempts();
    assert_eq!(violations(model), [""; 0]);
}

/// P-ID-takeover: a takeover runs the handler again, and the answers still agree.
#[test]
fn a_takeover_runs_it_again_and_answers_agree() {
    let model = RetryModel::new(Variant::Correct).with_takeover();
    assert_eq!(violations(model), [""; 0]);
}

#[test]
fn stores_with_known_faults_are_found_out() {
    let table: [(Variant, &str); 6] = [
        (Variant::LeaseIsRetention, "runs once"),
        (Variant::SilentTakeover, "runs once"),
        (Variant::GetThenSet, "runs once"),
        (Variant::ReleaseWithoutOwner, "runs once"),
        (Variant::BlindComplete, "answers agree"),
        (Variant::RunsUnanswered, "runs once"),
    ];
    for (variant, property) in table {
        let model = match variant {
            Variant::BlindComplete => RetryModel::new(variant).with_takeover(),
            Variant::ReleaseWithoutOwner => RetryModel::new(variant).with_three_attempts(),
            _ => RetryModel::new(variant),
        };
        let violated = violations(model);
        assert!(violated.contains(&property), "{variant:?}: {violated:?}");
    }
}
