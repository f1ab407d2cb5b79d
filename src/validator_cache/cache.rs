use std::{
    fmt,
    future::Future,
    pin::pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Waker},
    time::Duration,
};

use http::request::Parts;

use super::{stale::StaleValidator, state::CacheState};
use crate::{
    detached::Detached,
    semantics::{
        caching::cache_tags::CacheTag,
        validator_cache::{CacheScope, Guarantee, KeyHasher, OperationId},
    },
    setting::above_zero,
    store::ValidatorStore,
    target,
};

/// The longest time to live of an entry and of a write.
const MAX_TTL: Duration = Duration::from_secs(24 * 60 * 60);

/// The remembered validators of a service: a store, the names of its keys, and its writers.
///
/// Clones share everything, so configure it before it is cloned: a later setter panics. A service
/// has one cache, and every router and job of it has a clone. A write through one cache forgets
/// nothing in another.
///
/// A [`ValidatorCacheLayer`](super::ValidatorCacheLayer) reads and fills it. Jobs and operators
/// write past the layer. They call [`announce`](Self::announce) before a
/// write or [`invalidate`](Self::invalidate) after it. The cache is also a
/// [`Purger`](crate::purge::Purger).
///
/// See the [module docs](crate::validator_cache) for an example.
pub struct ValidatorCache<St> {
    pub(super) settings: Arc<CacheSettings<St>>,
    pub(super) state: Arc<CacheState>,
}

pub(super) struct CacheSettings<St> {
    pub(super) store: Arc<St>,
    pub(super) hasher: Arc<KeyHasher>,
    namespace: Box<str>,
    /// The scope of responses without tags, which every write touches.
    pub(super) untagged: CacheScope,
    build_id: Box<str>,
    pub(super) ttl: Duration,
    pub(super) write_ttl: Duration,
    pub(super) lease_ttl: Duration,
    pub(super) store_timeout: Duration,
    pub(super) write_policy: WritePolicy,
    pub(super) holds_unknown_writes: bool,
    pub(super) on_stale: Option<OnStale>,
    pub(super) detached: Detached,
}

/// Returns the time to live.
///
/// # Panics
///
/// Panics if it is zero, or longer than a day.
#[track_caller]
fn checked_ttl(ttl: Duration, remedy: &str) -> Duration {
    let is_valid = !ttl.is_zero() && ttl <= MAX_TTL;
    assert!(
        is_valid,
        "invalid time to live {ttl:?}: it must be above zero and at most a day; {remedy}"
    );
    ttl
}

type OnStale = Arc<dyn Fn(&StaleValidator) + Send + Sync>;

/// The reaction to a write that the store does not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum WritePolicy {
    /// Refuses the write with 503. Nothing is changed, and no 304 is stale.
    #[default]
    Reject,
    /// Performs the write. A 304 may be stale for this long, since no entry lives longer.
    Bounded(Duration),
}

impl<St: ValidatorStore> ValidatorCache<St> {
    /// Creates a cache of the store's entries.
    #[must_use]
    pub fn new(store: St) -> Self {
        let hasher = key_hasher(&store, "", "");
        Self {
            settings: Arc::new(CacheSettings {
                store: Arc::new(store),
                hasher: Arc::new(hasher),
                namespace: "".into(),
                untagged: CacheScope::untagged(""),
                build_id: "".into(),
                ttl: Duration::from_secs(60),
                write_ttl: Duration::from_secs(60),
                lease_ttl: Duration::from_secs(10),
                store_timeout: Duration::from_secs(1),
                write_policy: WritePolicy::default(),
                holds_unknown_writes: false,
                on_stale: None,
                detached: Detached::new(),
            }),
            state: Arc::new(CacheState::new()),
        }
    }

    /// Sets the name that tells this service from others with the same store. Defaults to an
    /// empty one.
    ///
    /// Two services with the same paths, hosts and namespace would use each other's entries. Give
    /// each its own cache of a clone of the store, with a namespace of its own.
    ///
    /// Scopes belong to the namespace, too: a write with tags changes nothing in another one. A
    /// write without a tag forgets everything in the store.
    ///
    /// # Panics
    ///
    /// Panics if the cache is in use: it was cloned or given to a layer.
    #[must_use]
    #[track_caller]
    pub fn namespace(mut self, name: impl Into<Box<str>>) -> Self {
        let settings = self.settings_mut();
        settings.namespace = name.into();
        settings.rename();
        self
    }

