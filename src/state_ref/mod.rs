//! Middleware that answers 304 if the client has the latest state, also to a `POST`. Client and
//! service name the state in a header of their own.
//!
//! # Example
//!
//! A client sends the identifier of the state that it saw last, in a header that it agreed on
//! with the service:
//!
//! ```
//! # async fn run() -> Result<(), tower::BoxError> {
//! use std::convert::Infallible;
//!
//! use bytes::Bytes;
//! use http::{HeaderName, HeaderValue, Request, Response, StatusCode, request::Parts};
//! use http_body_util::Full;
//! use tower::{Layer, ServiceExt, service_fn};
//! use tower_conditional::StateRefLayer;
//!
//! const NOTES_REF: HeaderName = HeaderName::from_static("x-notes-ref");
//!
//! // A constant in place of the identifier of the latest event in a database.
//! let source = |_: &Parts| async { Ok::<_, Infallible>(Some(HeaderValue::from(17))) };
//!
//! let service = StateRefLayer::new(NOTES_REF, source)
//!     .layer(service_fn(|_: Request<Full<Bytes>>| async {
//!         Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("the result")))
//!     }));
//!
//! // The first request has no identifier yet. It sends any other value.
//! let query = |seen| Request::post("/query").header(NOTES_REF, seen).body(Full::default());
//! let first = service.clone().oneshot(query("none")?).await?;
//! assert_eq!(first.status(), StatusCode::OK);
//! assert_eq!(first.headers()[NOTES_REF], "17");
//!
//! let again = service.oneshot(query("17")?).await?;
//! assert_eq!(again.status(), StatusCode::NOT_MODIFIED); // the query did not run
//! # Ok(())
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
//! ```
//!
//! The following layer refuses requests if the source fails, instead of answering without
//! an identifier:
//!
//! ```
//! # use http::{HeaderName, HeaderValue, request::Parts};
//! # use tower_conditional::{StateRefLayer, source::OnSourceError};
//! # let field = HeaderName::from_static("x-notes-ref");
//! # let source = |_: &Parts| async { Ok::<_, std::convert::Infallible>(None::<HeaderValue>) };
//! let layer = StateRefLayer::new(field, source).on_source_error(OnSourceError::Refuse);
//! # let _ = layer;
//! ```
//!
//! # How it works
//!
//! The layer is for `GET`, `HEAD`, `QUERY` and `POST`. If such a request has the header, the
//! layer gets the latest identifier from the [`StateSource`]. If the client sent the same one,
//! the response is a 304 with the header, and the service does not run. That also works for a
//! query in the content of a `POST`, for which no entity tag exists.
//!
//! Otherwise the service runs. Its 2xx response gets the identifier that was read before,
//! unless the service sets the header itself. The name of the header is added to the `Vary` of
//! the responses to safe methods. The 304 is `no-store`, so that no cache updates a stored
//! response with it.
//!
//! A `GET`, `HEAD` or `QUERY` with `If-None-Match` or `If-Modified-Since` gets no 304 from the layer:
//! these conditions decide. A cache adds them to a client's request, and would take the 304 for an
//! answer to its own tag.
//!
//! These requests pass unchanged:
//!
//! - requests of other methods, so `PUT`, `PATCH` and `DELETE` are performed in any case,
//! - requests without the header, with an empty one, or with several lines of it,
//! - the `GET` of a [`SelfGet`](crate::source::SelfGet), which reads the state that a write
//!   would change.
//!
//! # Layer order
//!
//! Put the layer on routes whose `POST` reads. A `POST` that creates something must be
//! performed, and the layer cannot distinguish the two. Authentication belongs outside.
//!
//! # Limits
//!
//! - With a replicated database, identifier and content must come from the same server.
//!   Otherwise old content of a lagging replica may get the new identifier of the primary, and
//!   the client keeps it until the next change. The source sees the request, so it can choose
//!   the server in the same way as the handler.
//! - One identifier covers everything that a query can read. After any change the client gets
//!   the whole response.
//! - The standards define 304 for `GET`, `HEAD` and `QUERY` only. A client library may see an
//!   error for other methods. Caches do not store responses to `POST`, so they do not interfere.
//!
//! # Errors
//!
//! If the source fails, panics or takes too long, the response has no identifier, and the next
//! request gets the full response. Under
//! [`OnSourceError::Refuse`](crate::source::OnSourceError::Refuse) the response is a 503.
//!
//! # What it does not do
//!
//! It creates no entity tags. Caches and other software do not know the header.
//!
//! A cache that did not ask for a 304 may take it for an error: Varnish answers 503 in its place, for
//! `GET` and `HEAD`. Let it pass requests with the header:
//!
//! ```vcl
//! sub vcl_recv { if (req.http.x-notes-ref) { return (pass); } }
//! ```

mod config;
mod future;
mod layer;
mod service;
mod source;
#[cfg(test)]
mod tests;

pub use {future::ResponseFuture, layer::StateRefLayer, service::StateRef, source::StateSource};
