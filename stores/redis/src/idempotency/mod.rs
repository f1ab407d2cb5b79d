mod answer;
mod arguments;
mod builder;
mod scripts;
#[cfg(test)]
mod tests;

use std::{fmt, num::NonZeroUsize, time::Duration};

use bytes::Bytes;
use redis::{Cmd, aio::ConnectionLike};
use tower_conditional::{
    idempotency::{Admission, Claim, RecordId, Resolution, SealReason, Update},
    store::{IdempotencyStore, Inspection, Step, StoreError},
};

pub use self::builder::RedisIdempotencyStoreBuilder;
use self::{
    answer::KeyAnswer,
    arguments::{EndArguments, fence_argument, key_name},
};
use crate::{
    script::Script,
    server::{Server, millis},
};

/// A store of idempotency keys in Redis or Valkey, which all replicas of an application share.
/// Clones share its connection.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use tower_conditional::IdempotencyLayer;
/// use tower_conditional_redis::RedisIdempotencyStore;
///
/// # #[derive(Clone)] struct User(String);
/// let client = redis::Client::open("redis://127.0.0.1/")?;
/// let connection = client.get_connection_manager().await?;
/// let store = RedisIdempotencyStore::builder().prefix("shop").open(connection).await?;
/// let layer = IdempotencyLayer::new(store, |request| {
///     request.extensions.get::<User>().map(|user| user.0.clone())
/// });
/// # let _ = layer;
/// # Ok(())
/// # }
/// ```
///
/// # How it works
///
/// Each step is one Lua script, which the server runs as one atomic step on its own clock. It
/// is one round trip, or two if the server lacks the script. A first request has two steps, its
/// claim and its completion, and a replay has one. A request that runs for longer than a third
/// of its lease also renews it.
///
/// A record is one string under the key `PREFIX:key:HEX`, where `HEX` is the record's id in
/// 64 digits. In a cluster each record has its own slot. A record without a response takes
/// about 300 bytes of memory with its key. A response takes its own size in addition.
///
/// The server frees a record by itself, a minute after its retention and its tombstone. So
/// [`purge`](IdempotencyStore::purge) does nothing, and returns 0.
///
/// The name of a key tells nothing of the client's key. Responses are stored as they are, unless
/// the layer encrypts them; see
/// [`protect`](tower_conditional::IdempotencyLayer::protect).
///
/// # What it guarantees
///
/// Of all requests with a key one runs, as long as the server keeps what it has acknowledged.
/// An attempt that crashes is never run again silently: its outcome is unknown until it is
/// resolved. But Redis can lose steps that it has acknowledged, and a retry then **runs a second
/// time**. **For money, use PostgreSQL.**
///
/// | Event | Lost |
/// |---|---|
/// | the server is killed or loses power, with `appendfsync always` | nothing |
/// | the same, with `appendfsync everysec`, the default | up to about the last 2 seconds |
/// | the same, with `appendfsync no` or `no-appendfsync-on-rewrite yes` | more, up to minutes |
/// | restart without `appendonly` | all since the last snapshot, or everything |
/// | fail-over to a replica | what the replica had not received |
/// | crash of a promoted replica, before it has rewritten its file | everything, see below |
/// | `FLUSHALL`, or another `maxmemory-policy` than `noeviction` | records, at any time |
/// | clock set forward beyond retention and tombstone | records, before their time |
/// | an older state is put back: `SWAPDB`, `RENAME`, `RESTORE`, `COPY`, `DEBUG RELOAD NOSAVE` | every step since that state |
///
/// With `everysec`, Redis puts a write off for up to 2 seconds while the disk is busy, and
/// answers nevertheless. So it also loses acknowledged keys if only its process is killed, for
/// example when memory runs out.
///
/// A replica that has copied all data of its primary writes a new file in the background. Until
/// that is done, `aof_rewrite_in_progress` of `INFO` is 1, and a crash loses everything.
///
/// [`open`](RedisIdempotencyStoreBuilder::open) refuses servers with `appendonly no` or with an
/// eviction policy, unless the [`Risk`](crate::Risk) is accepted by name. `INFO` does not show
/// `appendfsync`, so `open` **cannot check it**. It cannot know of replicas that are promoted
/// later, either.
///
/// A server whose memory is full refuses new keys. The requests that run already are completed,
/// since their effects have happened. So leave room above `maxmemory` for their responses.
///
/// Two other states refuse completions too: a full disk (`MISCONF`), and fewer replicas than
/// `min-replicas-to-write`. The layer repeats a completion for about a second. After that, the
/// outcome of the request is unknown once its lease is over.
///
/// Operators must not move, copy or restore the keys of a store.
///
/// # Clock
///
/// Leases and retentions are measured on the wall clock of the server, in whole milliseconds. A
/// fail-over to a server with another clock is a step of the clock. Let clocks slew, and not step.
///
/// | The clock is set | Consequence |
/// |---|---|
/// | forward, beyond the rest of a lease | an attempt that runs is lost, or another one takes over if the layer allows it |
/// | forward, beyond retention and tombstone | **a completed request runs again** |
/// | back | leases and retentions last longer, by the length of the step |
///
/// After a step back, the key of a dead attempt is in flight for that much longer. Until then,
/// `resolve` answers `Lost`, since only an attempt whose lease is over can be settled.
///
/// # Limits
///
/// The server runs one script at a time, and all its users wait meanwhile. A replay of 10 MiB
/// takes about 110 ms in Redis and about 32 ms in Valkey. The layer's
/// [`max_response_bytes`](tower_conditional::IdempotencyLayer::max_response_bytes), 256 KiB by
/// default, bounds it.
///
/// # Errors
///
/// - Nothing has changed after the error replies `READONLY`, `OOM`, `LOADING`, `MASTERDOWN`,
///   `MISCONF`, `NOREPLICAS`, `BUSY` and `NOAUTH`. The server sends them before the first change
///   of a script. A claim is then answered with 503 at once.
/// - Any other error, and a timeout, is ambiguous: the step may have been applied. The layer
///   repeats such a step, and a step that arrives twice counts once.
/// - With a cluster, every error is ambiguous, since its client repeats commands by itself. So is
///   every error if `open` may not read `INFO`. No other connection may repeat a command.
/// - A server with the setting `timeout` closes connections that are idle. The first step after
///   that may fail, and the layer repeats it. `open` repeats its `INFO` once.
/// - A value that is no record of this version is corrupt. It stays as it is, and its key is
///   refused until the value is deleted.
///
/// # Rights
///
/// The user of the connection needs these commands, on keys that begin with the prefix:
///
/// ```text
/// ACL SETUSER shop on >PASSWORD ~shop:* +evalsha +eval +info +time +get +set +pexpire
/// ```
///
/// A connection to a cluster also sends `cluster slots`.
#[derive(Clone)]
pub struct RedisIdempotencyStore<C> {
    server: Server<C>,
}

