//! Random steps on a server, each answer compared with that of `KeyRecord`.

use std::{collections::HashMap, time::Duration};

use bytes::Bytes;
use redis::aio::ConnectionManager;
use tower_conditional::{
    clock::{Clock, ManualClock},
    idempotency::{
        Claim, Fingerprint, KeyRecord, Owner, RecordId, Resolution, Retention, SealReason, Update,
    },
    store::{IdempotencyStore, Inspection, Step},
};
use tower_conditional_redis::RedisIdempotencyStore;
use tower_conditional_testing::Engine;

use crate::{
    seeded::{Draw, seeds},
    support::{clock_at, id, in_memory, store_with_clock},
};

const STEPS: usize = 400;

/// A server, and the rules that it must follow.
struct Twins {
    draw: Draw,
    clock: ManualClock,
    store: RedisIdempotencyStore<ConnectionManager>,
    records: HashMap<RecordId, Option<KeyRecord<Bytes>>>,
}

impl Twins {
    fn millis(&mut self) -> Duration {
        // Few values, so that times coincide.
        let millis = self.draw.pick(&[0, 1, 2, 10, 50, 100, 1000]);
        Duration::from_millis(millis)
    }

    fn owner(&mut self) -> Owner {
        Owner::from([self.draw.below(3) as u8; 16])
    }

    fn fingerprint(&mut self) -> Fingerprint {
        let mut bytes = Fingerprint::custom("request").to_bytes();
        match self.draw.below(8) {
            0 => bytes = Fingerprint::custom("other").to_bytes(),
            1 => bytes[0] = 7,
            _ => {}
        }
        Fingerprint::from(bytes)
    }

    fn claim(&mut self) -> Claim {
        let retention = Retention::new(self.millis()).with_tombstone(self.millis());
        Claim::new(self.fingerprint(), self.owner())
            .with_lease(self.millis())
            .with_takeover(self.draw.coin())
            .with_retention(retention)
    }

    fn response(&mut self) -> Bytes {
        Bytes::from_static(self.draw.pick(&[b"", b"paid", b"\0\xff\r\n"]))
    }

    fn reason(&mut self) -> SealReason {
        self.draw.pick(&[
            SealReason::TooLarge,
            SealReason::Operator,
            SealReason::Policy,
        ])
    }

    /// Returns the fence of the last attempt, or sometimes one beside it.
    fn fence(&mut self, id: RecordId) -> u64 {
        let last = self.records.get(&id).and_then(Option::as_ref);
        let last = last.map_or(0, KeyRecord::fence);
        match self.draw.below(8) {
            0 => last + 1,
            1 => last.saturating_sub(1),
            _ => last,
        }
    }

    fn step(&mut self, id: RecordId) -> Step {
        Step::new(id, self.owner(), self.fence(id))
    }

