use std::{
    convert::Infallible,
    fmt,
    future::{Future, pending},
    mem,
};

use tokio::{runtime::Handle, task::AbortHandle};

use super::{ValidatorCache, soft::pause};
use crate::{
    events,
    observe::exchange::{self, scoped},
    purge::Purge,
    semantics::validator_cache::{WriteEnd, WriteIntent, WriteTarget},
    store::{PAUSES, StoreError, ValidatorStore, within},
};

/// A write that the store knows of. Until it ends, nothing that it touches is answered from the
/// cache or remembered.
///
/// [`ValidatorCache::announce`] returns it. Dropping it ends the write. So bind it to a name and drop
/// it after the commit: `let _ = ..` drops it at once, before the write.
#[must_use = "the write ends when this is dropped: bind it to a name, since `let _ =` drops it at once"]
pub struct AnnouncedWrite<St: ValidatorStore> {
    cache: ValidatorCache<St>,
    intent: WriteIntent,
    /// Further targets, which only the handler knew.
    late: Vec<WriteTarget>,
    is_acknowledged: bool,
    /// The handler may have written, and nobody knows if it still does.
    is_unknown: bool,
    renewal: Option<RenewalTask>,
}

/// A task that extends a write. It ends when this is dropped.
struct RenewalTask(AbortHandle);

impl Drop for RenewalTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<St: ValidatorStore> ValidatorCache<St> {
    /// Announces a write that does not go through the layer, such as that of a job. Returns once
    /// the store knows of it.
    ///
    /// A purge without tags touches everything.
    ///
    /// ```
    /// # async fn run() -> Result<(), tower::BoxError> {
    /// use tower_conditional::{
    ///     cache_tags::CacheTags, purge::Purge, store::MemoryValidatorStore,
    ///     validator_cache::ValidatorCache,
    /// };
    ///
    /// let cache = ValidatorCache::new(MemoryValidatorStore::new());
    /// let notes = Purge::new().with_tags(&CacheTags::of(["notes"])?);
    /// let write = cache.announce(&notes).await?;
    /// // .. change the notes, and commit
    /// drop(write);
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
    /// ```
    ///
    /// # Limits
    ///
    /// The write counts as over after [`write_ttl`](Self::write_ttl). Call
    /// [`AnnouncedWrite::renew`] in a write that takes longer.
    ///
    /// # Errors
    ///
    /// Returns an error if the store failed. Do not write then, or entries stay wrong until their
    /// time to live is over.
    pub async fn announce(&self, purge: &Purge) -> Result<AnnouncedWrite<St>, StoreError> {
        let mut write = AnnouncedWrite::prepare(self.clone(), self.written_targets(purge));
        write.begin().await?;
        Ok(write)
    }

    /// Returns everything that a write may change. Without a tag, that is everything.
    pub(super) fn written_targets(&self, purge: &Purge) -> Vec<WriteTarget> {
        if purge.tags().len() == 0 {
            vec![WriteTarget::All]
        } else {
            self.targets(purge)
        }
    }
}

impl<St: ValidatorStore> AnnouncedWrite<St> {
    /// Returns a write that the store does not know of yet. Its end is sent in any case, since a
    /// store may have taken an announcement whose answer was lost.
    pub(super) fn prepare(cache: ValidatorCache<St>, targets: Vec<WriteTarget>) -> Self {
        let intent = WriteIntent::new(cache.next_id(), targets, cache.settings.write_ttl);
        Self {
            cache,
            intent,
            late: Vec::new(),
            is_acknowledged: false,
            is_unknown: false,
            renewal: None,
        }
    }

    /// Announces the write. Tries a few times.
    pub(super) async fn begin(&mut self) -> Result<(), StoreError> {
        let mut pauses = PAUSES.iter();
        loop {
            let error = match self.announce_once().await {
                Ok(()) => {
                    self.is_acknowledged = true;
                    return Ok(());
                }
                Err(error) => error,
            };
            events::validator_step_failed("begin_write", &error);
            let Some(wait) = pauses.next() else {
                return Err(error);
            };
            // The store is away, and nothing tells when it is back.
            pause(*wait).await;
        }
    }

    /// Extends the write by another [`write_ttl`](ValidatorCache::write_ttl), counted from now.
    ///
    /// # Errors
    ///
    /// Returns an error if the store failed. The announcement before still counts.
    pub async fn renew(&self) -> Result<(), StoreError> {
        self.announce_once().await
    }

