use http::Response;

use super::now;
use crate::semantics::validator::Validators;

/// A response with the validators of its content: `ETag` and `Last-Modified` (RFC 9110,
/// section 8.8). If a validator is unknown, its header is left as it is.
///
/// Read the validators before the content, or together with it. A new tag on old content
/// makes clients keep the old content until the next change.
///
/// # Responses to writes
///
/// A client assumes that a validator in the response to its `PUT` belongs to the content that
/// it sent. So set one only if the content was stored byte for byte (RFC 9110, section 9.3.4).
/// If the service normalizes the content, adds an id or a date, or renders it in another form,
/// there are two ways:
///
/// - Send the new representation, and name its resource in `Content-Location` (section 8.7).
///   The validators then belong to that content. The same holds for the responses to `POST` and
///   `PATCH`.
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
#[allow(clippy::exhaustive_structs)] // a pair, and nothing more by intent
pub struct WithValidators<T>(pub T, pub Validators);

impl<B> From<WithValidators<Self>> for Response<B> {
    fn from(WithValidators(mut response, validators): WithValidators<Self>) -> Self {
        validators.write_to(response.headers_mut(), now);
        validators.repeated.write_to(response.headers_mut());
        response
    }
}
