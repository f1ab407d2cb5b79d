//! One strong entity tag per content coding, outside of compression.
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
//! With other codings, and clients that still have tags of another server:
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
//! # What it does
//!
//! Compression changes the bytes and leaves the tag, so that one strong tag
//! stands for several byte sequences (RFC 9110, sections 8.8.1 and 8.8.3.3).
//! This layer makes the tags different, and takes each of them back.
//!
//! **On the way out** a strong tag on content with a `Content-Encoding` gets
//! the names of the codings: `"v1"` becomes `"v1-gzip"`; `x-gzip` is `gzip`,
//! and `identity` adds nothing. A weak tag stays, and a strong one with a
//! coding that is not configured becomes weak. A tag that has the suffix
//! already is that of a handler which codes its content itself, and stays; for
//! the same tag on content without coding there is only the weak form left.
//!
//! **With `dcb` or `dcz`** among the codings (RFC 9842) the bytes depend on the
//! dictionary too, and so does the tag: behind the name of the coding come the
//! first 22 characters, 132 bits, of `Available-Dictionary`, as in
//! `"v1-dcb-pZGm1Av0IEBKARczz7exkN"`. A read gets it back if it takes the coding
//! and has the same dictionary, a write always. Where the request names no
//! dictionary that can be read, the tag becomes weak. `Vary` has both fields.
//!
//! **On the way in, of a read** (`GET`, `HEAD`, `QUERY`) a tag in
//! `If-None-Match` or `If-Match` that has the suffix of a coding which
//! `Accept-Encoding` takes becomes two, `"v1"` and `"v1-gzip"`: what the inner
//! layers know, and what may be a handler's own. A strong tag of a variant that
//! this request would not be given is left out of `If-None-Match` (section
//! 13.1.2): one of another coding, or one without where `identity;q=0` refuses
//! that. Without `Accept-Encoding` no coding is taken.
//!
//! - **The 304 has the tag that the client named**, in the form in which it
//!   was named. Of several, it is that of the coding which compression would
//!   choose. The selected variant of a request that takes two codings is either
//!   of them, so that what the client has of either is good.
//! - **`"v1"` without a suffix** is the variant without coding, which a client
//!   that takes gzip may select too: it passes, and the 304 says `"v1"`.
//! - **Where a date or `*` made the 304**, nothing tells which variant the
//!   client has: the tag, if there is one, becomes weak, if any coding is taken.
//! - **`If-Range` is never mapped.** Inside, a part is cut from content without
//!   coding, and must not be joined to bytes that are coded; a tag with a
//!   suffix does not match there, and the whole content is sent. For the same
//!   reason `If-Match` is not mapped beside `Range`, and gives 412. A date in
//!   `If-Range`, or in `If-Unmodified-Since` without `If-Match`, stands for all
//!   variants alike: if any coding is taken, `Range` is dropped, and the whole
//!   content is sent.
//!
//! **On the way in, of any other method**, whose `Accept-Encoding` says nothing
//! about what it writes, every suffix is taken off: what was read with gzip can
//! be written with `If-Match` (section 13.1.1), and an old tag becomes an old
//! tag, for the inner layers to refuse. Weak tags stay weak. The tag of a
//! response without `Content-Encoding`, a 412 among them, stays.
//!
//! `Vary: Accept-Encoding` is added to what a read is answered with, 200, 206
//! or 304, if it has a tag or `Last-Modified` and no such member yet: to the
//! variant without coding too, as section 12.5.5 asks. A 304 needs neither, since
//! `If-None-Match: *` makes one for content without a validator. A 304 for a variant that
//! may be coded loses its `Content-Length`, which inside is that without coding
//! (section 8.6).
//!
//! # What it needs from its neighbours
//!
//! Compression inside, and inside of that the layers that make tags and answer
//! conditions, with strong tags:
//!
//! ```text
//! CodingTagLayer::new()
//! CompressionLayer::new()          of tower-http
//! stack()                          ConditionalLayer, EtagLayer
//! the service
//! ```
//!
//! The 304 is then made before anything is compressed. In `axum` this belongs
//! around the router, which would write `content-length: 0` on a 304 without
//! one that comes out of its own layers.
//!
//! A handler's tag should not end in `-gzip` and the like unless it stands for
//! such content: it can never be strong without coding, so that `If-Match` fails
//! on it. The tags of [`EtagLayer`](crate::EtagLayer) never do.
//!
//! # What it does not promise
//!
//! It evaluates no condition, so it cannot give a 412 where `If-Match` on a read
//! names one coding that the request takes and compression chooses another: the
//! content comes whole, and with the tag of what it is.
//!
//! It knows the coding from `Content-Encoding` alone, and takes the dictionary
//! for the one that the request named (RFC 9842, section 2.2). A service which
//! answers `HEAD` without content, so that compression does nothing, gives the
//! tag of the variant without coding there. A layer that changes bytes and does
//! not say so needs weak tags.
//!
//! A tag that was read is given back in full only to this layer: whoever reads
//! tags further out sees them with their suffixes.

mod future;
mod layer;
mod service;
#[cfg(test)]
mod tests;

pub use crate::semantics::validator::coding::InvalidContentCoding;
pub use {future::ResponseFuture, layer::CodingTagLayer, service::CodingTag};
