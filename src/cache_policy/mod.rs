//! How responses may be cached: `Cache-Control`, targeted fields, `Vary`, `Date`.
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
//! With other numbers, a field for content delivery networks, and rules:
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
//! # What it does
//!
//! The first [`Rule`] that is for a response decides; where none is, the policy
//! that the layer was made with is for the successes of `GET` and `HEAD` (200,
//! 203, 204, 206, 304), `no-store` for errors, and `no-cache` for the rest,
//! since a cache makes up a lifetime where none is said (RFC 9111, section
//! 4.2.2). The successes of `QUERY`, and of other safe methods that read, get
//! `no-cache` too, unless a rule names the method. To those of `POST` and all
//! others nothing is added that would make them fresh (RFC 9110, section 9.3.3).
//!
//! **A handler's own `Cache-Control` is joined**, not replaced: each part is as
//! the stricter of the two has it, and what one leaves open the other fills.
//! `Expires` counts as a lifetime. So a handler's `private, max-age=5` stays as
//! it is below `public, max-age=3600`, and its `max-age=600` is 60 below
//! `max-age=60`. [`CachePolicy::override_handler`] replaces it,
//! [`CachePolicy::yield_to_handler`] leaves it alone, which is also what the
//! `no-store` of errors and the `no-cache` of redirections do.
//!
//! **A field that caches read in different ways is written anew**, to the strict
//! side, below every policy and in every targeted field. Some caches take
//! `max-age=600.5` for 600 seconds, and some ignore it; after this layer it is
//! `max-age=0`. The same holds for a quoted number, a directive that stands twice,
//! a flag with an argument, a field in several lines, and an `Expires` that is no
//! date. An `Expires` that grants more than `Cache-Control` is removed. Unknown
//! directives stay as they are, except for one in which a lifetime stands:
//! nginx takes `x-max-age=600` for `max-age=600`.
//!
//! **A handler chooses another policy** by a response extension of type
//! [`CachePolicy`], which then takes the place of the rules, at every layer of
//! this kind around it. For a method that can have no freshness, a fresh one is
//! ignored.
//!
//! **Responses for one user are `private`**: the answer to a request with
//! `Authorization` (RFC 9111, section 3.5), and one with `Set-Cookie` (section
//! 7.3). [`CachePolicy::share_authorized`] and [`CachePolicy::share_cookies`]
//! say otherwise.
//!
//! **Targeted fields** (RFC 9213) hide `Cache-Control` from those that read
//! them. So `private` for one user, and each part of the policy that forbids caches to
//! share, to keep or to use a response without asking, is copied into all of them, a
//! handler's own included. A handler that says nothing in a targeted field of the policy
//! means its `Cache-Control` for it; one that says both means both.
//!
//! **`Vary`** has the fields of the policy, those that rules look at by
//! [`Rule::header`], and those of the handler: the same on 200, 304 and 206, on
//! an error, and where the request has no such field.
//!
//! **`Date`** is added where there is none. `Age` and `Pragma` never are,
//! `Expires` on request.
//!
//! # Choosing a policy
//!
//! Two questions decide what a cache may do with a response. *Is it the same?*
//! is answered by a validator: an entity tag, from
//! [`EtagLayer`](crate::EtagLayer), a version or a source. *When to ask again?*
//! is answered by `Cache-Control`. This section is about the second.
//!
//! ## The table
//!
//! Go down the rows; the first that is true decides. Each is a function of
//! [`Stack`](crate::Stack#recipes) and, without the layers that make tags, a constructor of
//! [`CachePolicy`].
//!
//! | The response ... | Recipe | `Cache-Control` | Tag |
//! |---|---|---|---|
//! | must be nowhere but in this exchange: a secret, a one-time token | `no_store` | `no-store` | none |
//! | belongs to a caller who is signed in, and has to be current | `authenticated` | `private, max-age=0, must-revalidate` | strong |
//! | belongs to the caller, and may be a minute old | `private` | `private, max-age=60` | strong |
//! | is read and then written by many | `guarded_writes` | `no-cache` | strong, and `If-Match` on writes |
//! | has a URL that names its version or its hash | `immutable_asset` | `public, max-age=31536000, immutable` | strong |
//! | is changed on the way, by an optimiser of images for instance | `transformed` | `max-age=60` | weak |
//! | must never be used old, and changes all the time | `highly_dynamic` | `max-age=0, must-revalidate` | strong |
//! | must never be used without asking | `no_cache` | `no-cache` | strong |
//! | should be there even while the service is down | `resilient` | `max-age=300, stale-while-revalidate=60, stale-if-error=3600` | strong |
//! | is a list, and slightly old is fine | `slightly_old_list` | `max-age=30, s-maxage=120, stale-while-revalidate=30, stale-if-error=300` | strong |
//! | is JSON that is read often and written now and then | `read_mostly_json` | `max-age=60, stale-while-revalidate=30`, `Vary: accept, accept-encoding` | strong |
//! | is the same for everybody | `shared_and_public` | `public, max-age=3600` | strong |
//!
//! None of them? `no_cache` is never wrong, and with a tag never dear: it costs
//! a 304.
//!
//! ## Defaults of the layer
//!
//! | Case | What [`CachePolicyLayer`] does |
//! |---|---|
//! | an error, 4xx or 5xx | `no-store`, unless the handler or a rule says otherwise |
//! | a redirection, 3xx | `no-cache`, likewise; a permanent one would otherwise be kept for good |
//! | 206 and 304 | what the 200 would have had |
//! | `POST`, `PUT`, `PATCH`, `DELETE` | nothing that would make the answer fresh |
//! | `Authorization` on the request | `private` |
//! | `Set-Cookie` on the response | `private` |
//! | the handler's own `Cache-Control` | the stricter value of both |
//!
//! ## Directives that are often misread
//!
//! - `no-cache` keeps the response, and asks before each use. `no-store` does not
//!   keep it.
//! - `private` without a lifetime lets a browser make one up. Say one.
//! - `must-revalidate` forbids using the response once it is *stale*; while it
//!   is fresh nobody asks. With `max-age=0` it is always stale.
//! - `s-maxage` and `must-revalidate` each allow a shared cache to keep the answer
//!   to a request with `Authorization` (RFC 9111, section 3.5), and forbid the
//!   stale use that `stale-while-revalidate` grants (sections 5.2.2.10 and
//!   5.2.2.2). Caches differ in what they make of it; the combination is built,
//!   [`weaknesses`](CacheControl::weaknesses) names it, and a targeted field says both
//!   cleanly:
//!
//! ```
//! use std::time::Duration;
//!
//! use tower_conditional::cache_policy::{CacheControl, CachePolicy};
//!
//! // Browsers ask each time; the network in front keeps it for ten minutes, and
//! // goes on using it for another one while it asks.
//! let at_the_edge = CacheControl::new()
//!     .with_max_age(Duration::from_secs(600))
//!     .with_stale_while_revalidate(Duration::from_secs(60));
//! let policy = CachePolicy::no_cache().cdn(at_the_edge)?;
//! # let _ = policy;
//! # Ok::<_, tower_conditional::cache_policy::InvalidCachePolicy>(())
//! ```
//!
//! - `Vary: Authorization` is not a way to keep users apart: caches that obey
//!   would keep one variant per token, and `private` keeps none. `Vary: *` keeps
//!   nothing at all.
//! - `immutable` on a URL that can ever mean other bytes cannot be taken back.
//!
//! ## Where a lifetime ends early
//!
//! A lifetime is a promise to be content with what is old. Where a write has to
//! be seen at once and a cache in front should still work, there are three ways:
//! `no-cache` with a tag (every use asks, and a 304 is cheap); a new URL for each
//! version, as [`Assets`](crate::Assets) make them; or to purge what a write has
//! changed, with [`CacheTagsLayer`](crate::CacheTagsLayer).
//!
//! # What it needs from its neighbours
//!
//! It belongs outside of the layers that answer for the service, so that a 304,
//! a 412 and a 428 have a policy too. Compression may be on either side:
//!
//! ```text
//! CodingTagLayer, compression
//! CachePolicyLayer
//! PreconditionLayer, ConditionalLayer, EtagLayer
//! the service
//! ```
//!
//! **A layer that sets cookies belongs inside of it**, such as one of sessions. The policy
//! makes a response `private` for the `Set-Cookie` that it sees, and for the
//! `Authorization` that no layer around it has taken from the request.
//!
//! From out here it cannot keep [`EtagLayer`](crate::EtagLayer) from making a tag
//! that nobody will use: where the policy is `no-store`, leave that layer out, or
//! let the handler say it.
//!
//! A service that has a `Cache-Control` of its own behind a source of validators
//! did not run for a 304, and what it would have said is not known: the 304 has
//! the policy of this layer, and the stored response takes it over. Say there
//! what the route says here, or put the field on between the two.
//!
//! An inner layer of this kind is a handler to an outer one. A default around
//! routes with policies of their own is
//! `CachePolicyLayer::new(CachePolicy::no_cache().yield_to_handler())`.
//!
//! # What it does not promise
//!
//! `private` keeps shared caches away that obey; it is no access control. A
//! request's `Cookie` does not make a response private, nor does a key in a field
//! of its own: say so where it chooses the content, with
//! [`CachePolicy::private`] or in `Vary`. A policy for a content delivery
//! network beside one that is private for browsers is taken as it is meant.
//!
//! Of the fields that go before `Cache-Control` at some cache, those of RFC 9213
//! and `Surrogate-Control` are known. A handler that sets `X-Accel-Expires`,
//! which nginx hears first, or `Edge-Control` sets it for everybody.
//!
//! It makes no validator, without which a cache asks in vain: see
//! [`EtagLayer`](crate::EtagLayer). It looks at no content.

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
