//! Middleware that sets the cache policy of responses: `Cache-Control`, targeted headers, `Vary`
//! and `Date`.
//!
//! # Example
//!
//! ```
//! # async fn run() -> Result<(), tower::BoxError> {
//! use std::convert::Infallible;
//!
//! use http::{Request, Response, header};
//! use tower::{Service, ServiceBuilder, service_fn};
//! use tower_conditional::{CachePolicyLayer, cache_policy::CachePolicy};
//!
//! async fn handle(_: Request<()>) -> Result<Response<&'static str>, Infallible> {
//!     Ok(Response::new("hello"))
//! }
//!
//! let mut service = ServiceBuilder::new()
//!     .layer(CachePolicyLayer::new(CachePolicy::read_mostly_json()))
//!     .service_fn(handle);
//!
//! let response = service.call(Request::get("/").body(())?).await?;
//! let headers = response.headers();
//! assert_eq!(headers[header::CACHE_CONTROL], "max-age=60, stale-while-revalidate=30");
//! assert_eq!(headers[header::VARY], "accept, accept-encoding");
//!
//! let request = Request::get("/").header(header::AUTHORIZATION, "Bearer x").body(())?;
//! let response = service.call(request).await?;
//! assert_eq!(
//!     response.headers()[header::CACHE_CONTROL],
//!     "private, max-age=60, stale-while-revalidate=30",
//! );
//! # Ok(())
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
//! ```
//!
//! With other lifetimes, a header for content delivery networks, and rules:
//!
//! ```
//! use std::time::Duration;
//!
//! use http::StatusCode;
//! use tower_conditional::{
//!     CachePolicyLayer,
//!     cache_policy::{CacheControl, CachePolicy, Rule},
//! };
//!
//! let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
//! let pages = CachePolicy::no_cache().cdn(CacheControl::new().with_max_age(minutes(10)))?;
//! let missing = CachePolicy::shared_and_public()
//!     .adjust(|directives| directives.with_max_age(minutes(1)))?;
//! let layer = CachePolicyLayer::new(pages)
//!     .rule(Rule::new(CachePolicy::immutable_asset()).path("/assets/{*file}")?)?
//!     .rule(Rule::new(missing).status(StatusCode::NOT_FOUND))?;
//! # let _: CachePolicyLayer = layer;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # How it works
//!
//! The first [`Rule`] that matches a response decides. Without a match:
//!
//! | Response | Policy |
//! |---|---|
//! | 200, 203, 204, 206 or 304 to `GET` or `HEAD` | the policy of the layer |
//! | an error, 4xx or 5xx, to any method | `no-store`, unless the handler or a rule sets another |
//! | any other response to a method that reads, such as a redirection or a 200 to `QUERY` | `no-cache`, unless the handler or a rule sets another |
//! | any other response to `POST`, `PUT`, `PATCH`, `DELETE` and so on | nothing that would make it fresh (RFC 9110, section 9.3.3) |
//!
//! The defaults are explicit, since a cache chooses a lifetime if the response has none (RFC
//! 9111, section 4.2.2). It might store a permanent redirection forever. Some more cases:
//!
//! | Case | Policy |
//! |---|---|
//! | 206 and 304 | that of the 200 |
//! | `Authorization` in the request | `private` |
//! | `Set-Cookie` in the response | `private` |
//! | a `Cache-Control` of the handler | the stricter value of both |
//!
//! ## A handler's own `Cache-Control`
//!
//! The layer merges it with the policy. If both set a directive, the stricter value wins. If one
//! sets it, that value is used. `Expires` counts as a lifetime. Two examples:
//!
//! - `private, max-age=5` stays unchanged below a policy of `public, max-age=3600`.
//! - `max-age=600` becomes 60 below a policy of `max-age=60`.
//!
//! [`CachePolicy::override_handler`] replaces the handler's header, and
//! [`CachePolicy::yield_to_handler`] leaves it unchanged. The default `no-store` of errors and
//! `no-cache` of redirections yield too.
//!
//! A handler can choose another policy with a response extension of type [`CachePolicy`]. It
//! replaces the rules of every policy layer outside. For a method whose responses cannot be
//! fresh, a fresh policy is ignored.
//!
//! ## Headers that caches read differently
//!
//! Some caches read `max-age=600.5` as 600 seconds, and some ignore it. The layer rewrites such a
//! header to its strictest meaning, here `max-age=0`. It does so below every policy and in every
//! targeted header. The same applies to
//!
//! - a quoted number, a repeated directive with an argument, and a flag with an argument;
//! - a header in several lines;
//! - an `Expires` that is no date. One that grants more than `Cache-Control` is removed.
//!
//! Unknown directives stay, unless they contain a lifetime: nginx reads `x-max-age=600` as
//! `max-age=600`.
//!
//! ## Responses for one user
//!
//! The response to a request with `Authorization` is `private` (RFC 9111, section 3.5), and so is
//! one with `Set-Cookie` (section 7.3). [`CachePolicy::share_authorized`] and
//! [`CachePolicy::share_cookies`] change that.
//!
//! ## Targeted headers
//!
//! A cache that reads a targeted header (RFC 9213) ignores `Cache-Control`. So the layer copies
//! all restrictions into each of them, also into those of the handler. These are `private` for
//! one user, and the directives of the policy that forbid to share, store or reuse a response.
//!
//! If the handler sets only `Cache-Control`, it applies to the targeted headers of the policy
//! too. If it sets both, each applies by itself.
//!
//! ## `Vary` and `Date`
//!
//! `Vary` has the headers of the policy, of the handler, and of all [`Rule::header`] conditions.
//! It is the same on 200, 304, 206 and errors, and for requests without these headers.
//!
//! `Date` is added if it is missing. `Expires` is added only if a policy says so, and `Age` and
//! `Pragma` never are.
//!
//! ## Choosing a policy
//!
//! Two decisions determine what a cache may do with a response. With a *validator*, a cache can
//! find out whether the response is still current: an entity tag from
//! [`EtagLayer`](crate::EtagLayer), a version or a source. `Cache-Control` sets how long it may
//! be used without revalidation. This section is about `Cache-Control`.
//!
//! Use the first row that is true. Each recipe is a function of [`Stack`](crate::Stack#recipes).
//! Without the layers for tags, all but `guarded_writes` are constructors of [`CachePolicy`].
//!
//! | The response ... | Recipe | `Cache-Control` | Tag |
//! |---|---|---|---|
//! | is a secret or a one-time token, and must not be stored | `no_store` | `no-store` | none |
//! | belongs to a user who is signed in, and must be current | `authenticated` | `private, max-age=0, must-revalidate` | strong |
//! | belongs to one user, and may be a minute old | `private` | `private, max-age=60` | strong |
//! | is read and then written by several clients | `guarded_writes` | `no-cache` | strong, and `If-Match` on writes |
//! | has a URL with its version or hash | `immutable_asset` | `public, max-age=31536000, immutable` | strong |
//! | is changed on the way, for instance by an image optimizer | `transformed` | `max-age=60` | weak |
//! | must never be stale, and changes all the time | `highly_dynamic` | `max-age=0, must-revalidate` | strong |
//! | must be revalidated on every use | `no_cache` | `no-cache` | strong |
//! | must be available while the service is down | `resilient` | `max-age=300, stale-while-revalidate=60, stale-if-error=3600` | strong |
//! | is a list that may be slightly stale | `slightly_old_list` | `max-age=30, s-maxage=120, stale-while-revalidate=30, stale-if-error=300` | strong |
//! | is JSON that is read often and written rarely | `read_mostly_json` | `max-age=60, stale-while-revalidate=30`, `Vary: accept, accept-encoding` | strong |
//! | is the same for everybody | `shared_and_public` | `public, max-age=3600` | strong |
//!
//! If none is true, use `no_cache`. It is never wrong, and with a tag it costs only a 304.
//!
//! ## Directives that are often misread
//!
//! - `no-cache` stores the response, and revalidates it on every use. `no-store` does not store
//!   it.
//! - `private` without a lifetime lets a browser choose one. Set one.
//! - `must-revalidate` forbids the use of a *stale* response. A fresh one is used without
//!   revalidation. With `max-age=0` a response is always stale.
//! - `s-maxage` and `must-revalidate` each allow a shared cache to store the response to a request
//!   with `Authorization` (RFC 9111, section 3.5). Both forbid the stale use that
//!   `stale-while-revalidate` grants (sections 5.2.2.10 and 5.2.2.2). Caches differ in how they
//!   read the combination. It is accepted, and [`weaknesses`](CacheControl::weaknesses) lists it.
//!   A targeted header expresses both:
//!
//! ```
//! use std::time::Duration;
//!
//! use tower_conditional::cache_policy::{CacheControl, CachePolicy};
//!
//! // Browsers revalidate on every use. The CDN keeps the response for ten minutes, and uses it
//! // for one more while it revalidates.
//! let cdn = CacheControl::new()
//!     .with_max_age(Duration::from_secs(600))
//!     .with_stale_while_revalidate(Duration::from_secs(60));
//! let policy = CachePolicy::no_cache().cdn(cdn)?;
//! # let _ = policy;
//! # Ok::<_, tower_conditional::cache_policy::InvalidCachePolicy>(())
//! ```
//!
//! - `Vary: Authorization` does not separate users well: a cache would store one variant per
//!   token, and `private` stores none. `Vary: *` stores nothing at all.
//! - `immutable` cannot be taken back. Do not use it on a URL that may ever have other bytes.
//!
//! ## Ending a lifetime early
//!
//! During its lifetime a response may be stale. There are three ways to show a write at once and
//! to keep a cache in front:
//!
//! - `no-cache` with a tag: every use is revalidated, and a 304 is cheap;
//! - a new URL for each version, as [`Assets`](crate::Assets) makes them;
//! - a purge after each write, with [`CacheTagsLayer`](crate::CacheTagsLayer).
//!
//! # Layer order
//!
//! Put the layer outside of the layers that answer without the service, so that a 304, 412 or
//! 428 gets a policy too. Compression may be on either side:
//!
//! ```text
//! CodingTagLayer, compression
//! CachePolicyLayer
//! PreconditionLayer, ConditionalLayer, EtagLayer
//! the service
//! ```
//!
//! **Put layers that set cookies inside**, such as one for sessions. The policy makes a response
//! `private` only if it sees the `Set-Cookie`. For the same reason no layer outside may remove
//! `Authorization` from the request.
//!
//! The layer cannot stop an inner [`EtagLayer`](crate::EtagLayer) from making a tag that no
//! client uses. If the policy is `no-store`, leave that layer out, or let the handler set
//! `no-store`.
//!
//! With a source of validators, the service does not run for a 304, and its own `Cache-Control` is
//! not known. The 304 then has the policy of this layer, and replaces that of the stored response.
//! So use the same policy here, or set the header between this layer and the source.
//!
//! To an outer policy layer, an inner one is a handler. A default around routes with policies of
//! their own is `CachePolicyLayer::new(CachePolicy::no_cache().yield_to_handler())`.
//!
//! # Limits
//!
//! The number of rules is not limited. Rules with paths are found through one table, and rules
//! without a path are tried one by one.
//!
//! # Errors
//!
//! The layer adds no errors. [`CachePolicyLayer::rule`] and the constructors of policies return
//! [`InvalidCachePolicy`] for contradictory settings.
//!
//! # What it does not do
//!
//! `private` is no access control: it works only for caches that obey.
//!
//! A `Cookie` in the request does not make a response private, and neither does an API key in
//! another header. If they select the content, use [`CachePolicy::private`] or `Vary`.
//!
//! A policy that is private for browsers but lets a CDN store the response is accepted as
//! intended.
//!
//! Some caches prefer other headers to `Cache-Control`. The layer knows those of RFC 9213 and
//! `Surrogate-Control`. If a handler sets `X-Accel-Expires`, which nginx prefers, or
//! `Edge-Control`, it applies to all users.
//!
//! The layer makes no validators and reads no content. Without a validator a cache has to fetch
//! the whole response again: see [`EtagLayer`](crate::EtagLayer).

mod condition_headers;
mod date;
mod future;
mod layer;
mod matched;
mod rule;
mod rules;
mod service;
#[cfg(test)]
mod tests;

pub use crate::semantics::caching::{
    cache_control::{
        CacheControl, DirectiveConflict, Extension, InvalidCachePolicy, RequestCacheControl,
    },
    cache_policy::CachePolicy,
    no_vary_search::NoVarySearch,
};
pub use {
    future::ResponseFuture, layer::CachePolicyLayer, rule::Rule, service::CachePolicyService,
};
