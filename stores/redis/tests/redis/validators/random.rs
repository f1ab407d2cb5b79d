//! The rules of the store in memory, in random steps.

use std::time::Duration;

use tower_conditional::{
    Validators,
    store::{
        MemoryValidatorStore,
        validators::{Grant, Lookup, ValidatorStore, WriteIntent, WriteTarget},
    },
};
use tower_conditional_testing::{Engine, RedisOptions};

use super::support::{Store, TestStore, entry, key, operation, reader, scope};
use crate::seeded::{Draw, seeds};

const STEPS: usize = 300;
const KEYS: u64 = 3;
const SCOPES: u64 = 2;

/// Both stores, and the leases and writes that they have acknowledged.
struct Pair<'a> {
    redis: &'a Store,
    memory: MemoryValidatorStore,
    grants: Vec<(u8, Grant, Grant)>,
    writes: Vec<WriteIntent>,
    operations: u64,
}

/// Redis answers as the store in memory does, to the millisecond. A step takes place at whole
/// seconds and announcements end between them: Redis adds a millisecond to those.
#[tokio::test]
async fn random_steps_have_the_answers_of_the_store_in_memory() {
    for engine in Engine::tested() {
        let server = RedisOptions::new(engine).in_memory().start();
        for seed in seeds("VALIDATORS", 12) {
            let test = TestStore::open(&server).await;
            let mut pair = Pair {
                redis: &test.store,
                memory: MemoryValidatorStore::new().clock(test.clock.clone()),
                grants: Vec::new(),
                writes: Vec::new(),
                operations: 1,
            };
            let mut draw = Draw::new(seed);
            for step in 0..STEPS {
                let context = format!("{engine:?}, seed {seed}, step {step}");
                pair.step(&mut draw, &context).await;
                let pause = draw.pick(&[0, 0, 0, 0, 0, 1, 2, 5, 10, 29, 61, 400]);
                test.pass(pause);
            }
        }
    }
}

impl Pair<'_> {
    async fn step(&mut self, draw: &mut Draw, context: &str) {
        let number = draw.below(KEYS) as u8;
        match draw.below(10) {
            0..4 => self.look_up(number, draw, context).await,
            4..6 => self.fill(draw, context).await,
            6 => self.release(draw).await,
            7 => self.begin(draw).await,
            8 => self.end(draw, context).await,
            _ => self.invalidate(draw).await,
        }
    }

    fn next_operation(&mut self, draw: &mut Draw) -> u64 {
        // Some steps are delivered again.
        if draw.below(5) > 0 {
            self.operations += 1;
        }
        self.operations
    }

    async fn look_up(&mut self, number: u8, draw: &mut Draw, context: &str) {
        let ttl = Duration::from_secs(draw.pick(&[1, 10, 30]));
        let lease = (draw.below(3) > 0).then(|| reader(self.next_operation(draw)).with_ttl(ttl));
        let redis = self
            .redis
            .lookup(key(number), lease)
            .await
            .expect("an answer");
        let memory = self
            .memory
            .lookup(key(number), lease)
            .await
            .expect("an answer");
        assert_eq!(described(&redis), described(&memory), "{context}");
        if let (Lookup::Leased { grant, .. }, Lookup::Leased { grant: other, .. }) = (redis, memory)
        {
            assert_eq!(grant.granted_at(), other.granted_at(), "{context}");
            self.grants.push((number, grant, other));
        }
    }

    fn grant(&self, draw: &mut Draw) -> Option<(u8, Grant, Grant)> {
        // Most of the time the latest one.
        let age = draw.pick(&[1, 1, 1, 2, 3, 8]);
        self.grants.len().checked_sub(age).map(|at| self.grants[at])
    }

    async fn fill(&mut self, draw: &mut Draw, context: &str) {
        let Some((number, grant, other)) = self.grant(draw) else {
            return;
        };
        let scopes: Vec<_> = (0..SCOPES as u8)
            .filter(|_| draw.coin())
            .map(scope)
            .collect();
        let ttl = Duration::from_secs(draw.pick(&[0, 5, 30, 60]));
        let entry = entry(&format!("{}", draw.below(1000)));
        let entry = entry.with_scopes(scopes).with_ttl(ttl);
        let redis = self.redis.fill(key(number), grant, entry.clone()).await;
        let memory = self.memory.fill(key(number), other, entry).await;
        let (redis, memory) = (redis.expect("an answer"), memory.expect("an answer"));
        assert_eq!(redis, memory, "{context}");
    }

    async fn release(&mut self, draw: &mut Draw) {
        if let Some((number, grant, other)) = self.grant(draw) {
            let redis = self.redis.release(key(number), grant).await;
            redis.expect("an answer");
            let memory = self.memory.release(key(number), other).await;
            memory.expect("an answer");
        }
    }

    async fn begin(&mut self, draw: &mut Draw) {
        let targets: Vec<_> = (0..draw.below(4)).map(|_| target(draw)).collect();
        let ttl = Duration::from_millis(draw.pick(&[2500, 9500, 29500]));
        let operation = operation(self.next_operation(draw));
        let intent = WriteIntent::new(operation, targets, ttl);
        let redis = self.redis.begin_write(intent.clone()).await;
        redis.expect("an answer");
        let memory = self.memory.begin_write(intent.clone()).await;
        memory.expect("an answer");
        self.writes.push(intent);
    }

    async fn end(&mut self, draw: &mut Draw, context: &str) {
        let age = draw.pick(&[1, 1, 2, 3]);
        let Some(at) = self.writes.len().checked_sub(age) else {
            return;
        };
        let intent = self.writes[at].clone();
        let redis = self.redis.end_write(intent.clone()).await;
        let memory = self.memory.end_write(intent).await;
        let (redis, memory) = (redis.expect("an answer"), memory.expect("an answer"));
        assert_eq!(redis, memory, "{context}");
    }

    async fn invalidate(&mut self, draw: &mut Draw) {
        let target = target(draw);
        let redis = self.redis.invalidate(target).await;
        redis.expect("an answer");
        let memory = self.memory.invalidate(target).await;
        memory.expect("an answer");
    }
}

fn target(draw: &mut Draw) -> WriteTarget {
    match draw.below(8) {
        0 => WriteTarget::All,
        1..5 => WriteTarget::Key(key(draw.below(KEYS) as u8)),
        _ => WriteTarget::Scope(scope(draw.below(SCOPES) as u8)),
    }
}

/// Returns an answer as text, without the generation of its grant.
fn described(found: &Lookup<Validators>) -> String {
    match found {
        Lookup::Leased { found_stale, grant } => {
            format!("leased to {:?}, found stale: {found_stale}", grant.id())
        }
        other => format!("{other:?}"),
    }
}
