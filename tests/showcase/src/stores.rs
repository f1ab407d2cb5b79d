//! The routes with their stores of keys and of remembered tags: those of the database and of the
//! process, or those in Redis.

use axum::{Router, middleware::from_fn_with_state};
use tower_conditional::{
    IdempotencyLayer,
    detached::Detached,
    store::{IdempotencyStore, MemoryValidatorStore, validators::ValidatorStore},
    validator_cache::ValidatorCache,
};

use crate::{
    files,
    options::Options,
    redis::{NaiveKeys, SharedStores, cache_aside},
    replicas, routes,
    store::Store,
};

/// The name of the service beside others with the same Redis.
const SERVICE: &str = "showcase";

/// Opens the stores, and returns the routes of the example and those of the files.
pub(crate) async fn routes(
    options: &Options,
    store: &Store,
    unfinished: &Detached,
) -> anyhow::Result<Router> {
    let setup = Setup {
        options,
        store,
        unfinished,
    };
    let remember = options.validators == "cache";
    match options.redis.open().await? {
        None => {
            let keys = routes::keys(store, unfinished);
            let cache = ValidatorCache::new(MemoryValidatorStore::new());
            // Replicas write the pages too, and a cache in memory knows the writes of its process
            // alone.
            setup.router(keys, cache, remember && options.postgres.is_none())
        }
        Some(SharedStores::Redis { keys, validators }) => {
            let cache = ValidatorCache::new(validators)
                .namespace(SERVICE)
                .build_id(env!("CARGO_PKG_VERSION"));
            setup.router(setup.keys(keys), cache, remember)
        }
        Some(SharedStores::Naive(redis)) => {
            let keys = setup.keys(NaiveKeys(redis.clone()));
            let cache = ValidatorCache::new(MemoryValidatorStore::new());
            let router = setup.router(keys, cache, false)?;
            if !remember {
                return Ok(router);
            }
            Ok(router.layer(from_fn_with_state(redis, cache_aside)))
        }
    }
}

struct Setup<'a> {
    options: &'a Options,
    store: &'a Store,
    unfinished: &'a Detached,
}

impl Setup<'_> {
    /// Returns the layer of keys that are not in the database of the orders. The layer records a
    /// response after its order.
    fn keys<S: IdempotencyStore>(&self, keys: S) -> IdempotencyLayer<S> {
        let keys = IdempotencyLayer::new(keys, routes::owner).require_key();
        keys.detached(self.unfinished.clone())
    }

    fn router(
        &self,
        keys: IdempotencyLayer<impl IdempotencyStore>,
        cache: ValidatorCache<impl ValidatorStore>,
        remember_pages: bool,
    ) -> anyhow::Result<Router> {
        let redis = &self.options.redis;
        let keys = keys.lease(redis.lease()).fingerprint(replicas::identity);
        let cache = cache
            .write_ttl(redis.write_ttl())
            .store_timeout(redis.store_timeout())
            .detached(self.unfinished.clone());
        let router = routes::router(self.store, keys, &cache, remember_pages)?;
        let remember_files = self.options.validators == "cache";
        Ok(router.merge(files::routes(remember_files.then_some(&cache))?))
    }
}
