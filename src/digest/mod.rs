//! Middleware that verifies the content of requests by `Content-Digest` and `Repr-Digest` (RFC
//! 9530). It refuses an upload that was damaged or cut off on its way.
//!
//! # Example
//!
//! ```
//! # async fn run() -> Result<(), tower::BoxError> {
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode};
//! use http_body_util::{BodyExt, Full};
//! use tower::{BoxError, Layer, ServiceExt, service_fn};
//! use tower_conditional::{DigestLayer, digest::VerifiedBody};
//!
//! let store = service_fn(|request: Request<VerifiedBody<Full<Bytes>>>| async {
//!     let content = request.into_body().collect().await?.to_bytes();
//!     Ok::<_, BoxError>(Response::new(Full::<Bytes>::from(content)))
//! });
//! let service = DigestLayer::verify().layer(store);
//!
//! // printf hello | openssl dgst -sha256 -binary | base64
//! let digest = "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:";
//! let put = |content| Request::put("/notes/7").header("content-digest", digest).body(content);
//!
//! let stored = service.clone().oneshot(put(Full::from("hello"))?).await?;
//! assert_eq!(stored.status(), StatusCode::OK);
//!
//! let damaged = service.oneshot(put(Full::from("hell"))?).await?;
//! assert_eq!(damaged.status(), StatusCode::BAD_REQUEST); // the service did not run
//! # Ok(())
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
//! ```
//!
//! A route for large uploads reads its content as it arrives, and requires a digest:
//!
//! ```
//! use axum::{
//!     Router,
//!     body::{Body, Bytes},
//!     http::StatusCode,
//!     routing::put,
//! };
//! use tower_conditional::DigestLayer;
//!
//! async fn upload(content: Body) -> StatusCode {
//!     // Write to a temporary file, and discard it if the content ends with an error.
//! #   drop(content);
//!     StatusCode::CREATED
//! }
//!
//! async fn note(content: Bytes) -> StatusCode {
//!     // The content is verified if it has a digest.
//! #   drop(content);
//!     StatusCode::CREATED
//! }
//!
//! let app: Router = Router::new()
//!     .route("/files/{name}", put(upload).layer(DigestLayer::verify().streaming().require()))
//!     .route("/notes/{id}", put(note).layer(DigestLayer::verify()));
//! # let _ = app;
//! ```
//!
//! # How it works
//!
//! The algorithms are SHA-256 and SHA-512. If a request has several digests by them, all must be
//! true. Other algorithms are ignored: the deprecated ones, such as MD5, prove nothing where an
//! attacker can influence the content (section 5). A request without a digest by the two passes,
//! unless the layer [requires](DigestLayer::require) one.
//!
//! | Content | Verified |
//! |---|---|
//! | none | before the service runs, as content of zero bytes |
//! | of an announced length of up to [`max_body_bytes`](DigestLayer::max_body_bytes) | before the service runs |
//! | longer, or of unknown length | as the service reads it |
//! | on a route with [`streaming`](DigestLayer::streaming) | as the service reads it |
//!
//! Content that differs before the service runs is refused with 400, and so is content that breaks
//! off.
//!
//! Content that differs while the service reads it ends with a [`DigestMismatch`]. The error takes the
//! place of the last frame of data. So the service never has all bytes of wrong content, even if it
//! counts them. A service that ignores the error, or that stops reading before the end, does not
//! learn that the content differs.
//!
//! The two headers cover the bytes that the client sent, after its `Content-Encoding`:
//!
//! - `Content-Digest` covers the content (section 2).
//! - `Repr-Digest` covers the same bytes, also those of the patch document of a `PATCH` (section 3.1).
//!   With `Content-Range` the content is a part of its representation. `Repr-Digest` is then left to
//!   the service, and so it is on a `GET` or `HEAD` without content.
//!
//! The service gets both headers as they came.
//!
//! # Layer order
//!
//! Put the layer outside of [`stack`](crate::stack()), or outside of `IdempotencyLayer`: content that
//! differs is refused before a key is claimed, and never recorded. Inside, the key would belong to the
//! damaged content, and the retry would get 422. On a [`streaming`](DigestLayer::streaming) route,
//! `IdempotencyLayer` reads the content itself, and answers 400 if it ends with the error.
//!
//! Authentication and limits belong outside. So does CORS, with both headers among
//! [`allowed_headers`](crate::cors::allowed_headers) if scripts of other origins send them.
//!
//! Decompression of requests belongs inside: the digest is one of coded bytes. Outside, it would
//! make each digest wrong.
//!
//! An [`ObserveLayer`](crate::ObserveLayer) outside counts refused requests as `digest_refused`.
//! [`Stack::observe`](crate::Stack::observe) does not see them if this layer is outside of the stack.
//!
//! # Limits
//!
//! - A request whose content is verified before the service runs holds up to
//!   [`max_body_bytes`](DigestLayer::max_body_bytes) of memory, and no place in a limit inside.
//! - With [`require`](DigestLayer::require), a write without content is refused if a layer outside hides
//!   that it is empty, as `RequestBodyTimeoutLayer` of tower-http does.
//! - A slow upload is waited for. A timeout outside ends it.
//! - Content that is verified as the service reads it arrives one frame late. A client that waits for
//!   a response to each message, as in a conversation over gRPC, should send no digest.
//! - If a body is longer than it announced, and than the limit, the rest is verified as the service
//!   reads it.
//!
//! # Errors
//!
//! Refusals are 400 with a problem of RFC 9457. They have `Want-Content-Digest`, which names the two
//! algorithms (section 4):
//!
//! | Type | Reason | A client should |
//! |---|---|---|
//! | <a id="differs"></a>differs | The content has another digest, or broke off. Or two headers contradict each other. The service did not run. | send it again |
//! | <a id="malformed"></a>malformed | A header is no dictionary, or a digest is no byte sequence of its length. | fix the header |
//! | <a id="required"></a>required | The route requires a digest, and the content has none. | send one |
//!
//! A malformed header is refused, although structured fields may be ignored if they are malformed. A
//! client that sends a digest relies on it: an unverified write would look like a verified one.
//!
//! Errors of the service pass unchanged. Errors of the client's body are boxed.
//!
//! # What it does not do
//!
//! - It does not verify a digest in the trailers of a request, which pass unread. With
//!   [`require`](DigestLayer::require), such a request is refused.
//! - It proves nothing about the sender. Whoever changes the content can change the digest too.
//! - It does not write digests of responses.

mod body;
mod config;
mod future;
mod hash;
mod hashed_body;
mod layer;
mod service;
#[cfg(test)]
mod tests;

pub use body::{DigestMismatch, VerifiedBody};
pub use future::ResponseFuture;
pub use layer::DigestLayer;
pub use service::DigestService;