    /// Performs one random step on both sides. Returns the step and the answer of each.
    async fn perform(&mut self) -> (String, String, String) {
        if self.draw.below(3) == 0 {
            let time = self.millis();
            self.clock.advance(time);
        }
        let now = self.clock.now().duration_since(std::time::UNIX_EPOCH);
        let now = now.expect("a time after 1970");
        let id = id(self.draw.below(3) as u8);
        match self.draw.below(10) {
            0..=3 => {
                let claim = self.claim();
                let slot = self.records.entry(id).or_default();
                let expected = KeyRecord::begin(slot, &claim, now);
                let found = self.store.begin(id, claim).await.expect("an answer");
                texts(&format!("{id:?} {claim:?}"), &expected, &found)
            }
            4 => {
                let (step, lease) = (self.step(id), self.millis());
                let expected = self.change(id, |record| {
                    record.renew(step.owner, step.fence, lease, now)
                });
                let found = self.store.renew(step, lease).await.expect("an answer");
                texts(&format!("renew {step:?} {lease:?}"), &expected, &found)
            }
            5 => {
                let (step, response) = (self.step(id), self.response());
                let expected = self.change(id, |record| {
                    record.complete(step.owner, step.fence, response.clone(), now)
                });
                let found = self.store.complete(step, response).await;
                texts(
                    &format!("complete {step:?}"),
                    &expected,
                    &found.expect("an answer"),
                )
            }
            6 => {
                let step = self.step(id);
                let expected =
                    self.change(id, |record| record.release(step.owner, step.fence, now));
                let found = self.store.release(step).await.expect("an answer");
                texts(&format!("release {step:?}"), &expected, &found)
            }
            7 => {
                let (step, reason) = (self.step(id), self.reason());
                let expected = self.change(id, |record| {
                    record.seal(step.owner, step.fence, reason, now)
                });
                let found = self.store.seal(step, reason).await.expect("an answer");
                texts(&format!("seal {step:?} {reason:?}"), &expected, &found)
            }
            8 => {
                let fence = self.fence(id);
                let resolution = match self.draw.below(3) {
                    0 => Resolution::Release,
                    1 => Resolution::Seal,
                    _ => Resolution::Complete(self.response()),
                };
                let expected =
                    self.change(id, |record| record.resolve(fence, resolution.clone(), now));
                let resolved = self.store.resolve(id, fence, resolution.clone()).await;
                let step = format!("resolve {id:?} {fence} {resolution:?}");
                texts(&step, &expected, &resolved.expect("an answer"))
            }
            _ => {
                let record = self.records.get(&id).and_then(Option::as_ref);
                let expected = record.and_then(|record| Inspection::of(record, now));
                let found = self.store.inspect(id).await.expect("an answer");
                texts(&format!("inspect {id:?}"), &expected, &found)
            }
        }
    }

    fn change(
        &mut self,
        id: RecordId,
        change: impl FnOnce(&mut KeyRecord<Bytes>) -> Update,
    ) -> Update {
        let record = self.records.get_mut(&id).and_then(Option::as_mut);
        record.map_or(Update::Lost, change)
    }
}

fn texts<T: std::fmt::Debug>(step: &str, expected: &T, found: &T) -> (String, String, String) {
    (
        step.to_owned(),
        format!("{expected:?}"),
        format!("{found:?}"),
    )
}

/// P-ID-fencing, P-ID-lease, P-ID-takeover: the store in Redis decides as `KeyRecord` does.
/// `REDIS_KEYS=1 REDIS_KEYS_SEED=17` repeats one seed.
#[tokio::test]
async fn random_steps_have_the_answers_of_the_rules() {
    for engine in Engine::tested() {
        let server = in_memory(engine);
        let mut kinds: HashMap<String, usize> = HashMap::new();
        let seeds = seeds("REDIS_KEYS", 25);
        let count = seeds.end - seeds.start;
        for seed in seeds {
            let clock = clock_at(1_800_000_000_000);
            let (store, _) = store_with_clock(&server, &clock).await;
            let mut twins = Twins {
                draw: Draw::new(seed),
                clock,
                store,
                records: HashMap::new(),
            };
            let mut history = Vec::new();
            for _ in 0..STEPS {
                let (step, expected, found) = twins.perform().await;
                history.push(format!("{step} -> {expected}"));
                let tail = history.len().saturating_sub(12);
                assert_eq!(
                    found,
                    expected,
                    "{engine:?}, REDIS_KEYS=1 REDIS_KEYS_SEED={seed}: {:#?}",
                    &history[tail..]
                );
                let kind = expected.split([' ', '(']).next().unwrap_or_default();
                *kinds.entry(kind.to_owned()).or_default() += 1;
            }
        }
        // Each answer came up, so the comparison says something about it.
        let expected = [
            "Started", "InFlight", "Replay", "Sealed", "Mismatch", "Unknown", "Expired", "Applied",
            "Lost", "None", "Some",
        ];
        for kind in expected.into_iter().filter(|_| count > 1) {
            assert!(kinds.contains_key(kind), "{kind} is missing: {kinds:?}");
        }
    }
}
