//! Middleware that sends parts of a representation (206) to clients that ask with `Range`: downloads
//! that go on where they stopped, and players that seek.
//!
//! # Example
//!
//! ```
//! # async fn run() -> Result<(), tower::BoxError> {
//! use std::convert::Infallible;
//!
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode, header};
//! use http_body_util::{BodyExt, Empty, Full};
//! use tower::{Layer, ServiceExt, service_fn};
//! use tower_conditional::{RangeLayer, stack};
//!
//! let handler = service_fn(|_: Request<Empty<Bytes>>| async {
//!     Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("0123456789")))
//! });
//! let service = stack().ranges(RangeLayer::new()).layer(handler);
//!
//! let request = Request::get("/").header(header::RANGE, "bytes=4-").body(Empty::new())?;
//! let response = service.oneshot(request).await?;
//! assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
//! assert_eq!(response.headers()[header::CONTENT_RANGE], "bytes 4-9/10");
//! assert_eq!(response.into_body().collect().await?.to_bytes(), "456789");
//! # Ok(())
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
//! ```
//!
//! # How it works
//!
//! The service runs with the request as it came. The layer cuts the requested bytes out of a 200 to a
//! `GET`, if its length is known (RFC 9110, section 14). The length is known if the body's size hint
//! is exact. `Content-Length` is not enough: `ServeDir` of tower-http and `Body::from_stream` of axum
//! have no such hint.
//!
//! | Request | Response |
//! |---|---|
//! | `Range: bytes=0-499`, `bytes=500-` or `bytes=-500` | 206 with these bytes, `Content-Range` and the validators of the 200 |
//! | `Range: bytes=0-99,900-999`, several ranges | 206 with `multipart/byteranges`: each part has its `Content-Range` |
//! | bytes behind the end | 416 with `Content-Range: bytes */LENGTH` and the current tag |
//! | another unit, a malformed range, or several lines of `Range` | 200, as without `Range` |
//! | `If-Range` with the current strong tag, or its date | 206 |
//! | `If-Range` with anything else | 200: the client has a part of another representation |
//! | `PUT` with `Content-Range` | 400, and the service does not run |
//!
//! Numbers may be of any length, and the end of a range is clamped to the end of the representation.
//! A representation without bytes has only an end, and `bytes=-500` of it is the 200.
//!
//! A date in `If-Range` is true if it equals `Last-Modified`, and if that is at least one second
//! before `Date`. The representation may have changed twice in one second (section 8.8.2.2).
//!
//! A 206 has all headers of the 200. After `If-Range` it has none that describe the representation,
//! except `ETag` and `Content-Location`: the client has them already (section 15.3.7).
//! Responses that could be cut get `Accept-Ranges: bytes`, also to `HEAD`, unless the service says
//! something else.
//!
//! Frames are cut, and never copied. After the last byte of the part, the body of the service is
//! dropped. The bytes before the part are read and dropped: memory does not grow with the offset, but
//! time does. A handler whose content can be read from any position uses
//! [`Ranges`](crate::handler::Ranges).
//!
//! ## Several ranges
//!
//! Ranges that overlap, touch, or have a gap of at most 80 bytes are joined: the head of another part
//! would be longer ([`max_gap_bytes`](RangeLayer::max_gap_bytes)). One range that is left is not
//! multipart. These requests get the whole 200:
//!
//! - more than 16 parts ([`max_parts`](RangeLayer::max_parts)),
//! - parts that would be longer than the whole, with their heads,
//! - ranges that do not ascend, of content that does not come in one frame. A stream is read once.
//! - `Accept-Encoding` with any content coding, or a response with `Content-Encoding`. A response
//!   with several parts has no `Content-Range`, by which compression outside knows a part.
//!
//! The delimiter between the parts has 128 random bits, so content cannot contain it on purpose. On
//! `wasm32-unknown-unknown`, which has no randomness, it can be predicted.
//!
//! # Layer order
//!
//! Put the layer outside of [`ConditionalLayer`](crate::ConditionalLayer), and inside of
//! [`PreconditionLayer`](crate::PreconditionLayer). Then 304 and 412 win over 206 and 416 (section
//! 13.2.2). [`Stack::ranges`](crate::Stack::ranges) has that order.
//!
//! Compression belongs outside, and passes a 206 by its `Content-Range`. A client that accepts a
//! coding gets no `multipart/byteranges`, which would be compressed. Put a
//! [`CodingTagLayer`](crate::CodingTagLayer) around compression. Without that layer, coded and uncoded
//! content have one tag, and `If-Range` joins bytes of both. Compression inside makes the length
//! unknown, so nothing is cut.
//!
//! # Limits
//!
//! These responses pass unchanged:
//!
//! - any status but 200, so also a part that the service made itself. Such a service has to compare
//!   `If-Range`. `ServeDir` of tower-http 0.7 does not, so use
//!   [`Ranges`](crate::handler::Ranges) for files,
//! - a response with `Accept-Ranges: none`, by which a service switches ranges off,
//! - a body without an exact length, or with another length than `Content-Length`,
//! - server-sent events, gRPC and other live streams.
//!
//! A range is never cut from a representation whose strong tag or date was not confirmed. That is
//! the case if a write came between the source of [`ConditionalLayer`](crate::ConditionalLayer) and
//! its service, or after
//! [`without_confirmation`](crate::ConditionalLayer::without_confirmation). Such responses to requests
//! without `Range` have `Accept-Ranges` all the same.
//!
//! Without a strong tag or a date, a client cannot know if two parts are of one representation.
//!
//! # Errors
//!
//! The layer has no errors of its own. An error of the body before or inside of the part stays that
//! error. A body that ends before its announced length ends the part early. The server then closes
//! an HTTP/1.1 connection. Over HTTP/2, the client sees that the content is shorter than
//! `Content-Length`.
//!
//! # What it does not do
//!
//! It does not write parts: [`partial_put`](RangeLayer::partial_put) leaves that to the service. It
//! has no other units than bytes.

mod config;
mod future;
mod layer;
mod respond;
mod service;
#[cfg(test)]
mod tests;

pub use {future::ResponseFuture, layer::RangeLayer, service::Range};

pub use crate::semantics::condition::range::ByteRange;
