use http::Response;

use super::now;
use crate::semantics::validator::Validators;

/// A response with the validators of its content: `ETag` and `Last-Modified`
/// (RFC 9110, section 8.8). A validator that is not known leaves its field as
/// it was.
///
/// Read the validators before the content, or together with it: a new tag on
/// old bytes is a stale page for ever.
///
/// # Answers to writes
///
/// A client takes a validator in the answer to its `PUT` for that of the content
/// that it sent. So a successful `PUT` has one only if the content was stored as
/// it came, byte for byte (RFC 9110, section 9.3.4). If the service normalises
/// the content, adds an id or a date, or renders it anew, there are two ways:
///
/// - Send the new representation, and name its resource in `Content-Location`
///   (section 8.7). The validators are then those of that content. The same goes
///   for the answers to `POST` and `PATCH`.
/// - Send no validators. The client gets them with its next `GET`.
///
/// ```
/// use bytes::Bytes;
/// use http::{Response, header::CONTENT_LOCATION};
/// use tower_conditional::{VersionTags, handler::WithValidators};
///
/// // The client sent `{"text": "hello"}`.
/// fn updated(id: i64) -> Response<Bytes> {
///     let note = Response::builder()
///         .header(CONTENT_LOCATION, format!("/notes/{id}"))
///         .body(r#"{"id": 1, "text": "hello"}"#.into())
///         .expect("a path is a field value");
///     WithValidators(note, VersionTags::of("notes", id).number(8).into()).into()
/// }
/// # updated(1);
/// ```
#[derive(Debug, Clone)]
#[allow(clippy::exhaustive_structs)] // it is what its two fields are
pub struct WithValidators<T>(pub T, pub Validators);

impl<B> From<WithValidators<Self>> for Response<B> {
    fn from(WithValidators(mut response, validators): WithValidators<Self>) -> Self {
        validators.write_to(response.headers_mut(), now);
        validators.repeated.write_to(response.headers_mut());
        response
    }
}
