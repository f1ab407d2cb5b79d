//! Tower middleware for ETags, conditional requests (304, 412, 428), idempotency keys and cache
//! policy.
//!
//! - **Conditional reads**: a client that has the current representation gets `304 Not Modified`
//!   instead of its bytes (RFC 9110, sections 8.8 and 13).
//! - **Optimistic concurrency**: a write with an outdated `If-Match` gets
//!   `412 Precondition Failed`, and one without it `428 Precondition Required`. This prevents
//!   lost updates, in which the second of two writers overwrites the first.
//! - **Safe retries**: a request with an `Idempotency-Key` runs once, and every repeat gets the
//!   first response.
//! - **Cache policy**: each read, and each error, gets a `Cache-Control` (RFC 9111), and writes can
//!   purge caches.
//!
//! The layers work with every `Service<Request<_>>` whose `Response<_>` has a body of `Bytes`:
//! `axum`, `hyper`, `tonic` and others. [`ConditionalLayer`] with a source, [`PreconditionLayer`]
//! and [`StateRefLayer`] need futures that are `Send`.
//!
//! # Example
//!
//! ```
//! # async fn run() -> Result<(), tower::BoxError> {
//! use std::convert::Infallible;
//!
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode, header};
//! use http_body_util::Full;
//! use tower::{Service, ServiceBuilder, service_fn};
//! use tower_conditional::stack;
//!
//! async fn handle(_: Request<()>) -> Result<Response<Full<Bytes>>, Infallible> {
//!     Ok(Response::new(Full::from("hello")))
//! }
//!
//! let mut service = ServiceBuilder::new().layer(stack()).service_fn(handle);
//!
//! let response = service.call(Request::get("/").body(())?).await?;
//! let tag = response.headers()[header::ETAG].clone();
//!
//! let again = Request::get("/").header(header::IF_NONE_MATCH, tag).body(())?;
//! let response = service.call(again).await?;
//! assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
//! # Ok(())
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
//! ```
//!
//! # Layers
//!
//! A *validator* is the value of an `ETag` or `Last-Modified` header. A [source] knows the current
//! validators before the service runs. It is a function, a version in a database, or the service
//! itself, called with a `GET`.
//!
//! | Layer | Description | Use it |
//! |---|---|---|
//! | [`EtagLayer`] | makes an `ETag` header from the content | if no version of the content is known |
//! | [`ConditionalLayer`] | answers conditional reads with 304 or 412 | for every resource with an `ETag`; with a source, a 304 needs no handler |
//! | [`RangeLayer`] | sends parts of a representation: 206, 416 | for downloads and media |
//! | [`PreconditionLayer`] | checks conditional writes: 412, 428 | if several clients write one resource |
//! | `ValidatorCacheLayer` | remembers ETags until a write invalidates them: a 304 needs no handler and no version | for reads that cost more than a lookup, in one process |
//! | `IdempotencyLayer` | runs a request with an `Idempotency-Key` once, and repeats its response | for every `POST` or `PATCH` that clients retry |
//! | [`DigestLayer`] | refuses requests whose content differs from its `Content-Digest` or `Repr-Digest` | for uploads that must arrive whole |
//! | [`CachePolicyLayer`] | sets `Cache-Control`, targeted headers, `Vary` and `Date` | for every service with caches or browsers in front |
//! | [`CacheTagsLayer`] | adds cache tags, and purges after writes | with a CDN, Varnish or nginx in front |
//! | [`CodingTagLayer`] | gives each content coding its own strong tag | around compression |
//! | [`StateRefLayer`] | answers 304 to a client that names the latest state, also to `POST` | for clients that poll a state |
//! | [`ObserveLayer`] | reports each request and its result to an [observer](observe) | for metrics, logs and tests |
//! | [`CacheStatusLayer`] | reports in `Cache-Status` whether the handler ran | for debugging |
//! | [`AuditLayer`] | reports mistakes in validators and cache policies | in development and tests |
//!
//! [`stack`] builds the layers of one service in the right order, and [`Stack`](Stack#recipes) has a
//! recipe for each common [cache policy](cache_policy#choosing-a-policy). With the feature `axum`,
//! `resource::guard` adds the layers of a versioned resource to its routes.
//!
//! The other modules: [`Assets`] serves immutable files, [`purge`] sends purges to caches, and
//! [`handler`] evaluates conditions and serves ranges without `tower`. [`VersionTags`] makes tags
//! from versions, and [`Outcome`] records what the layers decided. [`target`] returns the URI that the client
//! requested, [`route`] matches paths, and [`refusal`] renders error responses. [`cors`] lists the
//! headers that scripts of other origins need. With `tokio`,
//! `lock` serializes the writers of a key, and `detached` finishes writes after their client
//! has disconnected.
//!
//! # Layer order
//!
//! Each layer works alone, and its module lists its requirements. Outermost first:
//!
//! ```text
//! AuditLayer                       in tests: sees the same responses as a client
//! trace, CORS, security headers    outside: a 304 and a 412 need the headers of CORS
//! authentication, rate limits      outside: a 304 only for those who may read
//! ObserveLayer                     metrics and logs of all layers inside
//! CacheStatusLayer                 while debugging, for those who may see it
//! CacheTagsLayer                   tags on reads, purges after writes
//! a timeout                        a write with a key goes on, and is purged again at its end
//! CodingTagLayer                   only around compression: "v1" and "v1-gzip"
//! compression                      a 304 is not compressed
//! CachePolicyLayer                 Cache-Control on every read, and on errors
//! sessions                         inside: the policy must see their Set-Cookie
//! DigestLayer                      uploads: 400 to content that differs from its digest
//! IdempotencyLayer                 retries: the first response, before its conditions
//! PreconditionLayer                writes: 412, 428
//! RangeLayer                       parts: 206, 416; a 304 and a 412 come first
//! ConditionalLayer                 reads: 304, 412
//! ValidatorCacheLayer              reads: 304 before the handler; writes: forgets ETags
//! EtagLayer                        a tag from the content
//! the service                      its own ETag is kept
//! ```
//!
//! > **Sessions and cookies.** A response with `Set-Cookie`, or to a request with `Authorization`,
//! > becomes `private`. A `Cookie` in the request alone does not make it private: use
//! > [`Stack::authenticated`] or [`Stack::private`] for content that depends on the session.
//!
//! > **CORS.** Scripts of other origins read `ETag` only if `Access-Control-Expose-Headers` names it,
//! > and send `If-Match` only if `Access-Control-Allow-Headers` does. [`cors`] has both lists, for
//! > `CorsLayer` of `tower-http`. Put that layer outside, so that a 304 and a 412 have its headers
//! > too.
//!
//! > **Compression.** Without [`CodingTagLayer`], the identity and the gzip bytes would share one
//! > strong tag. Weak tags are the alternative: `ConditionalLayer`, compression, and
//! > `EtagLayer::new().weak()`. Do not put compression inside `EtagLayer`: it makes the length
//! > unknown, and the layer sets no tag. Outside `ConditionalLayer`, compression gives a 304 other
//! > headers than the 200.
//!
//! # Placement in axum
//!
//! - `Router::layer(stack())` is for reads: the length of the content is known there.
//! - `MethodRouter::route_layer` is for layers that refuse, such as [`PreconditionLayer`] and
//!   [`Stack::guarded_writes`]. A 404 and a 405 then win over a 412. `route_layer` does not cover
//!   the fallback that `axum::routing::any` creates: name the methods instead.
//! - `resource::wrap` wraps the whole router. Use it if a source answers 304, if a handler sets an
//!   `ETag` on a stream, or if content is compressed inside. Otherwise the `Router` adds a wrong
//!   `content-length: 0` to a 304 and to some responses to `HEAD` (RFC 9110, section 8.6).
//!
//! ```
//! # #[cfg(feature = "axum")]
//! # mod example {
//! use axum::Router;
//! use tokio::net::TcpListener;
//! use tower_conditional::{ConditionalLayer, resource::wrap};
//!
//! async fn serve(listener: TcpListener, router: Router) -> std::io::Result<()> {
//!     let app = wrap(router, ConditionalLayer::new()); // or stack(), or Stack::no_cache()
//!     axum::serve(listener, app.into_make_service()).await
//! }
//! # }
//! ```
//!
//! A wrapped router may have layers inside: the outer [`ConditionalLayer`] corrects their 304s. A
//! router answers `HEAD` without content, and [`ConditionalLayer::head_as_get`] adds the tag of the
//! `GET`. Below `Router::nest` a layer sees the path without the prefix. With the feature `axum`,
//! [`target::of`] returns the whole path. The `notes` example uses all of this.
//!
//! # Features
//!
//! | Name | Description | Default? |
//! |---|---|---|
//! | `tokio` | `IdempotencyLayer`, `ValidatorCacheLayer` and their stores; `lock::KeyedLock`, `detached::Detached` and `purge::PurgeQueue`; timeouts of sources, of purges, and for the content of a refused request | yes |
//! | `axum` | `resource::guard` and `resource::wrap`; `source::axum`, a source with extractors; the types of [`handler`] as extractors and responses; the whole path below `Router::nest` ([`target`]) | no |
//! | `json` | `EtagLayer::canonical_json` and `ignoring`, tags that do not depend on the order of JSON (RFC 8785); `handler::CanonicalJson`, a response in its canonical form; `IdempotencyLayer::canonical_json` | no |
//! | `serde` | `Cache-Control` directives as strings of a configuration | no |
//! | `metrics` | `observe::Metrics`: counters of 304s, saved bytes, conflicts, keys and purges, for the recorder of the crate `metrics` | no |
//! | `tracing` | `observe::Tracing`, an event for each exchange. Further events for a source that failed, an unchecked write, an idempotency key, a given-up purge, a stale remembered ETag, and findings of an audit | no |
//! | `blake3` | `etag::Blake3`, for tags from BLAKE3 | no |
//! | `xxh3` | `etag::Xxh3`, for tags from XXH3 of content that attackers cannot influence | no |
//! | `test-util` | `clock::ManualClock`, a clock that tests can advance; `store::contract`, suites for stores | no |
//!
//! Two features change what layers do. With `axum`, layers below `Router::nest` know the whole path.
//! Without `tokio` there are no timeouts, and the content of a refused request is read only as far
//! as it has already arrived.
//!
//! # Minimum supported Rust version
//!
//! 1.88. A minor release may raise it to a version that is at least six months old. A patch
//! release never raises it.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod assets;
pub mod audit;
pub mod body;
pub mod cache_policy;
pub mod cache_status;
pub mod cache_tags;
pub mod clock;
pub mod coding;
pub mod conditional;
pub mod cors;
#[cfg(feature = "tokio")]
pub mod detached;
pub mod digest;
mod error;
pub mod etag;
mod events;
pub mod handler;
#[cfg(feature = "tokio")]
pub mod idempotency;
#[cfg(feature = "tokio")]
pub mod lock;
#[cfg(feature = "tracing")]
mod log_limit;
pub mod observe;
pub mod outcome;
pub mod precondition;
pub mod purge;
pub mod range;
pub mod refusal;
#[cfg(feature = "axum")]
pub mod resource;
pub mod route;
// Its items are `pub` for the modules that export them, and for the fuzz targets.
#[allow(unreachable_pub)]
mod semantics;
mod service;
mod setting;
pub mod source;
mod stack;
pub mod state_ref;
#[cfg(feature = "tokio")]
pub mod store;
pub mod target;
#[cfg(test)]
mod test_support;
#[cfg(feature = "tokio")]
pub mod validator_cache;

