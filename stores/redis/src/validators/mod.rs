mod answer;
mod arguments;
mod builder;
mod scripts;

use std::{fmt, sync::Arc, time::Duration};

use redis::{Cmd, aio::ConnectionLike};
use tower_conditional::{
    Validators,
    store::{
        StoreError,
        validators::{
            CacheScope, FillOutcome, Grant, Guarantee, LeaseRequest, Lookup, ValidatorEntry,
            ValidatorKey, ValidatorStore, WriteEnd, WriteIntent, WriteTarget,
        },
    },
};

use self::arguments::{add_grant, add_targets, entry_name, millis_within};
pub use self::builder::RedisValidatorStoreBuilder;
use crate::{
    script::Script,
    server::{Server, millis},
};

/// The longest life of an entry in any process. Records of writes are kept for as long.
const MAX_ENTRY_TTL: Duration = Duration::from_secs(5 * 60);
/// The server frees memory later than the rules need it by this.
const REMOVAL_DELAY: Duration = Duration::from_secs(2);

/// A store of validators in Redis or Valkey, which all replicas of an application share. Clones
/// share its connection.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use tower_conditional::{ValidatorCacheLayer, validator_cache::ValidatorCache};
/// use tower_conditional_redis::RedisValidatorStore;
///
/// let client = redis::Client::open("redis://127.0.0.1/")?;
/// let connection = client.get_connection_manager().await?;
/// let store = RedisValidatorStore::builder().prefix("shop").open(connection).await?;
/// let cache = ValidatorCache::new(store).namespace("shop").build_id(env!("CARGO_PKG_VERSION"));
/// let layer = ValidatorCacheLayer::new(cache);
/// # let _ = layer;
/// # Ok(())
/// # }
/// ```
///
/// # How it works
///
/// Each step is one Lua script, which the server runs as one atomic step on its own clock. It
/// is one round trip, or two if the server lacks the script. A lookup that finds an entry of
/// another version of this library takes one more.
///
/// 1. A reader looks an entry up. If there is none, it gets the lease in the same step.
/// 2. The reader fills its lease. The entry has the number of the last change and the time of
///    the lookup.
/// 3. A writer announces its targets before its handler runs. Each target has a record, with
///    the number of its last change and the announcements that have not ended.
/// 4. A lookup compares the entry with the records of its key, of its scopes and of everything.
///    A later change or an announcement makes it void.
/// 5. All of this belongs to an *epoch*, which has the identity of the server's data. A restart,
///    a fail-over, `FLUSHALL` and the eviction of the records end the epoch. So does a clock that
///    is more than a second behind the last lease or change. Everything of before is then void.
/// 6. A new epoch begins with a *grace period* of
///    [`max_write_ttl`](RedisValidatorStoreBuilder::max_write_ttl), in which nothing is
///    remembered. Announcements that were lost have run out by its end.
///
/// So the first requests of a new store run the handler, too, for 60 seconds by default. The
/// same happens when the first replica of a server connects: its data has a new identity. A
/// server whose last replica has left changes the identity after `repl-backlog-ttl`, 1 hour by
/// default, and once more when the next replica connects. Each change costs a grace period.
///
/// # What it guarantees
///
/// A 304 is never stale after an announced write, as long as no older server answers. `d` is
/// [`max_entry_ttl`](RedisValidatorStoreBuilder::max_entry_ttl).
///
/// | Deployment | [`guarantee`](ValidatorStore::guarantee) | Stale at most |
/// |---|---|---|
/// | one server, [`without_failover`](RedisValidatorStoreBuilder::without_failover) | `Strict` | never |
/// | one server with replicas, Sentinel, managed | `Bounded(d)` | `d`, and only while two primaries answer |
/// | cluster | `Bounded(d)` | the same |
///
/// | Event | Consequence |
/// |---|---|
/// | restart with or without data, `FLUSHALL` | grace period |
/// | fail-over, even to a replica that lacks the last steps | grace period |
/// | the connection still leads to the old primary, which is a replica now | each step is an error |
/// | the old primary is cut off and still answers some processes | after a write through either primary, readers of the other one: stale for at most `d` |
/// | an older state is put back: `SWAPDB`, `RENAME` away and back, `RESTORE`, `COPY`, `DEBUG RELOAD NOSAVE`, or the snapshot of a running machine | an old epoch of the same identity is back: stale for at most `d`, **even with `Strict`** |
/// | eviction, with any `maxmemory-policy` | a miss, or a grace period |
/// | `maxmemory` with `noeviction` is reached | announcements are refused, and so are writes; announced writes end, and `invalidate` works |
/// | `MISCONF` (the disk is full), or fewer replicas than `min-replicas-to-write` | the ends of writes and `invalidate` are refused, too: targets are slow until their announcements run out |
/// | another program writes a value of another type to a key of the store | a miss, or a grace period |
/// | the clock is set back behind the last lease or change | grace period |
/// | the clock is set back by less | entries and announcements live longer by the length of the jump |
/// | the clock is set forward | see below |
///
/// Operators must not move, copy or restore the keys of a store. To start over, delete them.
///
/// If the clock is set forward, announcements run out early, and a 304 may be stale until the
/// write ends. [`WriteEnd::IntentLost`] then tells it.
///
/// Only leases and changes save the time, and hits and fills do not. So a jump back to a time
/// after the last of them is not noticed, and `d` grows by the length of the jump. Let the clocks
/// of the servers slew and not step.
///
/// Persistence is not needed, and an eviction policy does no harm. The handler must read from a
/// database that has all commits, not from a replica behind it.
///
/// # Settings that all processes share
///
/// The prefix, the number of the database, and `max_write_ttl`. After a loss of all data, the
/// process that notices it waits for its own `max_write_ttl`. It may not know yet of another
/// process that announces longer writes. Each process keeps to its own `max_entry_ttl`, whoever
/// has filled an entry.
///
/// # Memory
///
/// | Record | Bytes with its key, about | Kept for |
/// |---|---|---|
/// | entry with a tag of 32 characters and one scope | 300, more with repeated headers | its time to live |
/// | lease | 220 | `max_entry_ttl` |
/// | written target | 230 | 5 minutes after its last announcement |
///
/// Each change removes old records of targets, and more than it adds. The records and the times
/// of their removal are two keys, which never expire. Delete the keys `{PREFIX}:*` once the
/// application is gone.
///
/// # Cluster
///
/// All keys of a store are in one slot, by the tag `{PREFIX}`. A step compares an entry with the
/// records of writes, and a script can only read keys of one slot. Other prefixes are in other
/// slots. While the slot moves to another node, steps may fail. Then a grace period begins.
///
/// # Limits
///
/// The server runs one script at a time, and all its users wait meanwhile. A step takes longer
/// with more targets: about 3 ms with 1,000, and about 30 ms or more with 10,000. The
/// number of tags of a write and of a read bounds it; see
/// [`ValidatorCacheLayer::tags`](tower_conditional::ValidatorCacheLayer::tags).
///
/// # Errors
///
/// An error that the server gives before the first change of a script is not applied: `READONLY`,
/// `OOM`, `LOADING`, `MASTERDOWN`, `MISCONF`, `NOREPLICAS`, `BUSY` and `NOAUTH`. Any other error,
/// and a timeout, is ambiguous: the step may have been applied. With a cluster every error is,
/// since its client repeats commands by itself. No other connection may. An announcement that is
/// longer than `max_write_ttl` is not applied. A value that is no record of this version, or of
/// another type, is no entry. If another process has another version of the format, each of their
/// changes begins a grace period until the older processes are gone.
///
/// A server with the setting `timeout` closes connections that are idle. The first step after that
/// may fail. The layer repeats an announcement and the end of a write, and a lookup that fails is
/// a miss. [`open`](RedisValidatorStoreBuilder::open) repeats its `INFO` once.
///
/// # Rights
///
/// The user of the connection needs these commands on the keys `{PREFIX}:*`, with the braces:
///
/// ```text
/// ACL SETUSER shop on >PASSWORD ~{shop}:* +evalsha +eval +info +time +get +set +unlink +persist +hmget +hset +hlen +hdel +zadd +zcard +zrem +zrangebyscore
/// ```
#[derive(Clone)]
pub struct RedisValidatorStore<C> {
    server: Server<C>,
    max_entry_ttl: Duration,
    max_write_ttl: Duration,
    guarantee: Guarantee,
    /// The key of the epoch and of the writes.
    writes: Arc<str>,
    /// The key of the times at which records of writes are removed.
    prune: Arc<str>,
}

