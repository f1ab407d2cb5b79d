//! Tower middleware for ETags, conditional requests (304, 412, 428) and cache policy.
//!
//! A client that has a representation already gets a 304 instead of its bytes,
//! and a client whose condition is false gets a 412 (RFC 9110, sections 8.8
//! and 13), without a line in the handlers. A cache policy says on every
//! response when to ask again (RFC 9111). The layers work around any
//! `Service<Request<_>>` that answers with a `Response<_>` whose body gives
//! `Bytes`: `axum`, `hyper`, `tonic` and others.
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
//! # The layers
//!
//! A *validator* is an `ETag` or a `Last-Modified`; a [source] knows it
//! before the service runs: a function, a version in a database, or the service
//! itself, asked with a `GET`.
//!
//! | Layer | What it does |
//! |---|---|
//! | [`EtagLayer`] | makes an entity tag from the content of a response |
//! | [`ConditionalLayer`] | answers conditional reads with 304 and 412; with a source, before the service runs |
//! | [`StateRefLayer`] | answers 304 to a client that names the latest state, to `POST` as well |
//! | [`PreconditionLayer`] | checks conditional writes before they are performed: 412, 428 |
//! | [`CachePolicyLayer`] | says how responses may be cached: `Cache-Control`, targeted fields, `Vary`, `Date` |
//! | [`CodingTagLayer`] | makes one strong tag per content coding, around compression |
//! | [`CacheTagsLayer`] | names responses for caches, and has them forgotten after a write |
//! | [`CacheStatusLayer`] | for debugging: says in `Cache-Status` whether the handler had to run |
//! | [`AuditLayer`] | for development and tests: reports mistakes of validators and cache policies |
//!
//! [`stack`] puts those of one service in the right order. Each also works alone,
//! and its module says what it needs from its neighbours and what it does not
//! promise. Around them, outermost first:
//!
//! ```text
//! AuditLayer                       in tests: what a client sees
//! trace, CORS, security headers    any side works; outside is usual
//! authentication, limits           outside: a 304 only for those who may read
//! CacheStatusLayer                 while debugging, for those who may see it
//! CacheTagsLayer                   tags on reads, purges after writes
//! CodingTagLayer                   only around compression: "v1" and "v1-gzip"
//! compression                      the 304 costs none
//! CachePolicyLayer                 when to ask again, on every answer
//! sessions                         inside: the policy has to see the cookies they set
//! PreconditionLayer                writes: 412, 428
//! ConditionalLayer                 reads: 304, 412
//! EtagLayer                        a tag from the content
//! the service                      its own ETag always wins
//! ```
//!
//! # Compression
//!
//! Compression changes the bytes after they were tagged, and a strong tag must
//! not stand for both. [`CodingTagLayer`] around it gives each coding a tag of
//! its own, and takes it back:
//!
//! ```text
//! CodingTagLayer::new()            "v1" and "v1-gzip", Vary
//! CompressionLayer::new()          of tower-http
//! ConditionalLayer::new()
//! EtagLayer::new()
//! the service
//! ```
//!
//! The 304 then has the tag and the `Vary` of the 200, and costs no
//! compression; and what was read with gzip can be written with `If-Match`.
//!
//! Without it the tags must be weak, and compression belongs between the two
//! layers: `ConditionalLayer`, compression, `EtagLayer::new().weak()`. Outside
//! of both, compression leaves the 304 without the `Vary` that it adds to the
//! 200, and with the `Content-Length` of the uncompressed content. Inside of
//! both, it makes the length unknown, so nothing is tagged.
//!
//! # Placement in axum
//!
//! `resource::guard` (feature `axum`) puts the layers of one versioned resource in their
//! places.
//!
//! By hand, `MethodRouter::route_layer` is the place for a layer that refuses, such as
//! [`PreconditionLayer`] and [`Stack::guarded_writes`]: 404 and 405 are then
//! answered before any condition is asked for. It is not around a fallback, which
//! `axum::routing::any` makes: name the methods. `Router::layer(stack())` is the
//! place for the rest, where the length of the content is known.
//!
//! Wrap the router instead
//!
//! - where a handler sets an `ETag` on a stream, or content is compressed inside,
//! - where a source answers 304: before there is any content, its length is not
//!   known.
//!
//! Otherwise a `Router` writes `content-length: 0` on a 304 that comes out of its
//! own layers, and on the answer to `HEAD` where a layer asked with `GET`. That is
//! wrong (RFC 9110, section 8.6). `resource::wrap` (feature `axum`) wraps a router:
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
//! Below `Router::nest` a layer sees the path without its prefix. The feature
//! `axum` lets it know the whole path; a source that scopes its tags by the path
//! takes that from [`target::of`].
//!
//! Routes inside may have layers of their own all the same: a [`ConditionalLayer`]
//! around the router takes the wrong field from their 304s. A router answers `HEAD`
//! without content; [`ConditionalLayer::head_as_get`] gives such an answer the tag
//! of the `GET`. The `notes` example does all of this.
//!
//! # Modules beside and below the layers
//!
//! [`cache_policy`](cache_policy#choosing-a-policy) says which cache policy to choose, and
//! [`Stack`](Stack#recipes) has each of them with the layers that belong to it.
//! [`Assets`] is a service: files under names that hold their hash, to be kept for ever.
//! [`purge`] tells caches what to forget. [`audit`] reports mistakes in tests.
//!
//! [`handler`] evaluates conditions without `tower`, for other frameworks too.
//! [`VersionTags`] makes tags from the versions of a database. [`Outcome`] says
//! what was decided. [`target`] is the URI that the client asked for. [`route`] has the
//! patterns of paths for sources and cache rules. [`refusal`] renders the answers of layers
//! that refuse a request. `lock`, with the feature `tokio`, lets one writer at a time at
//! a key, and `detached` completes writes whose client has left.
//!
//! # Features
//!
//! | Name | Description | Default? |
//! |---|---|---|
//! | `tokio` | `lock::KeyedLock`, one writer at a time per key in this process; `detached::Detached`; `purge::PurgeQueue`; time limits of sources, of waiting for a purge and for the content of a refused request | yes |
//! | `axum` | `resource::guard`, the layers of a versioned resource in one call; `source::axum`, a source written with extractors; the types of [`handler`] as extractors and responses; the whole path below `Router::nest` for whatever names a resource ([`target`]) | no |
//! | `serde` | `Cache-Control` directives as strings of a configuration | no |
//! | `tracing` | events where a source failed, a write was not checked, a purge was given up or an audit found something | no |
//! | `blake3` | `etag::Blake3`, for tags from BLAKE3 | no |
//! | `xxh3` | `etag::Xxh3`, for tags from XXH3 of content that attackers cannot influence | no |
//! | `test-util` | `clock::ManualClock`, a clock that tests can move | no |
//!
//! A feature adds to the API. Two also change what layers do: with `axum` those below
//! `Router::nest` know the whole path, and without `tokio` nothing has a time limit, and
//! of the content of a refused request no more is read than has come.
//!
//! # Minimum supported Rust version
//!
//! 1.88. It moves at most to a version that is six months old, and never in a
//! patch release.

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
#[cfg(feature = "tokio")]
pub mod detached;
mod error;
pub mod etag;
mod events;
pub mod handler;
#[cfg(feature = "tokio")]
pub mod lock;
pub mod outcome;
pub mod precondition;
pub mod purge;
pub mod refusal;
#[cfg(feature = "axum")]
pub mod resource;
pub mod route;
// `pub` in it is for the modules that export from it, and for the fuzz targets.
#[allow(unreachable_pub)]
mod semantics;
mod service;
pub mod source;
mod stack;
pub mod state_ref;
pub mod target;
#[cfg(test)]
mod test_support;