/// Rules of HTTP for the fuzz targets, which users do not need.
#[cfg(fuzzing)]
pub mod fuzzing {
    #[cfg(feature = "tokio")]
    use crate::idempotency::{IdempotencyKey, InvalidIdempotencyKey};
    #[cfg(feature = "json")]
    pub use crate::semantics::canonical_json::{
        CanonicalLimits, IgnoredMembers, InvalidPointer, NotCanonical, ReducedForm, canonicalize,
        canonicalize_without,
    };
    pub use crate::semantics::{
        caching::{
            cache_control::has_no_store, cache_tags::write_invalidation,
            no_vary_search::NO_VARY_SEARCH,
        },
        condition::{
            ConditionalFields, Decision,
            not_modified::strip_representation_metadata,
            range::{ByteRange, Plan, RangeLimits, RangeSet},
        },
        field::{list::members, vary},
        validator::{
            TagMember,
            coding::{DecodedRequest, TagCodings},
            entity_tags,
        },
    };
    use crate::{Current, Validators, validator::HttpDate};

    /// Reads the key of a request.
    #[cfg(feature = "tokio")]
    pub fn idempotency_key(
        headers: &http::HeaderMap,
        accepts_bare: bool,
    ) -> Result<Option<IdempotencyKey>, InvalidIdempotencyKey> {
        IdempotencyKey::from_headers(headers, accepts_bare)
    }

