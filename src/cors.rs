//! Lists of headers for CORS, so that scripts of other origins can read tags and send conditions.
//!
//! A browser shows a script of another origin only some headers of a response, and `ETag` is not
//! among them. It also sends `If-Match`, `If-None-Match` and `Idempotency-Key` only after the
//! response to a preflight has allowed them (Fetch Standard, "CORS protocol"). This module has no
//! layer. Its lists are for that of another crate, such as `CorsLayer` of `tower-http`.
//!
//! # Example
//!
//! ```
//! use http::{HeaderName, HeaderValue, Method, header};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//! use tower_conditional::{cors, stack};
//! use tower_http::cors::CorsLayer;
//! # use bytes::Bytes;
//! # use http::{Request, Response};
//! # use http_body_util::Full;
//! # async fn handle(_: Request<()>) -> Result<Response<Full<Bytes>>, std::convert::Infallible> {
//! #     Ok(Response::new(Full::from("hello")))
//! # }
//! # async fn run() -> Result<(), tower::BoxError> {
//!
//! let cors = CorsLayer::new()
//!     .allow_origin(HeaderValue::from_static("https://app.example"))
//!     .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
//!     .allow_headers(cors::allowed_headers([header::CONTENT_TYPE]))
//!     .expose_headers(cors::exposed_headers([header::LOCATION]));
//! // Outside of the stack, so that a 304, a 412 and a 428 have the headers of CORS too.
//! let service = ServiceBuilder::new().layer(cors).layer(stack()).service_fn(handle);
//!
//! let request = Request::get("/").header(header::ORIGIN, "https://app.example").body(())?;
//! let response = service.oneshot(request).await?;
//! let exposed = response.headers()[header::ACCESS_CONTROL_EXPOSE_HEADERS].to_str()?;
//! assert_eq!(exposed, "etag,idempotent-replayed,preference-applied,retry-after,location");
//! # Ok(())
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
//! ```
//!
//! # How it works
//!
//! - Both lists have the names that layers use by default. Add the name of
//!   `IdempotencyLayer::replay_marker` to the first list yourself, and the header of a
//!   [`StateRefLayer`](crate::StateRefLayer) to both. With
//!   [`EtagLayer::repr_digest`](crate::EtagLayer::repr_digest), add `Repr-Digest` to the first and
//!   `Want-Repr-Digest` to the second. With a [`RangeLayer`](crate::RangeLayer), add `Accept-Ranges`
//!   and `Content-Range` to the first, and `Range` and `If-Range` to the second.
//! - Headers for caches and for debugging are left out, such as `Vary` and `Cache-Status`. Browsers
//!   use them whether scripts read them or not. `Last-Modified` and `Cache-Control` are always
//!   readable.
//! - The lists also work with credentials, where `*` does not mean every header.
//! - The setters of `CorsLayer` replace their list. So your own headers go into the same call.
//!
//! # Limits
//!
//! - The methods need [`allow_methods`]: `PUT`, `PATCH` and `DELETE` are not allowed by default.
//! - A request with one of these headers costs a preflight. `CorsLayer::max_age` lets the browser
//!   remember the response to it.
//! - If a script sends no `If-None-Match`, the browser revalidates by itself. The script sees a 200
//!   with the stored headers, and not the 304.
//!
//! [`AuditLayer`](crate::AuditLayer) reports a header of these lists that CORS hides or forbids.
//!
//! [`allow_methods`]: https://docs.rs/tower-http/latest/tower_http/cors/struct.CorsLayer.html#method.allow_methods

pub use crate::semantics::field::cors::{allowed_headers, exposed_headers};
