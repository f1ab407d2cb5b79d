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
//! The [guide](crate::guide) says which to choose. Compression belongs around
//! these, and [`CodingTagLayer`](crate::CodingTagLayer) around it.

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

/// Any policy, with strong tags from the content and 304.
pub fn tagged(policy: CachePolicy) -> Recipe {
    stack().cache_policy(CachePolicyLayer::new(policy))
}

/// JSON that is read often and written now and then:
/// [`CachePolicy::read_mostly_json`], with strong tags.
pub fn read_mostly_json() -> Recipe {
    tagged(CachePolicy::read_mostly_json())
}

/// A list that may be slightly old: [`CachePolicy::slightly_old_list`], with
/// strong tags.
pub fn slightly_old_list() -> Recipe {
    tagged(CachePolicy::slightly_old_list())
}

/// What should be there though the origin is not: [`CachePolicy::resilient`],
/// with strong tags.
pub fn resilient() -> Recipe {
    tagged(CachePolicy::resilient())
}

/// What changes all the time and must not be used old:
/// [`CachePolicy::highly_dynamic`], with strong tags.
pub fn highly_dynamic() -> Recipe {
    tagged(CachePolicy::highly_dynamic())
}

/// What may be kept and is asked for each time: [`CachePolicy::always_ask`],
/// with strong tags.
pub fn always_ask() -> Recipe {
    tagged(CachePolicy::always_ask())
}

/// The caller's own, which may be a minute old:
/// [`CachePolicy::the_callers_own`], with strong tags.
pub fn the_callers_own() -> Recipe {
    tagged(CachePolicy::the_callers_own())
}

/// What a caller who is signed in sees, always current:
/// [`CachePolicy::authenticated`], with strong tags.
pub fn authenticated() -> Recipe {
    tagged(CachePolicy::authenticated())
}

/// What no cache may keep: [`CachePolicy::sensitive`], and no tags, which would
/// have nobody to use them.
pub fn sensitive() -> CachePolicyLayer {
    CachePolicyLayer::new(CachePolicy::sensitive())
}

/// The same for everybody, and good for an hour:
/// [`CachePolicy::shared_and_public`], with strong tags.
pub fn shared_and_public() -> Recipe {
    tagged(CachePolicy::shared_and_public())
}

/// A URL that names its version: [`CachePolicy::versioned_asset`], with strong
/// tags for those who ask all the same.
pub fn versioned_asset() -> Recipe {
    tagged(CachePolicy::versioned_asset())
}

/// What is changed on the way: [`CachePolicy::transformed`], with weak tags.
pub fn transformed() -> Recipe {
    tagged(CachePolicy::transformed()).etag(EtagLayer::new().weak())
}

/// What many write at once: [`CachePolicy::guarded_writes`] on reads, their tags
/// from `source`, and writes that need `If-Match`: 428 without, and 412 for who
/// comes late.
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