    /// Sets the version of the code, such as a commit. Defaults to an empty one.
    ///
    /// A new version of a template changes content without any write. With a store that outlives
    /// the process, entries of another build are not used.
    ///
    /// # Panics
    ///
    /// Panics if the cache is in use: it was cloned or given to a layer.
    #[must_use]
    #[track_caller]
    pub fn build_id(mut self, id: impl Into<Box<str>>) -> Self {
        let settings = self.settings_mut();
        settings.build_id = id.into();
        settings.rename();
        self
    }
}

impl<St> ValidatorCache<St> {
    /// Returns the settings. A clone with other settings would name other entries.
    #[track_caller]
    fn settings_mut(&mut self) -> &mut CacheSettings<St> {
        Arc::get_mut(&mut self.settings)
            .expect("invalid setter of a `ValidatorCache` in use: configure it before it is cloned or given to a layer")
    }

    /// Sets the time to live of an entry, from its lookup on. Defaults to 60 seconds.
    ///
    /// It bounds the effect of writes that nobody announces.
    ///
    /// # Panics
    ///
    /// Panics if it is zero, longer than a day, or if the cache was cloned or given to a layer.
    #[must_use]
    #[track_caller]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.settings_mut().ttl = checked_ttl(ttl, "leave the layer out to switch the cache off");
        self
    }

    /// Sets the time after which a write that nobody ends counts as over. Defaults to 60 seconds.
    ///
    /// The layer renews it while the handler runs. If the process dies in the middle of a write,
    /// its resources are not remembered for this long. So it must be longer than the database may
    /// take to commit without the process. A store may have a limit
    /// ([`max_write_ttl`](ValidatorStore::max_write_ttl)), which the layer checks when it is built.
    ///
    /// # Panics
    ///
    /// Panics if it is zero, longer than a day, or if the cache was cloned or given to a layer.
    #[must_use]
    #[track_caller]
    pub fn write_ttl(mut self, ttl: Duration) -> Self {
        self.settings_mut().write_ttl = checked_ttl(ttl, "use six times `store_timeout` or more");
        self
    }

    /// Sets the longest wait for an answer of the store. Defaults to 1 second.
    ///
    /// A read then proceeds to the handler. A write tries again a few times.
    ///
    /// # Panics
    ///
    /// Panics if it is zero, or if the cache was cloned or given to a layer.
    #[must_use]
    #[track_caller]
    pub fn store_timeout(mut self, timeout: Duration) -> Self {
        let remedy = "no answer comes in time; use some hundred milliseconds";
        self.settings_mut().store_timeout = above_zero("timeout of the store", timeout, remedy);
        self
    }

    /// Sets the reaction to writes that the store does not take. Defaults to
    /// [`WritePolicy::Reject`].
    ///
    /// # Panics
    ///
    /// Panics if the bound is zero, since then nothing would be remembered. Also panics if the
    /// cache was cloned or given to a layer.
    #[must_use]
    #[track_caller]
    pub fn write_policy(mut self, policy: WritePolicy) -> Self {
        assert!(
            policy != WritePolicy::Bounded(Duration::ZERO),
            "invalid bound 0: nothing would be remembered; use `WritePolicy::Reject`"
        );
        self.settings_mut().write_policy = policy;
        self
    }

    /// Keeps a write announced for [`write_ttl`](Self::write_ttl) if its outcome is not known. Off by
    /// default: every write ends with its response.
    ///
    /// It is not known after a 5xx, a 408, an error, a panic, and content that was not sent to its
    /// end.
    ///
    /// A statement of a handler that was dropped, as by a timeout inside, may commit later.
    ///
    /// # Panics
    ///
    /// Panics if the cache is in use: it was cloned or given to a layer.
    #[must_use]
    #[track_caller]
    pub fn hold_unknown_writes(mut self) -> Self {
        self.settings_mut().holds_unknown_writes = true;
        self
    }

    /// Sets the function that is called for each entry that was found to be wrong. Defaults to
    /// none. The feature `tracing` also emits an event.
    ///
    /// An entry is wrong if the handler gives another tag, and nobody has announced a write.
    ///
    /// # Panics
    ///
    /// Panics if the cache is in use: it was cloned or given to a layer.
    #[must_use]
    #[track_caller]
    pub fn on_stale(mut self, report: impl Fn(&StaleValidator) + Send + Sync + 'static) -> Self {
        self.settings_mut().on_stale = Some(Arc::new(report));
        self
    }

    /// Sets the handle that counts writes whose client has disconnected, and steps of the store
    /// that no response waits for. Defaults to one of its own.
    ///
    /// # Panics
    ///
    /// Panics if the cache is in use: it was cloned or given to a layer.
    #[must_use]
    #[track_caller]
    pub fn detached(mut self, detached: Detached) -> Self {
        self.settings_mut().detached = detached;
        self
    }

    /// Returns the number of entries that were found to be wrong.
    #[must_use]
    pub fn stale_count(&self) -> u64 {
        self.state.stale.load(Ordering::Relaxed)
    }

    /// Panics if the settings contradict each other.
    pub(super) fn check(&self)
    where
        St: ValidatorStore,
    {
        let CacheSettings {
            write_ttl,
            store_timeout,
            ref namespace,
            ref build_id,
            ..
        } = *self.settings;
        // A neighbor's entry, or one of an older template, would be answered.
        assert!(
            self.guarantee() == Guarantee::SingleProcess
                || !(namespace.is_empty() || build_id.is_empty()),
            "invalid cache of a shared store: call `namespace` with the name of the service, and \
             `build_id` with the version of its code"
        );
        assert!(
            write_ttl / 6 >= store_timeout,
            "invalid time to live {write_ttl:?} of a write: it must be at least six times the \
             timeout {store_timeout:?} of the store; call `write_ttl` or `store_timeout`"
        );
        if let Some(limit) = self.settings.store.max_write_ttl() {
            // The store would refuse each write.
            assert!(
                write_ttl <= limit,
                "invalid time to live {write_ttl:?} of a write: the store takes at most {limit:?}; \
                 call `write_ttl`, or configure the store for longer writes"
            );
        }
    }

    /// Returns the time to live of a new entry.
    pub(super) fn entry_ttl(&self) -> Duration {
        match self.settings.write_policy {
            WritePolicy::Reject => self.settings.ttl,
            WritePolicy::Bounded(bound) => self.settings.ttl.min(bound),
        }
    }

    pub(super) fn next_id(&self) -> OperationId {
        self.state.ids.next()
    }

    pub(super) fn tag_scope(&self, tag: &CacheTag) -> CacheScope {
        CacheScope::of_tag(&self.settings.namespace, tag)
    }

    /// Returns the scopes of the paths of a request: the client's own, and the one that the service
    /// sees if it is another one.
    pub(super) fn path_scopes(&self, request: &Parts) -> Vec<CacheScope> {
        let mut scopes = vec![self.path_scope(target::of(request).path())];
        scopes.extend(self.service_path_scope(request));
        scopes
    }

    /// Returns the scope of the path that the service sees, if the client's says nothing about it.
    pub(super) fn service_path_scope(&self, request: &Parts) -> Option<CacheScope> {
        let (target, uri) = (target::of(request).path(), request.uri.path());
        // A router has removed a prefix, or nothing.
        (!target.ends_with(uri)).then(|| self.path_scope(uri))
    }

    pub(super) fn path_scope(&self, path: &str) -> CacheScope {
        CacheScope::of_path(&self.settings.namespace, path)
    }

    /// Runs a step of the store that nobody waits for. A store in memory has done it when this
    /// returns.
    pub(super) fn run_detached(&self, step: impl Future<Output = ()> + Send + 'static) {
        let step = self.settings.detached.finish_step(step);
        // If it is not ready, dropping it continues it in a task.
        let _ = pin!(step)
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
    }
}

