//! The extensions of responses.

use tower::ServiceExt;

use super::{Runs, Store, layer, order, post, service};
use crate::{Outcome, idempotency::IdempotencyLayer, refusal::KeyProblem};

/// The outcomes of a first request, its retry and a refusal.
async fn outcomes(layer: &IdempotencyLayer<Store>) -> [Option<Outcome>; 3] {
    let runs = Runs::default();
    let service = service(layer, &runs, order);
    let mut outcomes = [const { None }; 3];
    for (key, outcome) in ["\"a\"", "\"a\"", "a"].into_iter().zip(&mut outcomes) {
        let response = service.clone().oneshot(post(key)).await;
        let response = response.expect("a response");
        *outcome = Outcome::of(&response).cloned();
        let problem = response.extensions().get::<KeyProblem>();
        assert_eq!(problem.is_some(), key == "a");
    }
    outcomes
}

#[tokio::test]
async fn a_replay_always_has_an_outcome_and_others_on_request() {
    let [first, replay, refused] = outcomes(&layer()).await;
    assert_eq!((first, refused), (None, None));
    assert!(replay.is_some_and(|outcome| outcome.is_replayed()));
    let outcomes = outcomes(&layer().explain()).await;
    let found = outcomes.map(|outcome| {
        let outcome = outcome.expect("an outcome");
        (
            outcome.is_performed(),
            outcome.is_replayed(),
            outcome.key_problem(),
        )
    });
    assert_eq!(
        found,
        [
            (true, false, None),
            (false, true, None),
            (false, false, Some(KeyProblem::Malformed)),
        ]
    );
}
