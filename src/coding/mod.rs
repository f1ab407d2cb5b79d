//! Middleware that gives each content coding its own strong entity tag, around compression.
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
//! use tower_conditional::{CodingTagLayer, stack};
//! use tower_http::compression::CompressionLayer;
//!
//! async fn handle(_: Request<()>) -> Result<Response<Full<Bytes>>, Infallible> {
//!     Ok(Response::new(Full::from("hello ".repeat(100))))
//! }
//!
//! let mut service = ServiceBuilder::new()
//!     .layer(CodingTagLayer::new())
//!     .layer(CompressionLayer::new())
//!     .layer(stack())
//!     .service_fn(handle);
//!
//! let request = Request::get("/").header(header::ACCEPT_ENCODING, "gzip").body(())?;
//! let response = service.call(request.clone()).await?;
//! let tag = response.headers()[header::ETAG].clone();
//! assert!(tag.to_str()?.ends_with("-gzip\""));
//!
//! let mut again = request;
//! again.headers_mut().insert(header::IF_NONE_MATCH, tag.clone());
//! let response = service.call(again).await?;
//! assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
//! assert_eq!(response.headers()[header::ETAG], tag);
//! # Ok(())
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
//! ```
//!
//! The following layer handles other codings, and understands tags that another server gave to
//! clients:
//!
//! ```
//! # fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use tower_conditional::CodingTagLayer;
//!
//! let layer = CodingTagLayer::new().codings(["br", "gzip"])?.tolerate([";gzip", "--gzip"])?;
//! # let _: CodingTagLayer = layer;
//! # Ok(())
//! # }
//! # run().unwrap();
//! ```
//!
//! # How it works
//!
//! Compression changes the bytes and keeps the tag, so one strong tag identifies several byte
//! sequences (RFC 9110, sections 8.8.1 and 8.8.3.3). This layer gives each of them a tag of its
//! own in responses, and maps these tags back in requests.
//!
//! `Vary: Accept-Encoding` is added to the 200, 206 or 304 of a read with a tag or
//! `Last-Modified`. The variant without coding gets it, too, as section 12.5.5 recommends. A
//! 304 gets it even without a validator: `If-None-Match: *` leads to such a 304. A 304 for a
//! variant that may be coded loses its `Content-Length`, which is that of the content without
//! coding (section 8.6).
//!
//! ## Responses
//!
//! - A strong tag on content with a `Content-Encoding` gets the names of the codings:
//!   `"v1"` becomes `"v1-gzip"`. `x-gzip` is written as `gzip`, and `identity` adds
//!   nothing.
//! - A weak tag stays as it is.
//! - A strong tag on content with a coding that is not configured becomes weak.
//! - A tag that already has the suffix stays, since the handler encoded the content itself. The
//!   same tag on content without coding becomes weak.
//!
//! ## Conditional reads
//!
//! These rules apply to `GET`, `HEAD` and `QUERY`. A request without `Accept-Encoding` counts
//! as accepting no coding.
//!
//! - In `If-None-Match` and `If-Match`, a tag with the suffix of an accepted coding becomes
//!   two: `"v1"` and `"v1-gzip"`. The layers inside know the first, and a handler may have
//!   set the second itself.
//! - A strong tag of a variant that this request would not get is removed from
//!   `If-None-Match` (section 13.1.2). That is a tag of another coding, or one without
//!   coding if `identity;q=0` refuses that.
//! - The 304 has the tag that the client sent, in the same form. Of several tags, it is
//!   that of the coding that compression would choose. If a request accepts two codings,
//!   the selected variant is either of them, so a copy of either is current.
//! - `"v1"` without a suffix is the variant without coding. A client that accepts gzip may
//!   select it, too: the tag passes, and the 304 has `"v1"`.
//! - A 304 because of a date or `*` does not show which variant the client has. If any coding
//!   is accepted, its tag becomes weak.
//!
//! ## Range requests
//!
//! - `If-Range` is never mapped. A part is cut from content without coding inside, and must
//!   not be joined to coded bytes. If its tag has a suffix, strong or weak, `Range` is removed,
//!   and the whole content is sent.
//! - `If-Match` beside `Range` is not mapped, for the same reason, and leads to a 412.
//! - A date in `If-Range` identifies all variants alike. So does a date in
//!   `If-Unmodified-Since` without `If-Match`. If any coding is accepted, `Range` is removed,
//!   and the whole content is sent.
//!
//! ## Writes
//!
//! With any other method, `Accept-Encoding` concerns only the response, and not the resource that
//! the method changes. So the layer removes every suffix. A client that reads with gzip can
//! write with `If-Match` (section 13.1.1), and the layers inside refuse an old tag. Weak tags
//! stay weak. The tag of a response without `Content-Encoding`, such as a 412, stays as it is.
//!
//! ## Dictionaries
//!
//! With `dcb` or `dcz` among the codings (RFC 9842), the bytes depend on the dictionary,
//! too. So the tag has the first 22 characters (132 bits) of `Available-Dictionary` behind
//! the name of the coding, as in `"v1-dcb-pZGm1Av0IEBKARczz7exkN"`. A read gets such a tag
//! mapped back if it accepts the coding and has the same dictionary; a write always does.
//! If the request names no readable dictionary, the tag becomes weak. `Vary` has both
//! headers.
//!
//! ## Digests
//!
//! A digest such as `Repr-Digest` is that of coded bytes (RFC 9530, section 3). One that a layer
//! inside of compression made is that of other bytes. So the layer removes `Repr-Digest`,
//! `Content-Digest`, `Digest` and `Content-MD5` from every response with a `Content-Encoding`, of any
//! method and status.
//!
//! A handler that codes its content itself keeps its digests if its tag ends in the suffix of the
//! coding, as in `"v1-gzip"`. Without the suffix the layer cannot know who coded the content. A
//! digest in the trailers of coded content stays: make none inside of compression.
//!
//! # Layer order
//!
//! Compression belongs inside. The layers that make tags and evaluate conditions belong
//! inside compression, with strong tags:
//!
//! ```text
//! CodingTagLayer::new()
//! CompressionLayer::new()          of tower-http
//! stack()                          ConditionalLayer, EtagLayer
//! the service
//! ```
//!
//! The 304 is then made before anything is compressed. In `axum`, put the layer around the
//! router. A router writes `content-length: 0` on a 304 without a length from its own
//! layers.
//!
//! # Limits
//!
//! - A handler's tag should not end in a suffix such as `-gzip`, unless its content has that
//!   coding. On content without coding the layer makes it weak, so `If-Match` never matches it.
//!   The tags of [`EtagLayer`](crate::EtagLayer) never end so.
//! - The coding is read from `Content-Encoding`. A layer that changes bytes without it
//!   needs weak tags.
//! - The layer takes the dictionary from the request, and not from the response (RFC 9842,
//!   section 2.2).
//! - If a service answers `HEAD` without content, compression does nothing, and the `HEAD`
//!   gets the tag of the variant without coding.
//! - A layer further out sees tags with their suffixes.
//! - Compression flushes at each pause of the content. So a stream or a file has other coded bytes
//!   each time, and its strong tag with a suffix names several of them. No layer of this crate
//!   joins such bytes. Use [`weaken`](CodingTagLayer::weaken) for streams and files, or serve files
//!   that are compressed already. Content in memory, or hashed by [`EtagLayer`](crate::EtagLayer),
//!   has no pauses.
//!
//! # Errors
//!
//! The layer refuses no request. Errors of the service pass unchanged.
//!
//! # What it does not do
//!
//! It does not evaluate conditions. For example, `If-Match` on a read may name one accepted
//! coding, while compression chooses another. The response is then the whole content with its own
//! tag, and not a 412.

mod future;
mod layer;
mod service;
#[cfg(test)]
mod tests;

pub use crate::semantics::validator::coding::InvalidContentCoding;
pub use {future::ResponseFuture, layer::CodingTagLayer, service::CodingTag};
