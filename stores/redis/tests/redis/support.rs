//! Connections, stores, and their clocks.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use redis::{
    AsyncConnectionConfig, Client,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use tower_conditional::{
    clock::ManualClock,
    idempotency::{Claim, Fingerprint, Owner, RecordId},
};
use tower_conditional_redis::{RedisIdempotencyStore, RedisIdempotencyStoreBuilder, Risk};
use tower_conditional_testing::{Engine, RedisOptions, RedisServer};

/// Longer than any pause of a busy machine.
pub(crate) const PATIENT: Duration = Duration::from_secs(20);

/// Returns a connection that waits long for an answer, and gives up soon if nobody listens.
pub(crate) async fn connection(server: &RedisServer) -> ConnectionManager {
    connection_of(Client::open(server.url()).expect("a URL")).await
}

/// Returns such a connection of a client.
pub(crate) async fn connection_of(client: Client) -> ConnectionManager {
    let config = ConnectionManagerConfig::new()
        .set_response_timeout(Some(PATIENT))
        .set_connection_timeout(Some(PATIENT))
        .set_number_of_retries(1)
        .set_max_delay(Duration::from_millis(10));
    let connected = client.get_connection_manager_with_config(config).await;
    connected.expect("a connection")
}

/// Returns the options of a connection that waits long for an answer. By default it waits 500 ms.
pub(crate) fn patient() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_response_timeout(Some(PATIENT))
        .set_connection_timeout(Some(PATIENT))
}

/// Returns a prefix that no other test uses.
pub(crate) fn prefix() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    format!("test-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Starts a server that writes nothing to disk, which takes less time.
pub(crate) fn in_memory(engine: Engine) -> RedisServer {
    RedisOptions::new(engine).in_memory().start()
}

/// Returns a clock at a time of whole milliseconds after 1970.
pub(crate) fn clock_at(millis: u64) -> ManualClock {
    ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_millis(millis))
}

/// Returns a builder with a prefix of its own, for a server in memory.
pub(crate) fn builder(prefix: &str) -> RedisIdempotencyStoreBuilder {
    let builder = RedisIdempotencyStore::builder().prefix(prefix);
    builder.timeout(PATIENT).allow(Risk::NoPersistence)
}

/// Returns a store on the clock of the server, and its prefix.
pub(crate) async fn store(
    server: &RedisServer,
) -> (RedisIdempotencyStore<ConnectionManager>, String) {
    let prefix = prefix();
    let opened = builder(&prefix).open(connection(server).await).await;
    (opened.expect("a store"), prefix)
}

/// Returns a store on a clock that the test moves, and its prefix.
pub(crate) async fn store_with_clock(
    server: &RedisServer,
    clock: &ManualClock,
) -> (RedisIdempotencyStore<ConnectionManager>, String) {
    let prefix = prefix();
    let builder = builder(&prefix).clock(clock.clone());
    let opened = builder.open(connection(server).await).await;
    (opened.expect("a store"), prefix)
}

pub(crate) fn id(number: u8) -> RecordId {
    RecordId::from([number; 32])
}

/// Returns the key of a record, written out.
pub(crate) fn key_name(prefix: &str, number: u8) -> String {
    format!("{prefix}:key:{}", format!("{number:02x}").repeat(32))
}

pub(crate) fn claim(owner: u8) -> Claim {
    Claim::new(Fingerprint::custom("request"), Owner::from([owner; 16]))
}

/// Returns the text of an error with its causes.
pub(crate) fn text_of(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}
