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
//!     cache_policy::{CachePolicy, Rule},
//!     semantics::cache_control::CacheControl,
//! };
//!
//! let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
//! let pages = CachePolicy::always_ask().cdn(CacheControl::new().with_max_age(minutes(10)))?;
//! let missing = CachePolicy::shared_and_public()
//!     .adjust(|directives| directives.with_max_age(minutes(1)))?;
//! let layer = CachePolicyLayer::new(pages)
//!     .rule(Rule::new(CachePolicy::versioned_asset()).path("/assets/{*file}")?)?
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
//! 4.2.2). So do the successes of `QUERY`, and of other safe methods that read,
//! unless a rule names the method. To those of `POST` and all others nothing is
//! added that would make them fresh (RFC 9110, section 9.3.3).
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
//! **What is for one user is `private`**: the answer to a request with
//! `Authorization` (RFC 9111, section 3.5), and one with `Set-Cookie` (section
//! 7.3). [`CachePolicy::share_authorized`] and [`CachePolicy::share_cookies`]
//! say otherwise.
//!
//! **Targeted fields** (RFC 9213) hide `Cache-Control` from those that read
//! them, so what is for one user, and what the policy does not let caches share,
//! keep or use without asking, is copied into all of them, a handler's own
//! included. A handler that says nothing in a targeted field of the policy
//! means its `Cache-Control` for it; one that says both means both.
//!
//! **`Vary`** has the fields of the policy, those that rules look at by
//! [`Rule::header`], and those of the handler: the same on 200, 304 and 206, on
//! an error, and where the request has no such field.
//!
//! **`Date`** is added where there is none. `Age` and `Pragma` never are,
//! `Expires` on request.
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
//! **Whatever sets cookies belongs inside of it**, a layer of sessions for
//! instance: it makes a response `private` for the `Set-Cookie` that it sees, and
//! the `Authorization` that no layer around it has taken from the request.
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
//! `CachePolicyLayer::new(CachePolicy::always_ask().yield_to_handler())`.
//!
//! # What it does not promise
//!
//! `private` keeps shared caches away that obey; it is no access control. A
//! request's `Cookie` does not make a response private, nor does a key in a field
//! of its own: say so where it chooses the content, with
//! [`CachePolicy::the_callers_own`] or in `Vary`. A policy for a content delivery
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

pub use crate::semantics::cache_policy::{CachePolicy, InvalidPolicy};
pub use {
    future::ResponseFuture,
    layer::CachePolicyLayer,
    rule::{InvalidRule, Rule},
    service::CachePolicyService,
};
