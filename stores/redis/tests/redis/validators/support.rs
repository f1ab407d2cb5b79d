//! Stores of validators on a clock of the test, and their steps.

use std::time::Duration;

use redis::aio::{ConnectionLike, ConnectionManager};
use tower_conditional::{
    EntityTag, Validators,
    clock::ManualClock,
    store::validators::{
        CacheScope, FillOutcome, Grant, LeaseRequest, Lookup, OperationId, ValidatorEntry,
        ValidatorKey, ValidatorStore, WriteEnd, WriteIntent, WriteTarget,
    },
};
use tower_conditional_redis::{RedisValidatorStore, RedisValidatorStoreBuilder};
use tower_conditional_testing::RedisServer;

use crate::support::clock_at;
pub(crate) use crate::support::{PATIENT, connection as connect, prefix as new_prefix, text_of};

/// The grace period and the longest life of an entry, by default.
pub(crate) const MINUTE: Duration = Duration::from_secs(60);

pub(crate) type Store = RedisValidatorStore<ConnectionManager>;

/// A store, the prefix of its keys, and the clock of its steps.
pub(crate) struct TestStore {
    pub(crate) store: Store,
    pub(crate) prefix: String,
    pub(crate) clock: ManualClock,
}

pub(crate) fn new_clock() -> ManualClock {
    clock_at(1_800_000_000_000)
}

pub(crate) fn builder(prefix: &str, clock: &ManualClock) -> RedisValidatorStoreBuilder {
    let builder = RedisValidatorStore::builder().prefix(prefix);
    builder.timeout(PATIENT).clock(clock.clone())
}

impl TestStore {
    /// Opens a store with a prefix of its own, whose grace period is over.
    pub(crate) async fn open(server: &RedisServer) -> Self {
        let test = Self::open_in_grace(server).await;
        test.pass_grace().await;
        test
    }

    /// Opens a store that was never used.
    pub(crate) async fn open_in_grace(server: &RedisServer) -> Self {
        let (prefix, clock) = (new_prefix(), new_clock());
        let store = builder(&prefix, &clock).open(connect(server).await).await;
        Self {
            store: store.expect("a store"),
            prefix,
            clock,
        }
    }

    /// Opens the same store for another process, with other settings.
    pub(crate) async fn open_beside(
        &self,
        server: &RedisServer,
        configure: impl FnOnce(RedisValidatorStoreBuilder) -> RedisValidatorStoreBuilder,
    ) -> Store {
        let builder = configure(builder(&self.prefix, &self.clock));
        let opened = builder.open(connect(server).await).await;
        opened.expect("a store")
    }

    pub(crate) async fn pass_grace(&self) {
        let found = self.store.lookup(key(0), Some(reader(0))).await;
        assert_eq!(name(&found.expect("an answer")), "written");
        self.clock.advance(MINUTE);
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(crate) fn writes(&self) -> String {
        format!("{{{}}}:writes", self.prefix)
    }

    pub(crate) fn prune(&self) -> String {
        format!("{{{}}}:prune", self.prefix)
    }

    /// Returns the key of a record, written out.
    pub(crate) fn entry(&self, number: u8) -> String {
        format!(
            "{{{}}}:entry:{}",
            self.prefix,
            format!("{number:02x}").repeat(32)
        )
    }
}

pub(crate) fn key(number: u8) -> ValidatorKey {
    ValidatorKey::from([number; 32])
}

pub(crate) fn scope(number: u8) -> CacheScope {
    CacheScope::from([number; 32])
}

pub(crate) fn operation(number: u64) -> OperationId {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    OperationId::from(bytes)
}

pub(crate) fn reader(number: u64) -> LeaseRequest {
    LeaseRequest::new(operation(number))
}

pub(crate) fn entry(tag: &str) -> ValidatorEntry {
    ValidatorEntry::new(EntityTag::strong(tag).expect("a tag").into())
}

/// Returns the announcement of a write for 30 seconds.
pub(crate) fn write(number: u64, targets: impl IntoIterator<Item = WriteTarget>) -> WriteIntent {
    WriteIntent::new(operation(number), targets, Duration::from_secs(30))
}

/// Returns the word for an answer.
pub(crate) fn name(found: &Lookup<Validators>) -> &'static str {
    match found {
        Lookup::Hit { .. } => "hit",
        Lookup::Leased { .. } => "leased",
        Lookup::LeaseTaken => "taken",
        Lookup::WriteInProgress => "written",
        Lookup::Miss { .. } => "miss",
        _ => "unknown",
    }
}

/// The steps of a reader, whose answers have to arrive.
pub(crate) trait Steps: ValidatorStore {
    async fn look(&self, number: u8) -> &'static str {
        let found = self.lookup(key(number), None).await;
        name(&found.expect("an answer"))
    }

    async fn lease(&self, number: u8, reader_number: u64) -> Grant {
        let found = self.lookup(key(number), Some(reader(reader_number))).await;
        match found.expect("an answer") {
            Lookup::Leased { grant, .. } => grant,
            other => panic!("no lease: {other:?}"),
        }
    }

    async fn try_lease(&self, number: u8, reader_number: u64) -> &'static str {
        let found = self.lookup(key(number), Some(reader(reader_number))).await;
        name(&found.expect("an answer"))
    }

    async fn put(&self, number: u8, grant: Grant, tag: &str) -> FillOutcome {
        let filled = self.fill(key(number), grant, entry(tag)).await;
        filled.expect("an answer")
    }

    /// Fills a key that has no entry.
    async fn fill_new(&self, number: u8, reader_number: u64) {
        let grant = self.lease(number, reader_number).await;
        let filled = self.put(number, grant, "filled").await;
        assert_eq!(filled, FillOutcome::Stored);
        assert_eq!(self.look(number).await, "hit");
    }

    async fn begin(&self, intent: &WriteIntent) {
        self.begin_write(intent.clone()).await.expect("an answer");
    }

    async fn end(&self, intent: &WriteIntent) -> WriteEnd {
        self.end_write(intent.clone()).await.expect("an answer")
    }
}

impl<C> Steps for RedisValidatorStore<C> where C: ConnectionLike + Clone + Send + Sync + 'static {}
