//! Conditional requests inside a handler: 304 for reads, and optimistic concurrency for
//! writes.
//!
//! Use these types if the handler itself reads the current state. [`Preconditions`] answers a
//! read with 304 or 412. [`Expected`] protects a write from a lost update. [`Ranges`] sends the
//! requested parts of content that can be read from any position (206, 416).
//!
//! With the feature `axum` the types are extractors and responses:
//!
//! ```
//! # #[cfg(feature = "axum")]
//! # mod example {
//! use axum::{Json, extract::Path, response::IntoResponse};
//! use tower_conditional::{
//!     Validators, VersionTags,
//!     handler::{PreconditionRejection, Preconditions, WithValidators},
//! };
//! # async fn version_of(_: i64) -> i64 { 7 }
//! # async fn render(_: i64) -> String { String::new() }
//!
//! async fn show(
//!     Path(id): Path<i64>,
//!     preconditions: Preconditions,
//! ) -> Result<impl IntoResponse, PreconditionRejection> {
//!     let tag = VersionTags::of("notes", id).number(version_of(id).await);
//!     let current = Validators::new().with_etag(tag);
//!     preconditions.check(&current)?; // 304 or 412, and the rest does not run
//!     Ok(WithValidators(Json(render(id).await), current))
//! }
//! # }
//! ```
//!
//! A write, in an application with its own error type:
//!
//! ```
//! # #[cfg(feature = "axum")]
//! # mod example {
//! use axum::{
//!     extract::Path,
//!     http::StatusCode,
//!     response::{IntoResponse, Response},
//! };
//! use tower_conditional::{
//!     VersionTags,
//!     handler::{Expected, PreconditionFailed},
//! };
//! # #[derive(Debug)]
//! # struct DatabaseError;
//! # async fn update(_: Option<Vec<i64>>) -> Result<Option<String>, DatabaseError> { Ok(None) }
//!
//! enum Error {
//!     NotFound,
//!     Failed(PreconditionFailed),
//!     Database(DatabaseError),
//! }
//!
//! impl IntoResponse for Error {
//!     fn into_response(self) -> Response {
//!         match self {
//!             Self::NotFound => StatusCode::NOT_FOUND.into_response(),
//!             Self::Failed(failed) => failed.into_response(),
//!             Self::Database(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
//!         }
//!     }
//! }
//!
//! impl From<PreconditionFailed> for Error {
//!     fn from(failed: PreconditionFailed) -> Self {
//!         Self::Failed(failed)
//!     }
//! }
//!
//! async fn write(Path(id): Path<i64>, expected: Expected) -> Result<String, Error> {
//!     // The same tags as in reads: the tag of another note never matches.
//!     let versions = expected.versions_of(&VersionTags::of("notes", id));
//!     let text = update(versions).await.map_err(Error::Database)?;
//!     expected.confirm_written(text)?.ok_or(Error::NotFound)
//! }
//! # }
//! ```
//!
//! Without the feature `axum`, create the types from a request. The rejections and
//! [`WithValidators`] convert into an [`http::Response`]:
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode, header};
//! use tower_conditional::{
//!     Validators, VersionTags,
//!     handler::{Preconditions, WithValidators},
//! };
//!
//! fn show<B>(request: &Request<B>) -> Response<Bytes> {
//!     let current = Validators::new().with_etag(VersionTags::plain().number(7));
//!     if let Err(rejection) = Preconditions::of(request).check(&current) {
//!         return rejection.into();
//!     }
//!     WithValidators(Response::new("seven".into()), current).into()
//! }
//!
//! let request = Request::get("/").header(header::IF_NONE_MATCH, "\"7\"");
//! assert_eq!(show(&request.body(()).unwrap()).status(), StatusCode::NOT_MODIFIED);
//! ```
//!
//! # Writes and lost updates
//!
//! An update is lost if two clients read version 7, both write, and the second write
//! overwrites the first. [`Preconditions::check`] does not prevent that: another writer may
//! come between the check and the write. [`Expected`] does: the statement that writes
//! compares the version, so the check and the write are one step. This is optimistic
//! concurrency control, also called optimistic locking.

#[cfg(feature = "axum")]
mod axum;
#[cfg(feature = "json")]
mod canonical_json;
mod expected;
mod failed;
mod preconditions;
mod ranges;
#[cfg(test)]
mod tests;
mod with_validators;

use crate::{clock::SharedClock, semantics::field::HttpDate};

#[cfg(feature = "json")]
pub use canonical_json::{CanonicalJson, CanonicalJsonError};
pub use expected::Expected;
pub(crate) use expected::ExpectedContext;
pub use failed::{NotModified, PreconditionFailed, PreconditionRejection};
pub use preconditions::Preconditions;
pub use ranges::Ranges;
pub use with_validators::WithValidators;

/// Returns the time of the system's clock. A handler has no other clock.
fn now() -> HttpDate {
    SharedClock::default().now()
}
