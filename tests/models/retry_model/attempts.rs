//! Attempts at one request, and their steps in every order.

use stateright::{Model, Property};

use crate::{
    RetryModel,
    properties::properties,
    state::{Decision, Message, Phase, State},
    store::Variant,
};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    Tick,
    Purge,
    Send(usize),
    Deliver(Message),
    /// A message arrives, and its answer is lost.
    DeliverUnheard(Message),
    Crash(usize),
    /// The handler runs.
    Perform(usize),
    /// The handler runs although the claim was not acknowledged.
    RunUnanswered(usize),
    Renew(usize),
    /// The handler panics, before its effect or after it.
    Panic(usize),
    /// The response is sent to be recorded.
    Complete(usize),
    /// The store refuses the response, and has not applied it.
    Refuse(usize),
    Seal(usize),
    /// The attempt no longer waits for the store.
    GiveUp(usize),
    /// The handler fails, undoes its effect, and the key is released.
    Release(usize),
    Resolve(Decision),
}

impl RetryModel {
    fn actions_of(&self, state: &State, attempt: usize, actions: &mut Vec<Action>) {
        match state.attempts[attempt].phase {
            // Attempts are alike: they begin in their order.
            Phase::Unsent if attempt == 0 || state.attempts[attempt - 1].phase != Phase::Unsent => {
                actions.push(Action::Send(attempt));
            }
            Phase::Claiming { .. } if self.variant == Variant::RunsUnanswered => {
                actions.push(Action::RunUnanswered(attempt));
            }
            Phase::Claimed { .. } => {
                actions.extend([Action::Crash(attempt), Action::Perform(attempt)]);
                if self.renews {
                    actions.extend([Action::Renew(attempt), Action::Panic(attempt)]);
                }
            }
            Phase::Performed { .. } => {
                actions.extend([Action::Crash(attempt), Action::Complete(attempt)]);
                if self.renews {
                    actions.extend([Action::Renew(attempt), Action::Panic(attempt)]);
                }
                if self.releases && !state.has_released {
                    actions.push(Action::Release(attempt));
                }
                if self.seals {
                    actions.push(Action::Refuse(attempt));
                }
            }
            Phase::Refused { .. } => {
                actions.extend([Action::Complete(attempt), Action::Seal(attempt)]);
            }
            Phase::Completing { .. } => {
                actions.push(Action::GiveUp(attempt));
                if self.variant == Variant::SealsAmbiguous {
                    actions.push(Action::Seal(attempt));
                }
            }
            Phase::Sealing => actions.push(Action::GiveUp(attempt)),
            _ => {}
        }
    }

    fn act(&self, state: &mut State, action: &Action) {
        let now = state.now;
        let (Action::Send(attempt)
        | Action::Crash(attempt)
        | Action::Perform(attempt)
        | Action::RunUnanswered(attempt)
        | Action::Renew(attempt)
        | Action::Panic(attempt)
        | Action::Complete(attempt)
        | Action::Refuse(attempt)
        | Action::Seal(attempt)
        | Action::GiveUp(attempt)
        | Action::Release(attempt)) = *action
        else {
            return;
        };
        let own = &mut state.attempts[attempt];
        let fence = match own.phase {
            Phase::Claimed { fence }
            | Phase::Performed { fence }
            | Phase::Refused { fence }
            | Phase::Completing { fence } => fence,
            // The first fence, for an attempt that was told none.
            _ => 1,
        };
        let mut message = None;
        own.phase = match action {
            Action::Send(_) => {
                message = Some(Message::Begin { attempt });
                Phase::Claiming { since: now }
            }
            Action::Crash(_) => Phase::Crashed,
            Action::Perform(_) | Action::RunUnanswered(_) => {
                own.has_effect = true;
                Phase::Performed { fence }
            }
            Action::Renew(_) => {
                let lease = self.lease;
                message = Some(Message::Renew {
                    attempt,
                    fence,
                    lease,
                });
                own.phase
            }
            Action::Panic(_) => {
                let lease = 0;
                message = Some(Message::Renew {
                    attempt,
                    fence,
                    lease,
                });
                if self.variant == Variant::GivesBackRun {
                    state.sent.insert(Message::Reclaim { attempt });
                    Phase::GivingBack
                } else {
                    Phase::Crashed
                }
            }
            Action::Complete(_) => {
                message = Some(Message::Complete { attempt, fence });
                Phase::Completing { fence }
            }
            Action::Refuse(_) => Phase::Refused { fence },
            Action::Seal(_) => {
                message = Some(Message::Seal { attempt, fence });
                Phase::Sealing
            }
            Action::Release(_) => {
                message = Some(own.give_back(self.variant, attempt, fence));
                own.has_effect = false;
                state.has_released = true;
                if self.gives_back {
                    state.sent.insert(Message::Reclaim { attempt });
                    Phase::GivingBack
                } else {
                    Phase::Withheld
                }
            }
            _ => Phase::Withheld,
        };
        state.sent.extend(message);
    }
}

impl Model for RetryModel {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::new(self.variant, self.attempts)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.now < self.ticks {
            actions.push(Action::Tick);
        }
        if self.purges {
            actions.push(Action::Purge);
        }
        if self.resolves {
            let decisions = state.decisions().iter();
            actions.extend(decisions.map(|decision| Action::Resolve(*decision)));
        }
        for attempt in 0..self.attempts {
            self.actions_of(state, attempt, actions);
        }
        for message in &state.sent {
            actions.push(Action::Deliver(*message));
            if state.awaits(message) {
                actions.push(Action::DeliverUnheard(*message));
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Tick => state.now += 1,
            Action::Purge => Self::purge(&mut state),
            Action::Deliver(message) => self.deliver(&mut state, message, true),
            Action::DeliverUnheard(message) => self.deliver(&mut state, message, false),
            Action::Resolve(decision) => {
                let fence = last.truth.holder?.fence;
                state.sent.insert(Message::Resolve { fence, decision });
            }
            action => self.act(&mut state, &action),
        }
        (state != *last).then_some(state)
    }

    fn within_boundary(&self, state: &State) -> bool {
        let record = state.slot.record.as_ref();
        record.is_none_or(|record| record.fence() <= self.fences)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties()
    }
}
