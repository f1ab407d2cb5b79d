//! Answers conditional reads: 304 instead of content that the client has, 412
//! when a condition is false; with a source, before the service does any work.
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
//! // A handler that knows the version of what it serves.
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
//! With refusals in plain text, `REPORT`, and a `HEAD` that the service never
//! sees:
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
//! With a [source](crate::source) of validators, such as a version column, the
//! service runs only for a client that is behind:
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
//! # What it does
//!
//! The service runs, and its response tells the validators. Where it is 2xx
//! (RFC 9110, section 13.2.1) the request's `If-Match`, `If-Unmodified-Since`,
//! `If-None-Match` and `If-Modified-Since` are evaluated in the order of
//! section 13.2.2. What the client has already becomes a 304 with every field
//! of the 200 that does not describe the missing content; a false condition
//! becomes a 412 with the current validators. Any other status wins over both.
//!
//! A `Last-Modified` later than the response's `Date`, or than now, becomes
//! that date (section 8.8.2.1).
//!
//! `Content-Length` stays on a 304 where the length of the 200 is known, as
//! section 8.6 allows: `axum::Router` would otherwise write `content-length: 0`
//! there, which is wrong.
//!
//! With a source, that is asked first. A match is a 304 and a false condition a
//! 412 with the source's validators, and the service does not run. Otherwise it
//! runs, and its 200 is labelled with the validators that were read before. If
//! the response has a tag of its own, that tag wins. A source that knows nothing
//! or fails changes nothing.
//!
//! Where the source knows the state, no [`EtagLayer`](crate::EtagLayer) hashes
//! the content, so reads hand out one state of tag. If the source knows only a
//! date, the response has no tag.
//!
//! # Confirmation
//!
//! A strong tag stands for one sequence of bytes (RFC 9110, section 8.8.1). A
//! write may come between the source's answer and the service's read, and then
//! the old tag would go out on new content. So the source is asked again after
//! the service, and a strong tag goes out only if the answer is the same.
//! Otherwise the 200 has no tag, and an `If-Match` is held against the new state.
//!
//! - A handler that reads version and content in one statement sets the tag
//!   itself, with [`WithValidators`](crate::handler::WithValidators). No second read happens.
//! - The request's head is copied for the second read, unless it is switched off.
//! - Content without an exact length is read after its head went out, so it gets
//!   the tag in its weak form. So does content with a `Content-Encoding`.
//! - Content with an exact length is taken to be read when its head is there. A
//!   body that reads a state which can change later must not announce one.
//! - A 206 gets no tag from the source.
//! - [`ConditionalLayer::without_confirmation`] switches the second read off.
//!
//! The conditions of a `QUERY` are held against the result of the query (RFC
//! 10008, section 2.6). A source does not see the content of a request, so it
//! is not asked about a `QUERY`, and the response tells the validators.
//!
//! # What it needs from its neighbours
//!
//! An `ETag` or a `Last-Modified` from the service or from
//! [`EtagLayer`](crate::EtagLayer) inside. Authentication belongs outside, so
//! that a 304 is only ever given to those who may read. CORS, security headers
//! and tracing work on either side; with a source, CORS and security headers
//! belong outside, since what is answered before the service runs has no field
//! from inside. A layer outside that makes content longer or shorter should drop
//! the `Content-Length` of a 304.
//!
//! A 304 must repeat `Cache-Control`, `Content-Location`, `Expires` and `Vary` of
//! the 200 (RFC 9110, section 15.4.5). A handler that does not run cannot set
//! them. They come from one of two places:
//!
//! - A layer around this one, such as [`CachePolicyLayer`](crate::CachePolicyLayer)
//!   or tower-http's `SetResponseHeaderLayer`. [`Stack`](crate::Stack) has that
//!   order.
//! - The source, with
//!   [`repeating`](crate::source::ValidatorSource::repeating) or
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
//! The 200 gets the same fields where the handler leaves them out. If a handler
//! sets another value, the [audit](crate::audit) reports the 304 that differs.
//!
//! If one resource has several variants, the source must tell them apart by the request's fields,
//! apart from content codings, which are for [`CodingTagLayer`](crate::CodingTagLayer).
//!
//! # What it does not promise
//!
//! Without a source it saves the transfer, not the work: the service has run.
//! With one it skips the service's own checks along with its work, such as
//! who may read. It evaluates
//! nothing on methods that are not safe, whose conditions must be checked before they act.

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
