//! Changes that are told after they happened.

use std::{mem::ManuallyDrop, time::Duration};

use super::ValidatorCache;
use crate::{
    events,
    purge::{Purge, Purger},
    semantics::validator_cache::WriteTarget,
    store::{StoreError, ValidatorStore, within},
};

impl<St> ValidatorCache<St> {
    /// Returns everything that a purge names. Responses without tags may be any of it.
    pub(super) fn targets(&self, purge: &Purge) -> Vec<WriteTarget> {
        if purge.is_empty() {
            return Vec::new();
        }
        let tags = purge.tags().map(|tag| self.tag_scope(tag));
        let paths = purge.targets().map(|uri| self.path_scope(uri.path()));
        let untagged = [self.settings.untagged];
        let scopes = tags.chain(paths).chain(untagged);
        scopes.map(WriteTarget::Scope).collect()
    }
}

impl<St: ValidatorStore> ValidatorCache<St> {
    /// Forgets the entries that a purge names, after a change that was not announced. No reader
    /// that is under way fills them.
    ///
    /// The paths of the purge count without their host and query, and all entries without tags
    /// are forgotten too.
    ///
    /// # Errors
    ///
    /// The store failed, and entries may be wrong until their time to live is over. See
    /// [`soft_invalidate`](Self::soft_invalidate), which never fails.
    pub async fn invalidate(&self, purge: &Purge) -> Result<(), StoreError> {
        self.invalidate_targets(self.targets(purge)).await
    }

    /// Forgets all entries of the store, as `DELETE /$etags-cache` does.
    ///
    /// # Errors
    ///
    /// The store failed, and entries may be wrong until their time to live is over.
    pub async fn invalidate_all(&self) -> Result<(), StoreError> {
        self.invalidate_targets(vec![WriteTarget::All]).await
    }

    /// Asks the handler on the next use of the entries that a purge names.
    ///
    /// It returns at once, and never fails. Until the store has forgotten the entries, this
    /// process answers nothing from the cache. A store that is away is tried again without end.
    /// Such a store needs a tokio runtime; without one, the cache stays unused.
    pub fn soft_invalidate(&self, purge: &Purge) {
        self.soft_invalidate_targets(self.targets(purge));
    }

    /// Asks the handler on the next use of every entry. See
    /// [`soft_invalidate`](Self::soft_invalidate).
    pub fn soft_invalidate_all(&self) {
        self.soft_invalidate_targets(vec![WriteTarget::All]);
    }

    pub(super) fn soft_invalidate_targets(&self, targets: Vec<WriteTarget>) {
        // If the work is dropped, such as without a runtime, the entries may be wrong for as long
        // as the cache lives.
        let suspension = ManuallyDrop::new(self.suspend());
        let cache = self.clone();
        self.run_detached(async move {
            let mut pause = Duration::from_millis(50);
            while let Err(error) = cache.invalidate_targets(targets.clone()).await {
                events::validator_step_failed("invalidate", &error);
                // The store is away, and nothing tells when it is back.
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(5));
            }
            drop(ManuallyDrop::into_inner(suspension));
        });
    }

    pub(super) async fn invalidate_targets(
        &self,
        targets: Vec<WriteTarget>,
    ) -> Result<(), StoreError> {
        for target in targets {
            let step = self.settings.store.invalidate(target);
            within(self.settings.store_timeout, step).await?;
        }
        Ok(())
    }
}

/// Forgets what a purge names, so that one declaration serves caches and validators.
impl<St: ValidatorStore> Purger for ValidatorCache<St> {
    type Error = StoreError;

    async fn purge(&self, purge: &Purge) -> Result<(), StoreError> {
        self.invalidate(purge).await
    }
}
