//! Stacks that are ready to use.

use tower_layer::Identity;

use super::{Stack, stack};
use crate::{
    CachePolicyLayer, ConditionalLayer, EtagLayer, PreconditionLayer, ValidatorSource,
    cache_policy::CachePolicy, conditional::SourceConfig,
};

/// A policy, with conditional requests and entity tags for them.
impl Stack<ConditionalLayer, EtagLayer, Identity, CachePolicyLayer> {
    /// Any policy, with strong tags from the content and 304: [`stack()`] and a
    /// [`CachePolicyLayer`] around it.
    pub fn tagged(policy: CachePolicy) -> Self {
        stack().cache_policy(CachePolicyLayer::new(policy))
    }

    /// JSON that is read often and written now and then: `max-age=60,
    /// stale-while-revalidate=30` and `Vary: accept, accept-encoding`, with strong
    /// tags. See [`CachePolicy::read_mostly_json`].
    pub fn read_mostly_json() -> Self {
        Self::tagged(CachePolicy::read_mostly_json())
    }

    /// A list that may be slightly old: `max-age=30, s-maxage=120,
    /// stale-while-revalidate=30, stale-if-error=300`, with strong tags. See
    /// [`CachePolicy::slightly_old_list`] for what caches make of it.
    pub fn slightly_old_list() -> Self {
        Self::tagged(CachePolicy::slightly_old_list())
    }

    /// Content that should be there even while the origin is down: `max-age=300,
    /// stale-while-revalidate=60, stale-if-error=3600` (RFC 5861), with strong tags.
    /// See [`CachePolicy::resilient`].
    pub fn resilient() -> Self {
        Self::tagged(CachePolicy::resilient())
    }

    /// Content that changes all the time and must not be used old: `max-age=0,
    /// must-revalidate`, with strong tags. See [`CachePolicy::highly_dynamic`].
    pub fn highly_dynamic() -> Self {
        Self::tagged(CachePolicy::highly_dynamic())
    }

    /// Content that may be stored, and is revalidated before each use: `no-cache`, with
    /// strong tags. See [`CachePolicy::no_cache`].
    pub fn no_cache() -> Self {
        Self::tagged(CachePolicy::no_cache())
    }

    /// Content of one user, which may be a minute old: `private, max-age=60`, with strong
    /// tags. See [`CachePolicy::private`].
    pub fn private() -> Self {
        Self::tagged(CachePolicy::private())
    }

    /// Content for a user who is signed in, always current: `private, max-age=0,
    /// must-revalidate`, with strong tags. See [`CachePolicy::authenticated`].
    pub fn authenticated() -> Self {
        Self::tagged(CachePolicy::authenticated())
    }

    /// The same for everybody, and good for an hour: `public, max-age=3600`, with
    /// strong tags. See [`CachePolicy::shared_and_public`].
    pub fn shared_and_public() -> Self {
        Self::tagged(CachePolicy::shared_and_public())
    }

    /// A URL that names its version: `public, max-age=31536000, immutable` (RFC 8246),
    /// with strong tags for clients that revalidate all the same. See
    /// [`CachePolicy::immutable_asset`].
    pub fn immutable_asset() -> Self {
        Self::tagged(CachePolicy::immutable_asset())
    }

    /// Content that is changed on the way, by an optimiser of images for instance:
    /// `max-age=60`, with weak tags. See [`CachePolicy::transformed`].
    pub fn transformed() -> Self {
        Self::tagged(CachePolicy::transformed()).etag(EtagLayer::new().weak())
    }
}

/// A policy alone.
impl Stack<Identity, Identity, Identity, CachePolicyLayer> {
    /// Content that no cache may store: `no-store`, and no tags, which nobody would use. See
    /// [`CachePolicy::no_store`].
    pub fn no_store() -> Self {
        Self {
            cache_policy: CachePolicyLayer::new(CachePolicy::no_store()),
            precondition: Identity::new(),
            conditional: Identity::new(),
            etag: Identity::new(),
        }
    }
}

/// A policy, with writes that are checked against a source.
impl<Q: ValidatorSource + Clone>
    Stack<ConditionalLayer<SourceConfig<Q>>, Identity, PreconditionLayer<Q>, CachePolicyLayer>
{
    /// Content that many write at once: `no-cache` on reads, their tags and 304s from
    /// `source`, and a `PUT`, `PATCH` or `DELETE` needs `If-Match`: 428 without, and
    /// 412 for a state that has changed since. See [`CachePolicy::no_cache`].
    ///
    /// Put it on a route with `MethodRouter::route_layer`. With `layer` of any router
    /// a method that the route does not have is 428 instead of 405. `route_layer` is not
    /// around a fallback, as `axum::routing::any` makes it, so name the methods:
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
    /// Check and write are one step only if the handler makes them one, with
    /// [`Expected`](crate::handler::Expected), or a lock does: see
    /// [`precondition`](crate::precondition).
    pub fn guarded_writes(source: Q) -> Self {
        stack()
            .cache_policy(CachePolicyLayer::new(CachePolicy::no_cache()))
            .precondition(PreconditionLayer::new(source.clone()).require())
            .conditional(ConditionalLayer::new().source(source))
            .without_etag()
    }
}