// The connection is given to `open`, so the builder has no type of a connection yet.
impl RedisValidatorStore<()> {
    /// Returns a builder with the default settings.
    ///
    /// Call it without a type of a connection: `RedisValidatorStore::builder()`. The connection is
    /// given to [`open`](RedisValidatorStoreBuilder::open).
    #[must_use]
    pub fn builder() -> RedisValidatorStoreBuilder {
        RedisValidatorStoreBuilder::default()
    }
}

impl<C> RedisValidatorStore<C> {
    fn new(
        server: Server<C>,
        max_entry_ttl: Duration,
        max_write_ttl: Duration,
        has_failover: bool,
    ) -> Self {
        let prefix = Arc::clone(&server.settings().prefix);
        Self {
            server,
            max_entry_ttl,
            max_write_ttl,
            guarantee: if has_failover {
                Guarantee::Bounded(max_entry_ttl)
            } else {
                Guarantee::Strict
            },
            // All keys of a store are in one slot of a cluster: a step reads several of them.
            writes: format!("{{{prefix}}}:writes").into(),
            prune: format!("{{{prefix}}}:prune").into(),
        }
    }

    fn entry(&self, key: &ValidatorKey) -> String {
        entry_name(&self.server.settings().prefix, key)
    }

    /// Returns the command of a script that reads or changes writes.
    fn command(&self, script: &Script, entry: Option<&str>) -> Cmd {
        let keys = [&*self.writes, &*self.prune].into_iter().chain(entry);
        let mut command = self.server.command(script, &keys.collect::<Vec<_>>());
        command.arg(millis(self.max_write_ttl));
        command
    }
}

