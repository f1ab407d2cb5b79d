//! Changes that are told after they happened.

use super::ValidatorCache;
use crate::{
    purge::{Purge, Purger},
    semantics::validator_cache::WriteTarget,
    store::{StoreError, ValidatorStore, within},
};

impl<St> ValidatorCache<St> {
    /// Returns everything that a purge names, and the responses without tags, which may be any of
    /// it. An empty purge names everything.
    pub(super) fn targets(&self, purge: &Purge) -> Vec<WriteTarget> {
        if purge.is_empty() {
            return vec![WriteTarget::All];
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
    /// Returns an error if the store failed. Entries may be wrong until their time to live is over.
    /// See [`soft_invalidate`](Self::soft_invalidate), which never fails.
    pub async fn invalidate(&self, purge: &Purge) -> Result<(), StoreError> {
        self.invalidate_targets(self.targets(purge)).await
    }

    /// Forgets all entries of the store, as `DELETE /$etags-cache` does.
    ///
    /// # Errors
    ///
    /// Returns an error if the store failed. Entries may be wrong until their time to live is over.
    pub async fn invalidate_all(&self) -> Result<(), StoreError> {
        self.invalidate_targets(vec![WriteTarget::All]).await
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
