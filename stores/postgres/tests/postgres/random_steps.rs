//! Random steps of two replicas on one server, each answer compared with that of a plain model.

use std::{collections::HashMap, num::NonZeroUsize, time::Duration};

use bytes::Bytes;
use deadpool_postgres::Pool;
use tower_conditional::{
    idempotency::{Owner, RecordId, Resolution, SealReason, Update},
    store::{IdempotencyStore, Step},
};
use tower_conditional_postgres::PostgresIdempotencyStore;
use tower_conditional_testing::Postgres;

use crate::{
    plain_model::{ModelKey, ModelState, RandomClaim, millis, owner},
    seeded::{Draw, seeds},
    support::{connection, pool, run},
};

const STEPS: usize = 300;

/// The time of the server stands still, until the test moves it.
const CLOCK: &str = "
CREATE SCHEMA moved;
CREATE SEQUENCE moved.milliseconds MINVALUE 0;
CREATE FUNCTION moved.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS
    $$SELECT '2026-01-01Z'::timestamptz + last_value * interval '1 ms' FROM moved.milliseconds$$;
CREATE FUNCTION moved.statement_timestamp() RETURNS timestamptz LANGUAGE sql AS
    'SELECT moved.clock_timestamp()';
DO $$BEGIN EXECUTE format(
    'ALTER DATABASE %I SET search_path = moved, pg_catalog, public', current_database()); END$$";

/// Two replicas, and the model that both must agree with.
struct TwinReplicas {
    draw: Draw,
    admin: Pool,
    stores: [PostgresIdempotencyStore; 2],
    keys: HashMap<u8, Option<ModelKey>>,
    now: u64,
}

impl TwinReplicas {
    async fn new(seed: u64) -> Self {
        let url = Postgres::shared().create_database();
        run(&pool(&url), CLOCK).await;
        let admin = pool(&url);
        run(&admin, PostgresIdempotencyStore::schema_sql()).await;
        let mut replicas = Self {
            draw: Draw::new(seed),
            stores: [(); 2].map(|()| PostgresIdempotencyStore::new(pool(&url))),
            admin,
            keys: HashMap::new(),
            now: 1,
        };
        replicas.pass(1000).await;
        replicas
    }

    async fn pass(&mut self, time: u64) {
        self.now += time;
        let sql = format!("SELECT setval('moved.milliseconds', {})", self.now);
        run(&self.admin, &sql).await;
    }

    /// Performs one random step. Returns it, with the expected answer and that of the server.
    async fn perform(&mut self) -> (String, String, String) {
        if self.draw.below(3) == 0 {
            let time = millis(&mut self.draw);
            self.pass(time).await;
        }
        let (now, number) = (self.now, self.draw.below(3) as u8);
        let id = RecordId::from([number; 32]);
        let store = self.stores[usize::from(self.draw.coin())].clone();
        let key = self.keys.entry(number).or_default();
        let last = key.as_ref().map_or(0, |key| key.fence);
        let fence = match self.draw.below(8) {
            0 => last + 1,
            1 => last.saturating_sub(1),
            _ => last,
        };
        let owner = owner(&mut self.draw);
        let step = Step::new(id, Owner::from([owner; 16]), fence);
        let lost = |key: &mut Option<ModelKey>, state| {
            key.as_mut()
                .map_or(Update::Lost, |key| key.ends(owner, fence, state, now))
        };
        let response = Bytes::from_static(self.draw.pick(&[b"", b"paid", b"\0\xff\r\n"]));
        let operator = match self.draw.below(3) {
            0 => (ModelState::Free, Resolution::Release),
            1 => (ModelState::Sealed(SealReason::Operator), Resolution::Seal),
            _ => (
                ModelState::Paid(response.clone()),
                Resolution::Complete(response.clone()),
            ),
        };
        let reason = self.draw.pick(&[SealReason::TooLarge, SealReason::Policy]);
        let (name, expected, found) = match self.draw.below(10) {
            0..=3 => {
                let claim = RandomClaim::draw(&mut self.draw);
                let found = store.begin(id, claim.of_store()).await.expect("an answer");
                let expected = ModelKey::begins(key, &claim, now);
                (
                    format!("{claim:?}"),
                    format!("{expected:?}"),
                    format!("{found:?}"),
                )
            }
            4 => {
                let lease = millis(&mut self.draw);
                let found = store.renew(step, Duration::from_millis(lease)).await;
                let until = now + lease;
                let expected = lost(key, ModelState::Running { until });
                (
                    "renew".to_owned(),
                    format!("{expected:?}"),
                    format!("{:?}", found.expect("an answer")),
                )
            }
            5 => {
                let found = store
                    .complete(step, response.clone())
                    .await
                    .expect("an answer");
                let expected = lost(key, ModelState::Paid(response));
                (
                    "complete".to_owned(),
                    format!("{expected:?}"),
                    format!("{found:?}"),
                )
            }
            6 => {
                let found = store.release(step).await.expect("an answer");
                let expected = lost(key, ModelState::Free);
                (
                    "release".to_owned(),
                    format!("{expected:?}"),
                    format!("{found:?}"),
                )
            }
            7 => {
                let found = store.seal(step, reason).await.expect("an answer");
                let expected = lost(key, ModelState::Sealed(reason));
                (
                    "seal".to_owned(),
                    format!("{expected:?}"),
                    format!("{found:?}"),
                )
            }
            8 => {
                let found = store
                    .resolve(id, fence, operator.1)
                    .await
                    .expect("an answer");
                let resolved = |key: &mut ModelKey| key.resolves(fence, operator.0, now);
                let expected = key.as_mut().map_or(Update::Lost, resolved);
                (
                    "resolve".to_owned(),
                    format!("{expected:?}"),
                    format!("{found:?}"),
                )
            }
            _ => {
                let found = store.purge(NonZeroUsize::MAX).await.expect("an answer");
                let mut expected = 0;
                for key in self.keys.values_mut() {
                    if key
                        .as_ref()
                        .is_some_and(|key| key.expires + key.tombstone <= now)
                    {
                        *key = None;
                        expected += 1;
                    }
                }
                ("purge".to_owned(), expected.to_string(), found.to_string())
            }
        };
        let step = format!("{now}: {name}, key {number}, owner {owner}, fence {fence}");
        (step, expected, found)
    }
}

/// P-ID-fencing, P-ID-lease, P-ID-takeover, P-ID-purge
#[tokio::test(flavor = "multi_thread")]
async fn random_steps_have_the_answers_of_a_plain_model() {
    for seed in seeds("TOWER_CONDITIONAL_STEPS", 3) {
        let mut replicas = TwinReplicas::new(seed).await;
        let mut history = Vec::new();
        for _ in 0..STEPS {
            let (step, expected, found) = replicas.perform().await;
            history.push(format!("{step} -> {found}"));
            assert_eq!(found, expected, "seed {seed}: {history:#?}");
        }
        let client = connection(&replicas.admin).await;
        // Nothing of a session is left behind: no statement with a name, and no lock.
        let sql = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        let locks: i64 = client.query_one(sql, &[]).await.expect("a count").get(0);
        assert_eq!(locks, 0);
    }
}
