//! The list of the writes under way: what it answers, and what a step costs.

use std::time::Duration;

use proptest::{collection::vec, prelude::*};

use super::{OperationId, WriteRecord, at};
use crate::semantics::validator_cache::{WriteEnd, Writes, intents::Intents};

/// A list that is searched whole.
#[derive(Default)]
struct PlainRecord {
    blocked_until: u64,
    intents: Vec<(u8, u64)>,
}

impl PlainRecord {
    fn expire(&mut self, now: u64) {
        let expired = self.intents.iter().map(|(_, until)| *until);
        let latest = expired.filter(|until| *until <= now).max();
        self.blocked_until = self.blocked_until.max(latest.unwrap_or_default());
        self.intents.retain(|(_, until)| now < *until);
    }

    fn begin(&mut self, id: u8, until: u64, now: u64) {
        self.expire(now);
        match self.intents.iter_mut().find(|(other, _)| *other == id) {
            Some((_, end)) => *end = until.max(*end),
            None => self.intents.push((id, until)),
        }
    }

    fn end(&mut self, id: u8, now: u64) -> WriteEnd {
        self.expire(now);
        let before = self.intents.len();
        self.intents.retain(|(other, _)| *other != id);
        match self.intents.len() < before || now < self.blocked_until {
            true => WriteEnd::Ended,
            false => WriteEnd::IntentLost,
        }
    }

    fn writes(&self, generation: u64) -> Writes {
        let mut record = WriteRecord::default();
        let ends = self.intents.iter().map(|(_, until)| *until);
        let until = ends.max().unwrap_or_default().max(self.blocked_until);
        record.begin_unlisted(at(until), generation, Duration::ZERO);
        record.writes()
    }
}

fn operation(number: u64) -> OperationId {
    let id = u128::from(number) | 7 << 64;
    id.to_be_bytes().into()
}

#[derive(Debug, Clone)]
enum Step {
    Begin(u8, u64),
    Unlisted(u64),
    End(u8),
    DropExpired,
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let id = || prop_oneof![0_u8..6, 0_u8..80];
    prop_oneof![
        12 => (id(), 1_u64..40).prop_map(|(id, ttl)| Step::Begin(id, ttl)),
        1 => (1_u64..40).prop_map(Step::Unlisted),
        6 => id().prop_map(Step::End),
        1 => Just(Step::DropExpired),
        3 => (1_u64..20).prop_map(Step::Wait),
    ]
}

proptest! {
    /// P-VC-intent: each step leaves what a plain list would, whatever has run out before.
    #[test]
    fn the_tree_answers_as_a_list(steps in vec(step(), 0..200)) {
        let (mut tree, mut list) = (WriteRecord::default(), PlainRecord::default());
        let mut now = 0;
        for (generation, step) in (1..).zip(steps) {
            match step {
                Step::Begin(id, ttl) => {
                    tree.begin(operation(id.into()), at(ttl), generation, at(now));
                    list.begin(id, now + ttl, now);
                }
                Step::Unlisted(ttl) => {
                    tree.begin_unlisted(at(ttl), generation, at(now));
                    list.blocked_until = list.blocked_until.max(now + ttl);
                }
                Step::End(id) => {
                    let end = tree.end(operation(id.into()), generation, at(now));
                    prop_assert_eq!(end, list.end(id, now));
                }
                Step::DropExpired => tree.drop_expired(at(now)),
                Step::Wait(seconds) => now += seconds,
            }
            tree.invalidate(generation);
            prop_assert_eq!(tree.writes(), list.writes(generation));
            let is_written = list.intents.iter().any(|(_, until)| now < *until);
            prop_assert_eq!(tree.is_written(at(now)), is_written);
        }
    }
}

/// A step visits few of many writes, in the order in which servers number and end them, and in
/// any other.
#[test]
fn a_step_visits_few_of_many_writes() {
    const WRITES: u64 = 10_000;
    let ends: [fn(u64) -> u64; 4] = [
        |number| number,
        |number| WRITES - number,
        |number| number * 7_919 % WRITES,
        |_| 30,
    ];
    for (order, end) in ends.iter().enumerate() {
        for stride in [1, 2, 987, 4_096] {
            let mut intents = Intents::default();
            for number in 0..WRITES {
                intents.insert(operation(number * stride), at(end(number)));
            }
            let depth = intents.depth();
            assert!(depth <= 50, "{depth} in order {order} with stride {stride}");
            for number in 0..WRITES / 2 {
                let removed = intents.remove(operation(number * stride));
                assert_eq!(removed, Some(at(end(number))));
            }
            let latest = (WRITES / 2..WRITES).map(|number| at(end(number))).max();
            assert_eq!(intents.latest_end(), latest);
            assert!(intents.depth() <= 50, "{order} {stride}");
        }
    }
}

/// A list that is full of writes that ran out makes room before it grows.
#[test]
fn writes_that_ran_out_leave_their_room() {
    let mut record = WriteRecord::default();
    for number in 0..100_000 {
        record.begin(operation(number), at(30), number + 1, at(number));
    }
    let bytes = record.intent_bytes();
    assert!(bytes <= 64 * WriteRecord::INTENT_BYTES, "{bytes}");
}
