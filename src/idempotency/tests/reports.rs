//! The extensions of responses.

use http::StatusCode;
use tower::ServiceExt;

use super::{Runs, layer, order, post, service};
use crate::{Outcome, outcome::KeyOutcome, refusal::KeyProblem};

/// The results of a first request, its retry and a refusal.
async fn results(layer: &super::IdempotencyLayer<super::Store>) -> [Option<KeyOutcome>; 3] {
    let runs = Runs::default();
    let service = service(layer, &runs, order);
    let mut results = [None; 3];
    for (key, result) in ["\"a\"", "\"a\"", "a"].into_iter().zip(&mut results) {
        let response = service
            .clone()
            .oneshot(post(key))
            .await
            .expect("a response");
        let outcome = Outcome::of(&response);
        *result = outcome.and_then(Outcome::key);
        assert_eq!(
            outcome.is_some_and(Outcome::is_replayed),
            *result == Some(KeyOutcome::Replayed)
        );
        if response.status() == StatusCode::BAD_REQUEST {
            let problem = response.extensions().get::<KeyProblem>();
            assert_eq!(problem, Some(&KeyProblem::Malformed));
        }
    }
    results
}

#[tokio::test]
async fn a_replay_always_has_an_outcome_and_others_on_request() {
    assert_eq!(
        results(&layer()).await,
        [None, Some(KeyOutcome::Replayed), None]
    );
    assert_eq!(
        results(&layer().explain()).await,
        [
            Some(KeyOutcome::Performed),
            Some(KeyOutcome::Replayed),
            Some(KeyOutcome::Refused(KeyProblem::Malformed)),
        ]
    );
}
