//! Stacks that are ready to use: a cache policy, and the layers that belong to it.
//!
//! One call puts one on a route or on a whole router:
//!
//! ```
//! use axum::{Router, routing::get};
//! use tower_conditional::recipe;
//!
//! let app: Router = Router::new()
//!     .route("/articles", get(async || "[]").layer(recipe::read_mostly_json()))
//!     .route("/account", get(async || "{}").layer(recipe::sensitive()));
//! # let _ = app;
//! ```
//!
//! [`guarded_writes`] refuses what carries no condition, so it belongs on the
//! methods of one route, by `MethodRouter::route_layer`: other methods are then
//! 405, where `layer` would answer 428 first.
//!
//! Where a route has tags of its own, from a source of validators for instance,
//! take the [`CachePolicy`] of the same name alone:
//! `CachePolicyLayer::new(CachePolicy::read_mostly_json())`. That is also the way
//! to other numbers:
//!
//! ```
//! use std::time::Duration;
//!
//! use tower_conditional::{cache_policy::CachePolicy, recipe};
//!
//! let policy = CachePolicy::read_mostly_json()
//!     .adjust(|directives| directives.with_max_age(Duration::from_secs(10)))?;
//! let layer = recipe::tagged(policy);
//! # let _ = layer;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! The [guide](crate::guide) says which to choose. Each function names the
//! `Cache-Control` of a successful `GET`; what is for one user gets `private` as
//! well, an error `no-store` and a redirection `no-cache`, as
//! [`cache_policy`](crate::cache_policy) has it. Compression belongs around these,
//! and [`CodingTagLayer`](crate::CodingTagLayer) around it.

use tower_layer::Identity;

use crate::{
    CachePolicyLayer, ConditionalLayer, EtagLayer, PreconditionLayer, Stack, ValidatorSource,
    cache_policy::CachePolicy, clock::SystemClock, conditional::BySource, stack,
};

/// A policy, with conditional requests and entity tags for them.
pub type Recipe = Stack<ConditionalLayer, EtagLayer, Identity, CachePolicyLayer>;

/// A recipe for writes that are checked against a source.
pub type GuardedWrites<Q> = Stack<
    ConditionalLayer<SystemClock, BySource<Q>>,
    Identity,
    PreconditionLayer<Q>,
    CachePolicyLayer,
>;

/// Any policy, with strong tags from the content and 304: [`stack()`] and a
/// [`CachePolicyLayer`] around it.
pub fn tagged(policy: CachePolicy) -> Recipe {
    stack().cache_policy(CachePolicyLayer::new(policy))
}

/// JSON that is read often and written now and then: `max-age=60,
/// stale-while-revalidate=30` and `Vary: accept, accept-encoding`, with strong
/// tags. See [`CachePolicy::read_mostly_json`].
pub fn read_mostly_json() -> Recipe {
    tagged(CachePolicy::read_mostly_json())
}

/// A list that may be slightly old: `max-age=30, s-maxage=120,
/// stale-while-revalidate=30, stale-if-error=300`, with strong tags. See
/// [`CachePolicy::slightly_old_list`] for what caches make of it.
pub fn slightly_old_list() -> Recipe {
    tagged(CachePolicy::slightly_old_list())
}

/// What should be there though the origin is not: `max-age=300,
/// stale-while-revalidate=60, stale-if-error=3600` (RFC 5861), with strong tags.
/// See [`CachePolicy::resilient`].
pub fn resilient() -> Recipe {
    tagged(CachePolicy::resilient())
}

/// What changes all the time and must not be used old: `max-age=0,
/// must-revalidate`, with strong tags. See [`CachePolicy::highly_dynamic`].
pub fn highly_dynamic() -> Recipe {
    tagged(CachePolicy::highly_dynamic())
}

/// What may be kept and is asked for each time: `no-cache`, with strong tags. See
/// [`CachePolicy::always_ask`].
pub fn always_ask() -> Recipe {
    tagged(CachePolicy::always_ask())
}

/// The caller's own, which may be a minute old: `private, max-age=60`, with strong
/// tags. See [`CachePolicy::the_callers_own`].
pub fn the_callers_own() -> Recipe {
    tagged(CachePolicy::the_callers_own())
}

/// What a caller who is signed in sees, always current: `private, max-age=0,
/// must-revalidate`, with strong tags. See [`CachePolicy::authenticated`].
pub fn authenticated() -> Recipe {
    tagged(CachePolicy::authenticated())
}

/// What no cache may keep: `no-store`, and no tags, which nobody would use. See
/// [`CachePolicy::sensitive`].
pub fn sensitive() -> CachePolicyLayer {
    CachePolicyLayer::new(CachePolicy::sensitive())
}

/// The same for everybody, and good for an hour: `public, max-age=3600`, with
/// strong tags. See [`CachePolicy::shared_and_public`].
pub fn shared_and_public() -> Recipe {
    tagged(CachePolicy::shared_and_public())
}

/// A URL that names its version: `public, max-age=31536000, immutable` (RFC 8246),
/// with strong tags for those who ask all the same. See
/// [`CachePolicy::versioned_asset`].
pub fn versioned_asset() -> Recipe {
    tagged(CachePolicy::versioned_asset())
}

/// What is changed on the way, by an optimiser of images for instance:
/// `max-age=60`, with weak tags. See [`CachePolicy::transformed`].
pub fn transformed() -> Recipe {
    tagged(CachePolicy::transformed()).etag(EtagLayer::new().weak())
}

/// What many write at once: `no-cache` on reads, their tags and 304s from
/// `source`, and a `PUT`, `PATCH` or `DELETE` needs `If-Match`: 428 without, and
/// 412 for whoever comes late. See [`CachePolicy::guarded_writes`].
///
/// Put it on a route with `MethodRouter::route_layer`. With `layer` of any router
/// a method that the route does not have is 428 instead of 405:
///
/// ```
/// # use std::convert::Infallible;
/// # async fn version() -> i64 { 7 }
/// use axum::{Router, http::request::Parts, routing::get};
/// use tower_conditional::{Current, VersionTags, recipe};
///
/// let versions = |_: &Parts| async {
///     Ok::<_, Infallible>(Current::from(VersionTags::plain().scope("notes/1").number(version().await)))
/// };
/// let methods = get(async || "a note").put(async || "written");
/// let app: Router = Router::new()
///     .route("/notes/1", methods.route_layer(recipe::guarded_writes(versions)));
/// # let _ = app;
/// ```
///
/// Check and write are one step only if the handler makes them one, with
/// [`Expected`](crate::handler::Expected), or a lock does: see
/// [`precondition`](crate::precondition).
pub fn guarded_writes<Q: ValidatorSource + Clone>(source: Q) -> GuardedWrites<Q> {
    stack()
        .cache_policy(CachePolicyLayer::new(CachePolicy::guarded_writes()))
        .precondition(PreconditionLayer::new(source.clone()).require())
        .conditional(ConditionalLayer::new().source(source))
        .without_etag()
}
