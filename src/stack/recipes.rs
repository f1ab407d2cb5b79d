//! Stacks that are ready to use.

use tower_layer::Identity;

use super::{Stack, stack};
use crate::{
    CachePolicyLayer, ConditionalLayer, EtagLayer, PreconditionLayer, ValidatorSource,
    cache_policy::CachePolicy, conditional::SourceConfig,
};

/// Stacks with a cache policy, entity tags and conditional requests.
impl Stack<ConditionalLayer, EtagLayer, Identity, CachePolicyLayer> {
    /// Creates a stack for any policy, with strong tags from the content and with 304s.
    pub fn tagged(policy: CachePolicy) -> Self {
        stack().cache_policy(CachePolicyLayer::new(policy))
    }

    /// Creates a stack for JSON that is read often and seldom written:
    /// `max-age=60, stale-while-revalidate=30`, `Vary: accept, accept-encoding` and strong
    /// tags. See [`CachePolicy::read_mostly_json`].
    pub fn read_mostly_json() -> Self {
        Self::tagged(CachePolicy::read_mostly_json())
    }

    /// Creates a stack for lists that may be slightly old:
    /// `max-age=30, s-maxage=120, stale-while-revalidate=30, stale-if-error=300` and strong
    /// tags. See [`CachePolicy::slightly_old_list`].
    pub fn slightly_old_list() -> Self {
        Self::tagged(CachePolicy::slightly_old_list())
    }

    /// Creates a stack for content that is available even while the origin is down:
    /// `max-age=300, stale-while-revalidate=60, stale-if-error=3600` (RFC 5861) and strong
    /// tags. See [`CachePolicy::resilient`].
    pub fn resilient() -> Self {
        Self::tagged(CachePolicy::resilient())
    }

    /// Creates a stack for content that changes all the time and must not be used stale:
    /// `max-age=0, must-revalidate` and strong tags. See [`CachePolicy::highly_dynamic`].
    pub fn highly_dynamic() -> Self {
        Self::tagged(CachePolicy::highly_dynamic())
    }

    /// Creates a stack for content that may be stored and is revalidated before each use:
    /// `no-cache` and strong tags. See [`CachePolicy::no_cache`].
    pub fn no_cache() -> Self {
        Self::tagged(CachePolicy::no_cache())
    }

    /// Creates a stack for content of one user that may be a minute old:
    /// `private, max-age=60` and strong tags. See [`CachePolicy::private`].
    pub fn private() -> Self {
        Self::tagged(CachePolicy::private())
    }

    /// Creates a stack for content of an authenticated user that is always current:
    /// `private, max-age=0, must-revalidate` and strong tags. See
    /// [`CachePolicy::authenticated`].
    pub fn authenticated() -> Self {
        Self::tagged(CachePolicy::authenticated())
    }

    /// Creates a stack for content that is the same for all users for an hour:
    /// `public, max-age=3600` and strong tags. See [`CachePolicy::shared_and_public`].
    pub fn shared_and_public() -> Self {
        Self::tagged(CachePolicy::shared_and_public())
    }

    /// Creates a stack for URLs that contain a version: `public, max-age=31536000, immutable`
    /// (RFC 8246). Strong tags serve clients that revalidate anyway. See
    /// [`CachePolicy::immutable_asset`], also for the danger of a fallback.
    pub fn immutable_asset() -> Self {
        Self::tagged(CachePolicy::immutable_asset())
    }

    /// Creates a stack for content that proxies change, such as an image optimizer:
    /// `max-age=60` and weak tags. See [`CachePolicy::transformed`].
    ///
    /// If the service itself writes one JSON value in several ways, add
    /// `etag(EtagLayer::new().canonical_json())` of the feature `json` to any recipe.
    pub fn transformed() -> Self {
        Self::tagged(CachePolicy::transformed()).etag(EtagLayer::new().weak())
    }
}

/// A stack with a cache policy alone.
impl Stack<Identity, Identity, Identity, CachePolicyLayer> {
    /// Creates a stack for content that no cache may store: `no-store` and no tags, since no
    /// client would use them. See [`CachePolicy::no_store`].
    pub fn no_store() -> Self {
        Self {
            idempotency: Identity::new(),
            cache_policy: CachePolicyLayer::new(CachePolicy::no_store()),
            precondition: Identity::new(),
            ranges: Identity::new(),
            conditional: Identity::new(),
            validators: Identity::new(),
            etag: Identity::new(),
        }
    }
}

/// A stack with a cache policy, and with writes that are checked against a source.
impl<Q: ValidatorSource + Clone>
    Stack<ConditionalLayer<SourceConfig<Q>>, Identity, PreconditionLayer<Q>, CachePolicyLayer>
{
    /// Creates a stack for content with many writers, against lost updates. A `PUT`, `PATCH` or
    /// `DELETE` needs `If-Match`: 428 without it, and 412 if the state has changed. Reads get
    /// `no-cache`, with tags and 304s from `source`. See [`CachePolicy::no_cache`].
    ///
    /// Put it on a route with `MethodRouter::route_layer`. With `layer`, a method that the
    /// route does not have would get 428 instead of 405. `route_layer` does not cover the
    /// fallback that `axum::routing::any` creates, so name the methods:
    ///
    /// ```
    /// # async fn version() -> i64 { 7 }
    /// use axum::{Router, routing::get};
    /// use tower_conditional::{Stack, VersionTags, source};
    ///
    /// let versions = source::from_fn(async |_| VersionTags::of("notes", 1).number(version().await));
    /// let methods = get(async || "a note").put(async || "written");
    /// let app: Router = Router::new()
    ///     .route("/notes/1", methods.route_layer(Stack::guarded_writes(versions)));
    /// # let _ = app;
    /// ```
    ///
    /// The check and the write are one step only if the handler compares with
    /// [`Expected`](crate::handler::Expected), or if there is a lock. See
    /// [`precondition`](crate::precondition).
    pub fn guarded_writes(source: Q) -> Self {
        stack()
            .cache_policy(CachePolicyLayer::new(CachePolicy::no_cache()))
            .precondition(PreconditionLayer::new(source.clone()).require())
            .conditional(ConditionalLayer::new().source(source))
            .without_etag()
    }
}