/// Rules of HTTP that the fuzz targets try and users do not need.
#[cfg(fuzzing)]
pub mod fuzzing {
    pub use crate::semantics::{
        caching::{
            cache_control::has_no_store, cache_tags::write_invalidation,
            no_vary_search::NO_VARY_SEARCH,
        },
        condition::{ConditionalFields, Decision, not_modified::strip_representation_metadata},
        field::{list::members, vary},
        validator::{TagMember, coding::TagCodings, entity_tags},
    };
    use crate::{Current, validator::HttpDate};

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
    //! Validators and their parts (RFC 9110, section 8.8): what sources tell and handlers set.

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
pub use error::BoxError;
pub use etag::EtagLayer;
pub use outcome::Outcome;
pub use precondition::PreconditionLayer;
pub use semantics::{
    condition::Current,
    field::SafeMethods,
    validator::{EntityTag, Validators, VersionTags},
};
pub use source::ValidatorSource;
pub use stack::{Stack, stack};
pub use state_ref::StateRefLayer;

/// The examples of the README, compiled with those of the documentation.
#[cfg(all(doctest, feature = "axum", feature = "tokio"))]
#[doc = include_str!("../README.md")]
struct Readme;

/// The examples of `docs/setups.md`.
#[cfg(all(doctest, feature = "axum", feature = "tokio"))]
#[doc = include_str!("../docs/setups.md")]
struct Setups;