    /// Returns the key of remembered validators.
    #[cfg(feature = "tokio")]
    pub fn validator_key(
        namespace: &str,
        target: &http::Uri,
        headers: &http::HeaderMap,
        declared: &[http::HeaderName],
        principal: Option<&str>,
    ) -> crate::store::validators::ValidatorKey {
        use crate::semantics::validator_cache::{KeyHasher, KeyParts};

        KeyHasher::shared(namespace, "").key(&KeyParts {
            target,
            uri: target,
            headers,
            declared,
            principal,
            no_vary_search: None,
        })
    }

    /// Plans the parts of a representation.
    pub fn plan_ranges(
        headers: &http::HeaderMap,
        method: &http::Method,
        length: u64,
        validators: &Validators,
        date: Option<HttpDate>,
        limits: RangeLimits,
    ) -> Plan {
        use crate::semantics::condition::range::{RangeFields, Representation, plan};

        let representation = Representation {
            length,
            validators: validators.as_ref(),
            date,
        };
        plan(
            &RangeFields::from_headers(headers),
            method,
            &representation,
            limits,
        )
    }

    /// Evaluates the conditions of a request.
    pub fn evaluate(
        conditions: &ConditionalFields<&http::HeaderValue>,
        method: &http::Method,
        current: &Current,
        now: HttpDate,
    ) -> Decision {
        conditions.evaluate(method, current.as_ref(), || now)
    }
}

