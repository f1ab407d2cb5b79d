//! Each script as a table: the record before, the step, its answer, and the record after.

mod attempts;
mod begin;
mod operators;

use redis::aio::ConnectionManager;
use tower_conditional::idempotency::Fingerprint;
use tower_conditional_redis::RedisIdempotencyStore;
use tower_conditional_testing::{Engine, RedisServer};

use crate::{
    record::{StoredRecord, set_value, value},
    support::{clock_at, connection, key_name, store_with_clock},
};

/// The time of each step.
const NOW: u64 = 1_800_000_000_000;

const IN_FLIGHT: u64 = 0;
const COMPLETED: u64 = 1;
const SEALED: u64 = 2;
const RELEASED: u64 = 3;

/// A server, and one record on it.
struct Bench {
    store: RedisIdempotencyStore<ConnectionManager>,
    connection: ConnectionManager,
    key: String,
}

impl Bench {
    async fn on(engine: Engine) -> Self {
        let server = RedisServer::shared(engine);
        let (store, prefix) = store_with_clock(server, &clock_at(NOW)).await;
        Self {
            store,
            connection: connection(server).await,
            key: key_name(&prefix, 1),
        }
    }

    async fn set(&self, record: &StoredRecord) {
        set_value(&self.connection, &self.key, &record.pack()).await;
    }

    async fn record(&self) -> Option<StoredRecord> {
        let value = value(&self.connection, &self.key).await;
        value.map(|packed| StoredRecord::unpack(&packed))
    }
}

/// Returns the record of an attempt with 4 s left of its lease. It is the second attempt, and has
/// the third fence. Its retention is 20 s, and its tombstone 5 s.
fn held() -> StoredRecord {
    StoredRecord {
        fingerprint: Fingerprint::custom("request").to_bytes().to_vec(),
        owner: vec![1; 16],
        fence: 3,
        attempt: 2,
        takes_over: 0,
        state: IN_FLIGHT,
        detail: NOW + 4_000,
        replay: 20_000,
        tombstone: 5_000,
        expires: NOW + 24_000,
        response: Vec::new(),
    }
}

/// Returns the record of an attempt whose lease ends now.
fn lost() -> StoredRecord {
    StoredRecord {
        detail: NOW,
        expires: NOW + 20_000,
        ..held()
    }
}

fn ended(state: u64, detail: u64, response: &[u8]) -> StoredRecord {
    StoredRecord {
        state,
        detail,
        response: response.to_vec(),
        expires: NOW + 20_000,
        ..held()
    }
}
