//! Attempts at one request, and the network between them and the store.

use std::{collections::BTreeSet, time::Duration};

use stateright::{Model, Property};
use tower_conditional::idempotency::{Admission, Update};

use crate::store::{Response, Slot, Variant};

/// A message. Once sent, it may arrive at any time, any number of times, or never.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Message {
    Begin {
        attempt: usize,
    },
    /// The second step of a claim that reads first.
    Set {
        attempt: usize,
    },
    Started {
        attempt: usize,
        fence: u64,
    },
    Replay {
        attempt: usize,
        response: Response,
    },
    Refused {
        attempt: usize,
    },
    Complete {
        attempt: usize,
        fence: u64,
    },
    Completed {
        attempt: usize,
        is_applied: bool,
    },
    Release {
        attempt: usize,
        fence: u64,
    },
}

/// An attempt, by what it has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Attempt {
    Unsent,
    Claiming,
    /// The handler ran, and nothing was recorded yet.
    Performed {
        fence: u64,
    },
    Completing,
    Answered(Response),
    /// Refused, or its response withheld.
    Withheld,
    Crashed,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    slot: Slot,
    now: u64,
    attempts: Vec<Attempt>,
    sent: BTreeSet<Message>,
    /// Executions of the handler that were not undone.
    effects: u8,
    /// A handler failed and undid its effect. Once is enough.
    has_released: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    Tick,
    Send(usize),
    Deliver(Message),
    Crash(usize),
    /// The handler has run; its response is sent to be recorded.
    Complete(usize),
    /// The handler fails, undoes its effect, and the key is released.
    Release(usize),
    /// The handler runs although the claim was not acknowledged.
    RunUnanswered(usize),
}

pub(crate) struct RetryModel {
    variant: Variant,
    takeover: bool,
    /// The first request and its retries.
    attempts: usize,
    /// Ticks of the clock, of which a lease has two.
    ticks: u64,
}

impl RetryModel {
    pub(crate) fn new(variant: Variant) -> Self {
        Self {
            variant,
            takeover: false,
            attempts: 2,
            ticks: 4,
        }
    }

    pub(crate) fn with_takeover(self) -> Self {
        Self {
            takeover: true,
            ..self
        }
    }

    /// Another retry, and no time to pass: more of both have too many orders.
    pub(crate) fn with_three_attempts(self) -> Self {
        Self {
            attempts: 3,
            ticks: 0,
            ..self
        }
    }

    fn now(state: &State) -> Duration {
        Duration::from_secs(state.now)
    }

    fn deliver(&self, state: &mut State, message: &Message) {
        match *message {
            Message::Begin { attempt } => {
                if self.variant == Variant::GetThenSet && state.slot.is_none() {
                    state.sent.insert(Message::Set { attempt });
                    return;
                }
                self.begin(state, attempt);
            }
            Message::Set { attempt } => {
                // Whatever came between is overwritten.
                state.slot = None;
                self.begin(state, attempt);
            }
            Message::Started { attempt, fence } => {
                if state.attempts[attempt] == Attempt::Claiming {
                    state.attempts[attempt] = Attempt::Performed { fence };
                    state.effects += 1;
                }
            }
            Message::Replay { attempt, response } => {
                if state.attempts[attempt] == Attempt::Claiming {
                    state.attempts[attempt] = Attempt::Answered(response);
                }
            }
            Message::Refused { attempt } => {
                if state.attempts[attempt] == Attempt::Claiming {
                    state.attempts[attempt] = Attempt::Withheld;
                }
            }
            Message::Complete { attempt, fence } => {
                let now = Self::now(state);
                let response = response_of(attempt);
                let variant = self.variant;
                let update = variant.complete(&mut state.slot, attempt, fence, response, now);
                let is_applied = update == Update::Applied;
                state.sent.insert(Message::Completed {
                    attempt,
                    is_applied,
                });
            }
            Message::Completed {
                attempt,
                is_applied,
            } => {
                if state.attempts[attempt] == Attempt::Completing {
                    state.attempts[attempt] = if is_applied {
                        Attempt::Answered(response_of(attempt))
                    } else {
                        Attempt::Withheld
                    };
                }
            }
            Message::Release { attempt, fence } => {
                let now = Self::now(state);
                let _ = self.variant.release(&mut state.slot, attempt, fence, now);
            }
        }
    }