impl<St: ValidatorStore> ValidatorCache<St> {
    /// Returns the promise about a 304 from this cache.
    #[must_use]
    pub fn guarantee(&self) -> Guarantee {
        self.settings.store.guarantee()
    }
}

impl<St: ValidatorStore> CacheSettings<St> {
    fn rename(&mut self) {
        self.hasher = Arc::new(key_hasher(&*self.store, &self.namespace, &self.build_id));
        self.untagged = CacheScope::untagged(&self.namespace);
    }
}

/// Returns the names of keys. A store of one process needs none that others could repeat.
fn key_hasher(store: &impl ValidatorStore, namespace: &str, build_id: &str) -> KeyHasher {
    match store.guarantee() {
        Guarantee::SingleProcess => KeyHasher::for_process(namespace, build_id),
        _ => KeyHasher::shared(namespace, build_id),
    }
}

impl<St> Clone for ValidatorCache<St> {
    fn clone(&self) -> Self {
        Self {
            settings: Arc::clone(&self.settings),
            state: Arc::clone(&self.state),
        }
    }
}

impl<St> fmt::Debug for ValidatorCache<St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValidatorCache")
            .field("namespace", &self.settings.namespace)
            .field("build_id", &self.settings.build_id)
            .field("ttl", &self.settings.ttl)
            .finish_non_exhaustive()
    }
}
