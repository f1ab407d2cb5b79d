//! The steps of the stores, as the stores run them and as bare commands.

use std::{
    ops::Range,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use redis::aio::ConnectionLike;
use tokio::time::sleep;
use tower_conditional::{
    EntityTag, Validators,
    cache_policy::CacheControl,
    idempotency::{Admission, Claim, Fingerprint, Owner, RecordId, RecordedResponse, Update},
    store::{
        IdempotencyStore,
        validators::{
            CacheScope, Grant, LeaseRequest, Lookup, OperationId, ValidatorEntry, ValidatorStore,
        },
    },
    validator::RepeatedFields,
};
use tower_conditional_redis::{RedisIdempotencyStore, RedisValidatorStore};

use crate::connection::TIMEOUT;

pub const PREFIX: &str = "bench";
/// Six times the default timeout of the layer. After its start, a server has no hit for this long.
pub const WRITE_TTL: Duration = Duration::from_secs(6);
const ENTRY_TTL: Duration = Duration::from_secs(300);
const CONTENT: usize = 256;

// No byte is zero: they are arguments of a program.
const OWNER: [u8; 16] = [0xa5; 16];
const FINGERPRINT: [u8; 33] = [1; 33];
const KEY: [u8; 32] = [0xb6; 32];
const READER: [u8; 16] = [0xc7; 16];

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A lookup that finds the entry.
    Hit,
    /// The claim of a new key.
    Begin,
    /// The completion of a key that was begun.
    Complete,
    /// The claim of a completed key.
    Replay,
}

impl Step {
    pub const ALL: [Self; 4] = [Self::Hit, Self::Begin, Self::Complete, Self::Replay];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Hit => "lookup, hit",
            Self::Begin => "begin, new key",
            Self::Complete => "complete",
            Self::Replay => "begin, replay",
        }
    }
}

/// Returns so many numbers of new keys, beyond those of `redis-benchmark`.
pub fn numbers(count: u64) -> Range<u64> {
    static NEXT: AtomicU64 = AtomicU64::new(500_000_000_000);
    let start = NEXT.fetch_add(count, Ordering::Relaxed);
    start..start + count
}

pub struct Stores<C> {
    keys: RedisIdempotencyStore<C>,
    validators: RedisValidatorStore<C>,
}

impl<C: ConnectionLike + Clone + Send + Sync + 'static> Stores<C> {
    pub async fn open(connection: C) -> Self {
        let keys = RedisIdempotencyStore::builder()
            .prefix(PREFIX)
            .timeout(TIMEOUT);
        let validators = RedisValidatorStore::builder()
            .prefix(PREFIX)
            .timeout(TIMEOUT)
            .max_entry_ttl(ENTRY_TTL)
            .max_write_ttl(WRITE_TTL);
        Self {
            keys: keys.open(connection.clone()).await.expect("a server"),
            validators: validators.open(connection).await.expect("a server"),
        }
    }

    pub fn keys(&self) -> RedisIdempotencyStore<C> {
        self.keys.clone()
    }

    pub fn validators(&self) -> RedisValidatorStore<C> {
        self.validators.clone()
    }

    /// Makes the entry of hits, or the key of replays.
    pub async fn prepare(&self, step: Step) {
        match step {
            Step::Hit => {
                if let Some(grant) = self.lease().await {
                    let filled = self.validators.fill(KEY.into(), grant, entry()).await;
                    let _ = filled.expect("an answer");
                }
            }
            Step::Replay => {
                let begun = self.keys.begin(id(0), claim(OWNER)).await;
                let _ = begun.expect("an answer");
                self.run(Step::Complete, 0).await;
            }
            Step::Begin | Step::Complete => {}
        }
    }

    /// Waits until the server gives leases, which it does not right after its start.
    pub async fn await_lease(&self) {
        if let Some(grant) = self.lease().await {
            let released = self.validators.release(KEY.into(), grant).await;
            released.expect("an answer");
        }
    }

    /// Returns a lease once the server gives one, or nothing if the entry is there.
    async fn lease(&self) -> Option<Grant> {
        loop {
            match self.validators.lookup(KEY.into(), lease_request()).await {
                Ok(Lookup::Leased { grant, .. }) => return Some(grant),
                Ok(Lookup::Hit { .. }) => return None,
                // The grace period ends by the clock of a real server, which sends no event.
                Ok(Lookup::WriteInProgress) => sleep(Duration::from_millis(100)).await,
                other => panic!("no lease: {other:?}"),
            }
        }
    }

    /// Runs a step. The number is that of its key, unless the key is the same each time.
    pub async fn run(&self, step: Step, number: u64) {
        match step {
            Step::Hit => {
                let found = self.validators.lookup(KEY.into(), lease_request()).await;
                assert!(matches!(found, Ok(Lookup::Hit { .. })), "{found:?}");
            }
            Step::Begin => {
                let begun = self.keys.begin(id(number), claim(OWNER)).await;
                let is_started = matches!(begun, Ok(Admission::Started { fence: 1, .. }));
                assert!(is_started, "{begun:?}");
            }
            Step::Complete => {
                let step = tower_conditional::store::Step::new(id(number), Owner::from(OWNER), 1);
                let completed = self.keys.complete(step, response()).await;
                assert!(matches!(completed, Ok(Update::Applied)), "{completed:?}");
            }
            Step::Replay => {
                let begun = self.keys.begin(id(0), claim(READER)).await;
                assert!(matches!(begun, Ok(Admission::Replay(_))), "{begun:?}");
            }
        }
    }
}

/// Returns a name that ends with the 12 digits of the number.
fn id(number: u64) -> RecordId {
    let mut bytes = [0x77; 32];
    let mut rest = number;
    for byte in bytes[26..].iter_mut().rev() {
        let (tens, ones) = (rest / 10 % 10, rest % 10);
        *byte = u8::try_from(tens * 16 + ones).expect("two digits");
        rest /= 100;
    }
    bytes.into()
}

fn claim(owner: [u8; 16]) -> Claim {
    Claim::new(Fingerprint::from(FINGERPRINT), Owner::from(owner))
}

fn lease_request() -> Option<LeaseRequest> {
    Some(LeaseRequest::new(OperationId::from(READER)))
}

fn response() -> Bytes {
    let mut headers = HeaderMap::new();
    let json = HeaderValue::from_static("application/json");
    headers.insert(header::CONTENT_TYPE, json);
    let location = HeaderValue::from_static("/orders/8e03978e-40d5");
    headers.insert(header::LOCATION, location);
    let content = Bytes::from(vec![b'x'; CONTENT]);
    RecordedResponse::new(StatusCode::CREATED, &headers, content).encode()
}

/// Returns an entry as the layer fills it: a tag of 128 bits, a policy and two scopes.
pub fn entry() -> ValidatorEntry {
    let directives = CacheControl::new().with_max_age(Duration::from_secs(60));
    let policy = RepeatedFields::new()
        .with_cache_control(&directives)
        .with_vary([header::ACCEPT_ENCODING]);
    let tag = EntityTag::from_digest(&KEY[..16]);
    ValidatorEntry::new(Validators::from(tag).with_repeated(policy))
        .with_scopes([0xd8, 0xe9].map(|byte| CacheScope::from([byte; 32])))
        .with_ttl(ENTRY_TTL)
}