impl<C> ValidatorStore for RedisValidatorStore<C>
where
    C: ConnectionLike + Clone + Send + Sync + 'static,
{
    async fn lookup(
        &self,
        key: ValidatorKey,
        lease: Option<LeaseRequest>,
    ) -> Result<Lookup<Validators>, StoreError> {
        let command = || {
            let mut command = self.command(&scripts::LOOKUP, Some(&self.entry(&key)));
            command.arg(&key.as_bytes()[..]);
            command.arg(millis_within(self.max_entry_ttl));
            if let Some(lease) = &lease {
                command.arg(&lease.id.as_bytes()[..]).arg(millis(lease.ttl));
            }
            command
        };
        let id = lease.map(|lease| lease.id);
        let answer = self.server.run(&scripts::LOOKUP, command()).await?;
        let found = answer::lookup(&answer, id)?;
        match answer::validators_of(&answer) {
            // An entry that cannot be read must not keep its key from a reader that can fill it.
            Some(unreadable) if matches!(found, Lookup::Miss { .. }) && lease.is_some() => {
                let mut command = command();
                command.arg(unreadable);
                let answer = self.server.run(&scripts::LOOKUP, command).await?;
                answer::lookup(&answer, id)
            }
            _ => Ok(found),
        }
    }

    /// Returns `None`. Every answer is awaited.
    fn try_lookup(
        &self,
        _key: ValidatorKey,
        _lease: Option<LeaseRequest>,
    ) -> Option<Result<Lookup<Validators>, StoreError>> {
        None
    }

    async fn release(&self, key: ValidatorKey, grant: Grant) -> Result<(), StoreError> {
        let entry = self.entry(&key);
        let mut command = self.server.command(&scripts::RELEASE, &[&entry]);
        add_grant(&mut command, &grant);
        let answer = self.server.run(&scripts::RELEASE, command).await?;
        answer::done(&answer, b"released")
    }

    async fn fill(
        &self,
        key: ValidatorKey,
        grant: Grant,
        entry: ValidatorEntry,
    ) -> Result<FillOutcome, StoreError> {
        let mut command = self.command(&scripts::FILL, Some(&self.entry(&key)));
        command.arg(&key.as_bytes()[..]);
        add_grant(&mut command, &grant);
        command.arg(millis_within(entry.ttl.min(self.max_entry_ttl)));
        let scopes = entry.scopes.iter().flat_map(CacheScope::as_bytes);
        command.arg(scopes.copied().collect::<Vec<u8>>());
        command.arg(entry.validators.encode());
        answer::fill(&self.server.run(&scripts::FILL, command).await?)
    }

    /// Announces a write.
    ///
    /// # Errors
    ///
    /// Nothing is sent if the announcement is longer than
    /// [`max_write_ttl`](RedisValidatorStoreBuilder::max_write_ttl).
    async fn begin_write(&self, intent: WriteIntent) -> Result<(), StoreError> {
        if intent.ttl > self.max_write_ttl {
            let (ttl, longest) = (intent.ttl, self.max_write_ttl);
            return Err(StoreError::not_applied(format!(
                "the announcement of {ttl:?} is longer than {longest:?}: set max_write_ttl of the \
                 store"
            )));
        }
        let mut command = self.command(&scripts::BEGIN, None);
        command
            .arg(&intent.id.as_bytes()[..])
            .arg(millis(intent.ttl));
        add_targets(&mut command, &intent.targets);
        let answer = self.server.run(&scripts::BEGIN, command).await?;
        answer::done(&answer, b"begun")
    }

    async fn end_write(&self, intent: WriteIntent) -> Result<WriteEnd, StoreError> {
        let mut command = self.command(&scripts::END, None);
        command.arg(&intent.id.as_bytes()[..]);
        add_targets(&mut command, &intent.targets);
        answer::end(&self.server.run(&scripts::END, command).await?)
    }

    async fn invalidate(&self, target: WriteTarget) -> Result<(), StoreError> {
        let mut command = self.command(&scripts::INVALIDATE, None);
        add_targets(&mut command, &[target]);
        let answer = self.server.run(&scripts::INVALIDATE, command).await?;
        answer::done(&answer, b"invalidated")
    }

    fn max_write_ttl(&self) -> Option<Duration> {
        Some(self.max_write_ttl)
    }

    fn guarantee(&self) -> Guarantee {
        self.guarantee
    }
}

impl<C> fmt::Debug for RedisValidatorStore<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = self.server.settings();
        f.debug_struct("RedisValidatorStore")
            .field("prefix", &settings.prefix)
            .field("timeout", &settings.timeout)
            .field("max_entry_ttl", &self.max_entry_ttl)
            .field("max_write_ttl", &self.max_write_ttl)
            .field("guarantee", &self.guarantee)
            .finish_non_exhaustive()
    }
}
