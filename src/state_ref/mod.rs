//! Middleware that answers 304 if the client has the latest state, also to a `POST`: the
//! state reference header.
//!
//! # Example
//!
//! A client keeps a view of the data. It sends the identifier of the state that it saw, in
//! a header that it agreed on with the service:
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
//! // The identifier of the latest event stands for a read of the database.
//! let source = |_: &Parts| async { Ok::<_, Infallible>(Some(HeaderValue::from(17))) };
//!
//! let service = StateRefLayer::new(NOTES_REF, source)
//!     .layer(service_fn(|_: Request<Full<Bytes>>| async {
//!         Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("the result")))
//!     }));
//!
//! // The first request has nothing yet to refer to, and says so with any value.
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
//! The layer is for `GET`, `HEAD`, `QUERY` and `POST`. If such a request has the header,
//! the layer asks the [`StateSource`] for the latest identifier. If it is that of the
//! client, the answer is a 304 with the header, before a query runs. That works for `POST`,
//! too, whose queries in the content no entity tag can be for.
//!
//! Otherwise the service runs, and its 2xx answer gets the identifier that was read before,
//! unless the service set the header itself. The name of the header is added to the `Vary`
//! of the answers to safe methods. The 304 is `no-store`, so that no cache takes it for the
//! validation of a stored response.
//!
//! These requests pass unchanged:
//!
//! - requests of other methods, so `PUT`, `PATCH` and `DELETE` are performed in any case,
//! - requests without the header, or with an empty one,
//! - the `GET` of a [`SelfGet`](crate::source::SelfGet), which reads the state that a write
//!   would change.
//!
//! # Layer order
//!
//! Put the layer on routes whose `POST` reads. A `POST` that creates something must be
//! performed, and the layer cannot tell the two apart. Authentication belongs outside.
//!
//! # Limits
//!
//! - With a replicated database, identifier and content must come from the same side. An
//!   identifier of the primary on content of a lagging replica stays stale until the next
//!   change. The source sees the request, so it can choose the side in the same way as the
//!   handler.
//! - One identifier stands for everything that a query can read. Any change anywhere brings
//!   the whole answer.
//! - The standards know 304 for `GET`, `HEAD` and `QUERY` only. A client library may see an
//!   error for other methods. Caches do not store answers to `POST`, so they do not
//!   interfere.
//!
//! # Errors
//!
//! If the source fails, panics or takes too long, the answer has no identifier, and the
//! client asks in full the next time. Under
//! [`OnSourceError::Refuse`](crate::source::OnSourceError::Refuse) the answer is a 503.
//!
//! # What it does not do
//!
//! It makes no entity tags. The header has a meaning only between this client and this
//! service.

mod config;
mod future;
mod layer;
mod service;
mod source;
#[cfg(test)]
mod tests;

pub use {future::ResponseFuture, layer::StateRefLayer, service::StateRef, source::StateSource};