    async fn announce_once(&self) -> Result<(), StoreError> {
        announce(&self.cache, &self.intent).await
    }

    /// Extends the write three times in its time to live, and sooner after a failure. Never ends.
    pub(super) fn renew_until_dropped(&self) -> impl Future<Output = Infallible> + Send + use<St> {
        let (cache, intent) = (self.cache.clone(), self.intent.clone());
        async move {
            let ttl = intent.ttl;
            let mut wait = ttl / 3;
            loop {
                // The announcement runs on time alone, so no event tells when to extend it.
                if !pause(wait).await {
                    return pending().await;
                }
                wait = match announce(&cache, &intent).await {
                    Ok(()) => ttl / 3,
                    Err(error) => {
                        events::validator_step_failed("renew", &error);
                        ttl / 12
                    }
                };
            }
        }
    }

    /// Extends the write in a task, until it ends.
    pub(super) fn renew_in_task(&mut self) {
        if let Ok(runtime) = Handle::try_current() {
            let scope = exchange::current_scope(false);
            let task = runtime.spawn(scoped(scope, self.renew_until_dropped()));
            self.renewal = Some(RenewalTask(task.abort_handle()));
        }
    }

    /// Records if the outcome of the write is known.
    pub(super) fn set_unknown(&mut self, is_unknown: bool) {
        self.is_unknown = is_unknown;
    }

    /// Returns `true` if the write may change everything.
    pub(super) fn touches_everything(&self) -> bool {
        self.intent.targets.contains(&WriteTarget::All)
    }

    /// Forgets what only the handler knew. Returns once the store has, or while nothing is answered
    /// from the cache until it has. The end forgets it once more, since the handler may still
    /// write.
    pub(super) async fn forget_late(&mut self, targets: Vec<WriteTarget>) {
        // They are sorted.
        let announced = &self.intent.targets;
        let is_new = |target: &WriteTarget| announced.binary_search(target).is_err();
        let late: Vec<_> = targets.into_iter().filter(is_new).collect();
        self.late.clone_from(&late);
        if let Err(error) = self.cache.invalidate_targets(late.clone()).await {
            events::validator_step_failed("invalidate", &error);
            self.cache.soft_invalidate_targets(late);
        }
    }
}

impl<St: ValidatorStore> Drop for AnnouncedWrite<St> {
    fn drop(&mut self) {
        self.renewal = None;
        let (cache, intent) = (self.cache.clone(), self.intent.clone());
        let late = mem::take(&mut self.late);
        if self.is_unknown && self.is_acknowledged && cache.settings.holds_unknown_writes {
            return cache.soft_invalidate_targets(late);
        }
        let is_acknowledged = self.is_acknowledged;
        self.cache.run_detached(async move {
            end(&cache, intent, late, is_acknowledged).await;
        });
    }
}

async fn announce<St: ValidatorStore>(
    cache: &ValidatorCache<St>,
    intent: &WriteIntent,
) -> Result<(), StoreError> {
    let settings = &cache.settings;
    let step = settings.store.begin_write(intent.clone());
    within(settings.store_timeout, step).await
}

/// Ends a write. Tries a few times; after that, its targets are slow until it runs out. The late
/// targets are tried without end.
async fn end<St: ValidatorStore>(
    cache: &ValidatorCache<St>,
    intent: WriteIntent,
    late: Vec<WriteTarget>,
    is_acknowledged: bool,
) {
    // First, since nothing else makes them void. Until the store has taken it, nothing is answered
    // from the cache.
    cache.soft_invalidate_targets(late);
    let mut pauses = PAUSES.iter();
    let mut may_have_ended = !is_acknowledged;
    loop {
        let step = cache.settings.store.end_write(intent.clone());
        let ended = within(cache.settings.store_timeout, step).await;
        let error = match ended {
            Ok(WriteEnd::Ended) => return,
            Ok(WriteEnd::IntentLost) if may_have_ended => return,
            Ok(WriteEnd::IntentLost) => return events::write_intent_lost(),
            Err(error) => error,
        };
        events::validator_step_failed("end_write", &error);
        may_have_ended = true;
        let Some(wait) = pauses.next() else { return };
        // The store is away, and nothing tells when it is back.
        pause(*wait).await;
    }
}

impl<St: ValidatorStore> fmt::Debug for AnnouncedWrite<St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnnouncedWrite")
            .field("intent", &self.intent)
            .finish_non_exhaustive()
    }
}