// The connection is given to `open`, so the builder has no type of a connection yet.
impl RedisIdempotencyStore<()> {
    /// Returns a builder with the default settings.
    ///
    /// Call it without a type of a connection: `RedisIdempotencyStore::builder()`. An alias such
    /// as `RedisIdempotencyStore<ConnectionManager>` has no builder, since the connection is given
    /// to [`open`](RedisIdempotencyStoreBuilder::open).
    #[must_use]
    pub fn builder() -> RedisIdempotencyStoreBuilder {
        RedisIdempotencyStoreBuilder::default()
    }
}

impl<C> RedisIdempotencyStore<C>
where
    C: ConnectionLike + Clone + Send + Sync + 'static,
{
    /// Runs a script on the record. `arguments` adds its arguments from the second on.
    async fn run<T>(
        &self,
        script: &Script,
        id: RecordId,
        arguments: impl FnOnce(&mut Cmd),
        read: impl FnOnce(KeyAnswer) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let key = key_name(&self.server.settings().prefix, &id);
        let mut command = self.server.command(script, &[&key]);
        arguments(&mut command);
        let answer = self.server.run(script, command).await?;
        read(KeyAnswer::read(key, answer)?)
    }

    async fn end(&self, step: Step, end: EndArguments) -> Result<Update, StoreError> {
        let arguments = |command: &mut Cmd| {
            command.arg(step.owner.as_bytes());
            command.arg(fence_argument(step.fence));
            end.add_to(command);
        };
        self.run(&scripts::END, step.id, arguments, KeyAnswer::update)
            .await
    }
}

impl<C> IdempotencyStore for RedisIdempotencyStore<C>
where
    C: ConnectionLike + Clone + Send + Sync + 'static,
{
    async fn begin(&self, id: RecordId, claim: Claim) -> Result<Admission<Bytes>, StoreError> {
        let arguments = |command: &mut Cmd| {
            command.arg(&claim.fingerprint.to_bytes());
            command.arg(claim.owner.as_bytes());
            command.arg(millis(claim.lease));
            command.arg(millis(claim.retention.replay));
            command.arg(millis(claim.retention.tombstone));
            command.arg(u8::from(claim.takeover));
        };
        self.run(&scripts::BEGIN, id, arguments, KeyAnswer::admission)
            .await
    }

    async fn renew(&self, step: Step, lease: Duration) -> Result<Update, StoreError> {
        let arguments = |command: &mut Cmd| {
            command.arg(step.owner.as_bytes());
            command.arg(fence_argument(step.fence)).arg(millis(lease));
        };
        self.run(&scripts::RENEW, step.id, arguments, KeyAnswer::update)
            .await
    }

    async fn complete(&self, step: Step, response: Bytes) -> Result<Update, StoreError> {
        self.end(step, EndArguments::completed(response)).await
    }

    async fn release(&self, step: Step) -> Result<Update, StoreError> {
        self.end(step, EndArguments::released()).await
    }

    async fn seal(&self, step: Step, reason: SealReason) -> Result<Update, StoreError> {
        self.end(step, EndArguments::sealed(reason)).await
    }

    async fn inspect(&self, id: RecordId) -> Result<Option<Inspection>, StoreError> {
        self.run(&scripts::INSPECT, id, |_| (), KeyAnswer::inspection)
            .await
    }

    async fn resolve(
        &self,
        id: RecordId,
        fence: u64,
        resolution: Resolution<Bytes>,
    ) -> Result<Update, StoreError> {
        let end = match resolution {
            Resolution::Complete(response) => EndArguments::completed(response),
            Resolution::Release => EndArguments::released(),
            Resolution::Seal => EndArguments::sealed(SealReason::Operator),
            _ => return Ok(Update::Lost),
        };
        let arguments = |command: &mut Cmd| {
            command.arg(fence_argument(fence));
            end.add_to(command);
        };
        self.run(&scripts::RESOLVE, id, arguments, KeyAnswer::update)
            .await
    }

    /// Returns 0. The server frees records by itself.
    async fn purge(&self, _batch: NonZeroUsize) -> Result<usize, StoreError> {
        Ok(0)
    }
}

impl<C> fmt::Debug for RedisIdempotencyStore<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = self.server.settings();
        f.debug_struct("RedisIdempotencyStore")
            .field("prefix", &settings.prefix)
            .field("timeout", &settings.timeout)
            .finish_non_exhaustive()
    }
}
