//! The properties that hold in each state of the model, and those of the states that it reaches.

use stateright::Property;
use tower_conditional::idempotency::KeyState;

use crate::{
    RetryModel,
    state::{ModelAttempt, Phase, State},
    store::{OPERATOR, response_of},
    truth::End,
};

pub(crate) fn properties() -> Vec<Property<RetryModel>> {
    vec![
        Property::always("runs once", RetryModel::runs_once),
        Property::always("answers agree", |_, state: &State| answers_agree(state)),
        Property::always("only the holder changes the key", |_, state: &State| {
            !state.truth.has_foreign_change
        }),
        Property::always("an end is kept for its retention", |_, state: &State| {
            state.truth.is_end_kept(&state.slot, state.now)
        }),
        Property::always(
            "an unknown outcome is kept",
            |model: &RetryModel, state: &State| {
                let truth = &state.truth;
                truth.is_unknown_kept(&state.slot, state.now, model.retention)
            },
        ),
        Property::always("no 409 for a recorded success", |_, state: &State| {
            !has_hidden_success(state)
        }),
        // These show that the model goes where it should.
        Property::sometimes("is replayed", |model: &RetryModel, state: &State| {
            let answers = answers(state);
            answers.filter(|(_, response)| *response == 0).count() == model.attempts
        }),
        Property::sometimes(
            "runs again after a release",
            |model: &RetryModel, state: &State| {
                let has_effect = state.attempts.iter().any(|attempt| attempt.has_effect);
                !model.releases || state.has_released && has_effect
            },
        ),
        Property::sometimes("is sealed", |model: &RetryModel, state: &State| {
            let end = state.truth.end.map(|(end, _)| end);
            !model.seals || end == Some(End::Sealed)
        }),
        Property::sometimes(
            "outlives its first lease",
            |model: &RetryModel, state: &State| {
                let holder = state.truth.holder;
                let is_renewed = holder.is_some_and(|holder| holder.lease_until > model.lease * 2);
                !model.renews || is_renewed
            },
        ),
        Property::sometimes(
            "a retry gets what was resolved",
            |model: &RetryModel, state: &State| {
                let is_told = |attempt: &ModelAttempt| attempt.phase == Phase::ToldUnknown;
                let was_unknown = state.attempts.iter().any(is_told);
                let is_resolved = answers(state).any(|(_, response)| response == OPERATOR);
                // One is lost, one is told so, and one comes later.
                let can_be_seen = model.resolves && model.attempts > 2;
                !can_be_seen || was_unknown && is_resolved
            },
        ),
        Property::sometimes(
            "runs after its key was claimed again",
            |model: &RetryModel, state: &State| {
                let record = state.slot.record.as_ref();
                // An attempt that gets a second fence only gives it back.
                let is_later = record.is_some_and(|record| {
                    matches!(record.state(), KeyState::Completed(_))
                        && record.fence() > u64::from(record.attempt())
                });
                !model.gives_back || is_later
            },
        ),
        Property::sometimes(
            "is used again after its end",
            |model: &RetryModel, state: &State| !model.purges || state.truth.life > 0,
        ),
    ]
}

impl RetryModel {
    fn runs_once(&self, state: &State) -> bool {
        let effects = |life| {
            let of_life = state.attempts.iter().filter(|attempt| attempt.life == life);
            of_life.filter(|attempt| attempt.has_effect).count()
        };
        self.takeover || (0..=state.truth.life).all(|life| effects(life) <= 1)
    }
}

/// Returns the answers with a response, each with the life of the key that it belongs to.
fn answers(state: &State) -> impl Iterator<Item = (u8, u8)> {
    let attempts = state.attempts.iter();
    attempts.filter_map(|attempt| match attempt.phase {
        Phase::Answered(response) => Some((attempt.life, response)),
        _ => None,
    })
}

fn answers_agree(state: &State) -> bool {
    answers(state).all(|(life, response)| {
        answers(state).all(|(other, also)| life != other || response == also)
    })
}

/// Returns `true` if an attempt was told that it lost its key, and the store has its response.
fn has_hidden_success(state: &State) -> bool {
    let mut attempts = state.attempts.iter().enumerate();
    attempts.any(|(attempt, own)| {
        let success = End::Completed(response_of(attempt));
        let is_recorded =
            matches!(state.truth.end, Some((end, until)) if end == success && state.now < until);
        // A message of a life before may still arrive in the next one.
        own.phase == Phase::Conflict && own.life == state.truth.life && is_recorded
    })
}
