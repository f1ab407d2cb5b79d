mod answer;
mod builder;
mod scripts;

use std::{fmt, fmt::Write as _, sync::Arc, time::Duration};

use redis::{Cmd, Value, aio::ConnectionLike};
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

pub use self::builder::RedisValidatorStoreBuilder;
use crate::{
    script::Script,
    server::{Server, millis},
};

/// The longest life of an entry in any process. Records of writes are kept for as long.
const MAX_ENTRY_TTL: Duration = Duration::from_secs(5 * 60);
/// The server frees memory later than the rules need it by this.
const SLACK: Duration = Duration::from_secs(2);

/// DOCS
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
            guarantee: match has_failover {
                true => Guarantee::Bounded(max_entry_ttl),
                false => Guarantee::Strict,
            },
            // All keys of a store are in one slot of a cluster: a step reads several of them.
            writes: format!("{{{prefix}}}:writes").into(),
            prune: format!("{{{prefix}}}:prune").into(),
        }
    }

    /// Returns the key of a record: `{prefix}:entry:HEX`.
    fn entry(&self, key: &ValidatorKey) -> String {
        let prefix = &self.server.settings().prefix;
        let mut name = String::with_capacity(prefix.len() + 73);
        name.push('{');
        name.push_str(prefix);
        name.push_str("}:entry:");
        for byte in key.as_bytes() {
            // Writing to a string cannot fail.
            let _ = write!(name, "{byte:02x}");
        }
        name
    }

    /// Returns the command of a script that reads or changes writes.
    fn command(&self, script: &Script, entry: Option<&str>) -> Cmd {
        let keys = [&*self.writes, &*self.prune, entry.unwrap_or_default()];
        let count = if entry.is_some() { 3 } else { 2 };
        let mut command = self.server.command(script, &keys[..count]);
        command.arg(millis(self.max_write_ttl));
        command
    }
}

impl<C> RedisValidatorStore<C>
where
    C: ConnectionLike + Clone + Send + Sync + 'static,
{
    async fn run(&self, script: &Script, command: Cmd) -> Result<Value, StoreError> {
        self.server.run(script, command).await
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
        let mut command = self.command(&scripts::LOOKUP, Some(&self.entry(&key)));
        command.arg(&key.as_bytes()[..]);
        command.arg(millis_within(self.max_entry_ttl));
        if let Some(lease) = &lease {
            command.arg(&lease.id.as_bytes()[..]).arg(millis(lease.ttl));
        }
        let answer = self.run(&scripts::LOOKUP, command).await?;
        answer::lookup(answer, lease.map(|lease| lease.id))
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
        let answer = self.run(&scripts::RELEASE, command).await?;
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
        let scopes: Vec<_> = entry.scopes.iter().map(CacheScope::as_bytes).collect();
        command.arg(scopes.into_iter().flatten().copied().collect::<Vec<u8>>());
        command.arg(entry.validators.encode());
        answer::fill(&self.run(&scripts::FILL, command).await?)
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
        command.arg(&intent.id.as_bytes()[..]).arg(millis(intent.ttl));
        add_targets(&mut command, &intent.targets);
        let answer = self.run(&scripts::BEGIN, command).await?;
        answer::done(&answer, b"begun")
    }

    async fn end_write(&self, intent: WriteIntent) -> Result<WriteEnd, StoreError> {
        let mut command = self.command(&scripts::END, None);
        command.arg(&intent.id.as_bytes()[..]);
        add_targets(&mut command, &intent.targets);
        answer::end(&self.run(&scripts::END, command).await?)
    }

    async fn invalidate(&self, target: WriteTarget) -> Result<(), StoreError> {
        let mut command = self.command(&scripts::INVALIDATE, None);
        add_targets(&mut command, &[target]);
        let answer = self.run(&scripts::INVALIDATE, command).await?;
        answer::done(&answer, b"invalidated")
    }

    fn guarantee(&self) -> Guarantee {
        self.guarantee
    }
}

/// Returns whole milliseconds, rounded down: an entry must not live longer.
fn millis_within(ttl: Duration) -> u64 {
    u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX)
}

fn add_grant(command: &mut Cmd, grant: &Grant) {
    command.arg(&grant.id().as_bytes()[..]);
    command.arg(grant.generation());
    command.arg(millis_within(grant.granted_at()));
}

/// Adds the fields of targets: `a`, `k` with a key, or `s` with a scope.
fn add_targets(command: &mut Cmd, targets: &[WriteTarget]) {
    for target in targets {
        match target {
            WriteTarget::Key(key) => command.arg([b"k", &key.as_bytes()[..]].concat()),
            WriteTarget::Scope(scope) => command.arg([b"s", &scope.as_bytes()[..]].concat()),
            // All there is besides. A kind of target that is added later is taken for it.
            _ => command.arg("a"),
        };
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
