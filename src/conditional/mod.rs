//! Middleware that answers conditional reads: 304 if the client has the current
//! representation, and 412 if a condition is false. With a source of validators it does so
//! before the service runs.
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
//! use tower::{Layer, ServiceExt, service_fn};
//! use tower_conditional::ConditionalLayer;
//!
//! // A handler that knows the version of its content.
//! async fn handle(_: Request<()>) -> Result<Response<Full<Bytes>>, Infallible> {
//!     let mut response = Response::new(Full::from("hello"));
//!     response.headers_mut().insert(header::ETAG, "\"v7\"".parse().unwrap());
//!     Ok(response)
//! }
//!
//! let service = ConditionalLayer::new().layer(service_fn(handle));
//! let request = Request::get("/").header(header::IF_NONE_MATCH, "\"v7\"").body(())?;
//! let response = service.oneshot(request).await?;
//! assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
//! assert_eq!(response.headers()[header::ETAG], "\"v7\"");
//! # Ok(())
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
//! ```
//!
//! The following layer renders refusals as plain text, and also evaluates conditions of
//! `REPORT`. It calls the service with `GET` for every `HEAD`:
//!
//! ```
//! use http::HeaderValue;
//! use tower_conditional::{refusal::Refusal, ConditionalLayer, SafeMethods};
//!
//! let layer = ConditionalLayer::new()
//!     .methods(SafeMethods::default() | SafeMethods::REPORT)
//!     .head_as_get()
//!     .refusals(|refusal: &Refusal| {
//!         (HeaderValue::from_static("text/plain"), refusal.detail().into())
//!     });
//! ```
//!
//! With a [source](crate::source) of validators, such as a version column, the service runs
//! only for clients whose copy is out of date:
//!
//! ```
//! # async fn run() -> Result<(), tower::BoxError> {
//! # use std::convert::Infallible;
//! # use bytes::Bytes;
//! # use http::{Request, Response, StatusCode, header};
//! # use http_body_util::{Empty, Full};
//! # use tower::{Layer, ServiceExt, service_fn};
//! use tower_conditional::{ConditionalLayer, VersionTags, source};
//!
//! let source = source::from_fn(async |_| VersionTags::plain().number(7));
//! let handler = service_fn(|_: Request<Empty<Bytes>>| async {
//!     Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("hello")))
//! });
//! let service = ConditionalLayer::new().source(source).layer(handler);
//! let response = service.oneshot(Request::get("/").body(Empty::new())?).await?;
//! assert_eq!(response.headers()[header::ETAG], "\"7\""); // it was read before the service ran
//! # Ok(())
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
//! ```
//!
//! # How it works
//!
//! The service runs, and its response has the validators. If the response is 2xx (RFC 9110,
//! section 13.2.1), the layer evaluates `If-Match`, `If-Unmodified-Since`, `If-None-Match`
//! and `If-Modified-Since` in the order of section 13.2.2. Any other status wins over the
//! conditions.
//!
//! - If the client has the current representation, the response becomes a 304. It keeps
//!   every header of the 200 that does not describe the missing content.
//! - If the client names the tag in its weak form alone, the 304 has that form. A cache whose
//!   compression weakened the tag could not use another (RFC 9111, section 4.3.4). A 304
//!   that the service makes itself gets that form too.
//! - If a condition is false, the response becomes a 412 with the current validators.
//! - A `Last-Modified` later than the response's `Date`, or than now, is set to that date
//!   (section 8.8.2.1).
//! - A 304 keeps `Content-Length` if the length of the 200 is known (section 8.6).
//!   Otherwise `axum::Router` would write `content-length: 0`, which is wrong.
//!
//! With a source, the layer calls it before the service. If the conditions are already decided
//! by the source's validators, the layer answers 304 or 412 with them, and the service does not
//! run. Otherwise the service runs, and its 200 gets the validators of the source. If the
//! service sets its own tag, that tag wins. If the source fails or does not know the state, the
//! layer works as without a source.
//!
//! If the source knows the state, no [`EtagLayer`](crate::EtagLayer) hashes the content, so all
//! reads have the same kind of tag. If the source knows only a date, the response has no tag.
//!
//! ## Confirmation
//!
//! A strong tag identifies one sequence of bytes (RFC 9110, section 8.8.1). A write may come
//! between the source's answer and the service's own read, and the new content would get the
//! old tag. So the layer calls the source again after the service, and sets a strong tag only
//! if its result is the same. Otherwise the 200 has no tag, and `If-Match` is evaluated against
//! the new state.
//!
//! - A handler that reads version and content in one statement sets the tag itself, with
//!   [`WithValidators`](crate::handler::WithValidators). No second read happens.
//! - The request's head is copied for the second read.
//! - Content without an exact length is read after the head is sent, so it gets the weak form
//!   of the tag. So does content with a `Content-Encoding`.
//! - Content with an exact length counts as read when the head is ready. A body that reads
//!   changing state later must not announce a length.
//! - A 206 gets no tag from the source.
//! - A date or a weak tag needs no confirmation. But if the request has `Range`, the date is
//!   confirmed: a client joins parts by it, with `If-Range`.
//! - [`ConditionalLayer::without_confirmation`] switches the second read off.
//!
//! # Layer order
//!
//! The `ETag` or `Last-Modified` comes from the service or from an
//! [`EtagLayer`](crate::EtagLayer) inside. Authentication belongs outside, so that only clients
//! that may read get a 304. CORS, security headers and tracing work on either side. With a
//! source, put CORS and security headers outside: a response without the service has no headers
//! from layers inside. A layer outside that changes the length of content should remove the
//! `Content-Length` of a 304.
//!
//! A 304 must repeat `Cache-Control`, `Content-Location`, `Expires` and `Vary` of the 200
//! (RFC 9110, section 15.4.5). A handler that does not run cannot set them. They come from
//! one of two places:
//!
//! - A layer around this one, such as [`CachePolicyLayer`](crate::CachePolicyLayer) or
//!   tower-http's `SetResponseHeaderLayer`. [`Stack`](crate::Stack) has that order.
//! - The source, with [`repeating`](crate::source::ValidatorSource::repeating) or
//!   [`Validators::with_repeated`](crate::Validators::with_repeated):
//!
//! ```
//! # use http::header::ACCEPT_LANGUAGE;
//! # use tower_conditional::{
//! #     source::{self, ValidatorSource},
//! #     validator::RepeatedFields, ConditionalLayer, VersionTags,
//! # };
//! # let versions = source::now(|_| VersionTags::plain().number(7));
//! let fields = RepeatedFields::new().with_vary([ACCEPT_LANGUAGE]);
//! let layer = ConditionalLayer::new().source(versions.repeating(fields));
//! # let _ = layer;
//! ```
//!
//! The 200 gets the same headers if the handler leaves them out. If a handler sets another
//! value, the [audit](crate::audit) reports the 304 that differs.
//!
//! If one resource has several variants, the source must distinguish them by the request's
//! headers. Content codings are the exception: [`CodingTagLayer`](crate::CodingTagLayer)
//! handles them.
//!
//! # Limits
//!
//! - Without a source the layer saves the transfer of the content, but the service still runs.
//! - A source does not see the content of a request. So the layer does not call it for a
//!   `QUERY`, whose conditions apply to the result of the query (RFC 10008, section 2.6). It
//!   evaluates them with the validators of the response.
//!
//! # Errors
//!
//! - 412: a condition is false. The body is a problem document unless
//!   [`refusals`](ConditionalLayer::refusals) renders another.
//! - 503: the source failed, under
//!   [`OnSourceError::Refuse`](crate::source::OnSourceError::Refuse). By default the
//!   service runs as it does without a source.
//!
//! # What it does not do
//!
//! - With a source, it does not run the service's own checks before a 304, such as
//!   authorization.
//! - It does not evaluate conditions of writes, which must be checked before the write is
//!   performed; see [`PreconditionLayer`](crate::PreconditionLayer).

mod config;
mod future;
mod layer;
mod respond;
mod service;
mod sourced;
#[cfg(test)]
mod tests;
mod unanswered;

pub use {
    config::SourceConfig,
    future::{ResponseFuture, SourcedFuture},
    layer::ConditionalLayer,
    service::Conditional,
};
