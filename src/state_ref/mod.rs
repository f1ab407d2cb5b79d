//! Answers a request for a state that the client has already, `POST` included:
//! the state reference field.
//!
//! A client that keeps a view of the data sends the identifier of the state
//! that it saw, in a field that it agreed on with the service. The answer
//! carries the identifier of the latest state in the same field, and where both
//! are the same it is a 304, before a query runs. That works for `POST` as
//! well, and so for queries in its content, which no entity tag could be for.
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
//! Refusing where the source fails, instead of answering without an identifier:
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
//! # What it does
//!
//! It is for `GET`, `HEAD`, `QUERY` and `POST`. A request of any other method
//! passes untouched: `PUT`, `PATCH` and `DELETE` are performed, whatever the
//! field says. So does a request without the field, or with an empty one, and the
//! `GET` by which a [`SelfGet`](crate::source::SelfGet) looks at what a write would
//! change. For one that carries it the [`StateSource`] is latest
//! first. The identifier is the same: 304 with the field, and the service does
//! not run. That 304 is `no-store`, so that no cache takes it for the validation
//! of what it has stored. Otherwise the service runs, and its 2xx answer gets the
//! identifier that was read before, unless it set the field itself. To an answer
//! to a safe method the field's name is added to `Vary`.
//!
//! A source that fails, panics or takes too long leaves the answer without the
//! field, so that the client asks in full the next time.
//!
//! # What it needs from its neighbours
//!
//! A place on routes whose `POST` reads. A `POST` that creates something must be
//! performed, and the layer cannot tell the two apart.
//!
//! Authentication outside, as always. The identifier and the content from the
//! same side of a replicated database: an identifier of the primary on content
//! of a replica that lags would be stale for as long as nothing else changes.
//! The source sees the request, and can follow whatever sends the handler to
//! one side or the other.
//!
//! # What it does not promise
//!
//! The field means something to this client and this service alone. The
//! standards know 304 for `GET`, `HEAD` and `QUERY` only, so a client library that treats other
//! methods by the letter sees an error; caches do not store answers to `POST`,
//! and are not in the way. One identifier stands for everything that a query
//! can read: any change anywhere brings the whole answer.

mod config;
mod future;
mod layer;
mod service;
mod source;
#[cfg(test)]
mod tests;

pub use {future::ResponseFuture, layer::StateRefLayer, service::StateRef, source::StateSource};