pub mod validator {
    //! The types of validators and their parts, for sources and handlers (RFC 9110, section 8.8).

    pub use crate::semantics::{
        field::HttpDate,
        validator::{InvalidEntityTag, RepeatedFields, TagRef, WeakSecret},
    };
}

pub use assets::Assets;
pub use audit::{Audit, AuditLayer};
pub use cache_policy::CachePolicyLayer;
pub use cache_status::CacheStatusLayer;
pub use cache_tags::CacheTagsLayer;
pub use coding::CodingTagLayer;
pub use conditional::ConditionalLayer;
pub use digest::DigestLayer;
pub use error::BoxError;
pub use etag::EtagLayer;
#[cfg(feature = "tokio")]
pub use idempotency::IdempotencyLayer;
pub use observe::ObserveLayer;
pub use outcome::Outcome;
pub use precondition::PreconditionLayer;
pub use range::RangeLayer;
pub use semantics::{
    condition::Current,
    field::SafeMethods,
    validator::{EntityTag, Validators, VersionTags},
};
pub use source::ValidatorSource;
pub use stack::{ObservedStack, Stack, stack};
pub use state_ref::StateRefLayer;
#[cfg(feature = "tokio")]
pub use validator_cache::ValidatorCacheLayer;

/// The examples of the README, which are tested like those of the documentation.
#[cfg(all(doctest, feature = "axum", feature = "tokio"))]
#[doc = include_str!("../README.md")]
struct LibraryReadme;

/// The examples of `docs/setups.md`.
#[cfg(all(doctest, feature = "axum", feature = "json", feature = "tokio"))]
#[doc = include_str!("../docs/setups.md")]
struct Setups;