    fn begin(&self, state: &mut State, attempt: usize) {
        let now = Self::now(state);
        let admission = self
            .variant
            .begin(&mut state.slot, attempt, self.takeover, now);
        state.sent.insert(match admission {
            Admission::Started { fence, .. } => Message::Started { attempt, fence },
            Admission::Replay(response) => Message::Replay { attempt, response },
            _ => Message::Refused { attempt },
        });
    }
}

/// Each execution has a response of its own, so that two of them are told apart.
fn response_of(attempt: usize) -> Response {
    u8::try_from(attempt).expect("few attempts")
}

impl Model for RetryModel {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            slot: None,
            now: 0,
            attempts: vec![Attempt::Unsent; self.attempts],
            sent: BTreeSet::new(),
            effects: 0,
            has_released: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.now < self.ticks {
            actions.push(Action::Tick);
        }
        for (attempt, seen) in state.attempts.iter().enumerate() {
            match seen {
                // Attempts are alike: they begin in their order.
                Attempt::Unsent
                    if attempt == 0 || state.attempts[attempt - 1] != Attempt::Unsent =>
                {
                    actions.push(Action::Send(attempt));
                }
                Attempt::Claiming if self.variant == Variant::RunsUnanswered => {
                    actions.push(Action::RunUnanswered(attempt));
                }
                Attempt::Performed { .. } => {
                    actions.push(Action::Crash(attempt));
                    actions.push(Action::Complete(attempt));
                    if !state.has_released {
                        actions.push(Action::Release(attempt));
                    }
                }
                _ => {}
            }
        }
        actions.extend(state.sent.iter().cloned().map(Action::Deliver));
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Tick => state.now += 1,
            Action::Send(attempt) => {
                state.attempts[attempt] = Attempt::Claiming;
                state.sent.insert(Message::Begin { attempt });
            }
            Action::Deliver(message) => self.deliver(&mut state, &message),
            Action::Crash(attempt) => state.attempts[attempt] = Attempt::Crashed,
            Action::Complete(attempt) => {
                if let Attempt::Performed { fence } = state.attempts[attempt] {
                    state.attempts[attempt] = Attempt::Completing;
                    state.sent.insert(Message::Complete { attempt, fence });
                }
            }
            Action::Release(attempt) => {
                if let Attempt::Performed { fence } = state.attempts[attempt] {
                    state.attempts[attempt] = Attempt::Withheld;
                    state.effects -= 1;
                    state.has_released = true;
                    state.sent.insert(Message::Release { attempt, fence });
                }
            }
            Action::RunUnanswered(attempt) => {
                state.attempts[attempt] = Attempt::Performed { fence: 1 };
                state.effects += 1;
            }
        }
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("runs once", |model: &Self, state: &State| {
                model.takeover || state.effects <= 1
            }),
            Property::always("answers agree", |_, state: &State| {
                let mut answers = state.attempts.iter().filter_map(|attempt| match attempt {
                    Attempt::Answered(response) => Some(response),
                    _ => None,
                });
                let first = answers.next();
                answers.all(|answer| Some(answer) == first)
            }),
            Property::sometimes("is replayed", |model: &Self, state: &State| {
                let is = |attempt: &Attempt| matches!(attempt, Attempt::Answered(0));
                state.attempts.iter().filter(|attempt| is(attempt)).count() == model.attempts
            }),
            Property::sometimes("runs again after a release", |_, state: &State| {
                state.has_released && state.effects == 1
            }),
        ]
    }
}
