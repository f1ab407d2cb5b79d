//! The state of the model: attempts at one request, and the network between them and the store.

use std::{collections::BTreeSet, time::Duration};

use crate::{
    store::{KeySlot, Response, Variant},
    truth::Truth,
};

/// A message. Once sent, it may arrive at any time, any number of times, or never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Message {
    Begin {
        attempt: usize,
    },
    /// The second step of a claim that reads first.
    Set {
        attempt: usize,
    },
    /// The repetition of a claim for which nothing runs, to give it back. It takes over from nobody.
    Reclaim {
        attempt: usize,
    },
    /// A lease of nothing gives the key up.
    Renew {
        attempt: usize,
        fence: u64,
        lease: u64,
    },
    Complete {
        attempt: usize,
        fence: u64,
    },
    Release {
        attempt: usize,
        fence: u64,
    },
    Seal {
        attempt: usize,
        fence: u64,
    },
    Resolve {
        fence: u64,
        decision: Decision,
    },
}

impl Message {
    /// Returns `true` if the message gives back the key of this attempt.
    pub(crate) fn gives_back(&self, of: usize) -> bool {
        match *self {
            Self::Release { attempt, .. } => attempt == of,
            Self::Renew { attempt, lease, .. } => attempt == of && lease == 0,
            _ => false,
        }
    }

    /// Returns `true` for a decision about an earlier fence.
    pub(crate) const fn resolves_before(&self, later: u64) -> bool {
        matches!(*self, Self::Resolve { fence, .. } if fence < later)
    }
}

/// An operator's decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Decision {
    Complete,
    Release,
    Seal,
}

/// The progress of an attempt, by what it has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Phase {
    Unsent,
    Claiming {
        since: u64,
    },
    /// The claim is acknowledged, and the handler has not run.
    Claimed {
        fence: u64,
    },
    /// The handler has run, and no completion was sent.
    Performed {
        fence: u64,
    },
    /// Each completion so far was refused for certain.
    Refused {
        fence: u64,
    },
    /// A completion was sent, and its answer was not heard.
    Completing {
        fence: u64,
    },
    /// A seal was sent, and its answer was not heard.
    Sealing,
    Answered(Response),
    /// Answered with 409: the attempt has lost its key.
    Conflict,
    /// Answered with 409 to its claim: the outcome of an attempt before is unknown.
    ToldUnknown,
    /// Answered with another error, before or after the handler.
    Withheld,
    /// Answered with an error. A task gives the key back, since nothing has had an effect.
    GivingBack,
    Crashed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ModelAttempt {
    pub(crate) phase: Phase,
    /// The life of the key that the attempt belongs to.
    pub(crate) life: u8,
    /// The handler has run, and its effect was not undone.
    pub(crate) has_effect: bool,
    /// The attempt follows one that was lost.
    pub(crate) takes_over: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) slot: KeySlot,
    pub(crate) now: u64,
    pub(crate) attempts: Vec<ModelAttempt>,
    pub(crate) sent: BTreeSet<Message>,
    pub(crate) truth: Truth,
    /// A handler failed and undid its effect. Once is enough.
    pub(crate) has_released: bool,
}

impl ModelAttempt {
    /// Returns the message that gives a key back for which this attempt has no effect.
    pub(crate) fn give_back(&self, variant: Variant, attempt: usize, fence: u64) -> Message {
        // The effects of the attempt before are as unknown as they were.
        if self.takes_over && variant != Variant::FreesUnknown {
            let lease = 0;
            return Message::Renew {
                attempt,
                fence,
                lease,
            };
        }
        Message::Release { attempt, fence }
    }
}

impl State {
    pub(crate) fn new(variant: Variant, attempts: usize) -> Self {
        let unsent = ModelAttempt {
            phase: Phase::Unsent,
            life: 0,
            has_effect: false,
            takes_over: false,
        };
        Self {
            slot: KeySlot::new(variant),
            now: 0,
            attempts: vec![unsent; attempts],
            sent: BTreeSet::new(),
            truth: Truth::default(),
            has_released: false,
        }
    }

    pub(crate) fn now(&self) -> Duration {
        Duration::from_secs(self.now)
    }

    /// Returns `true` if the attempt waits for the answer to the message.
    pub(crate) fn awaits(&self, message: &Message) -> bool {
        let phase = |attempt: usize| self.attempts[attempt].phase;
        match *message {
            Message::Begin { attempt } | Message::Set { attempt } => {
                matches!(phase(attempt), Phase::Claiming { .. })
            }
            Message::Complete { attempt, .. } => {
                matches!(phase(attempt), Phase::Completing { .. })
            }
            Message::Seal { attempt, .. } => phase(attempt) == Phase::Sealing,
            Message::Reclaim { attempt } => phase(attempt) == Phase::GivingBack,
            Message::Renew { .. } | Message::Release { .. } | Message::Resolve { .. } => false,
        }
    }

    /// Returns the decisions that an operator who knows the truth may take.
    pub(crate) fn decisions(&self) -> &'static [Decision] {
        let Some(holder) = self.truth.holder else {
            return &[];
        };
        let is_decided = |message: &Message| matches!(message, Message::Resolve { fence, .. } if *fence == holder.fence);
        if !self.slot.is_unknown(self.now()) || self.sent.iter().any(is_decided) {
            return &[];
        }
        let has_effect =
            |attempt: &ModelAttempt| attempt.has_effect && attempt.life == self.truth.life;
        if self.attempts.iter().any(has_effect) {
            return &[Decision::Complete, Decision::Seal];
        }
        match self.attempts[holder.attempt].phase {
            // Its handler may still run.
            Phase::Claimed { .. } | Phase::Performed { .. } => &[Decision::Seal],
            _ => &[Decision::Release, Decision::Seal],
        }
    }
}
