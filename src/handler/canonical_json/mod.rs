//! Responses in the canonical form of JSON.

mod finite;

use std::{error::Error, fmt};

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;

use self::finite::Finite;
use crate::semantics::canonical_json::{CanonicalLimits, NotCanonical, canonicalize};

/// JSON in its canonical form: sorted names, one notation for each number and string, no white
/// space (RFC 8785).
///
/// Two replicas, two releases or two hash maps write one value in two orders, so that each client
/// downloads it again. This type writes the same value as the same bytes. `EtagLayer` then makes
/// the same strong tag of them, which `If-Match` and `If-Range` can use.
///
/// # Example
///
/// With the feature `axum` it replaces `axum::Json` in responses:
///
/// ```
/// # #[cfg(feature = "axum")]
/// # mod example {
/// use std::collections::HashMap;
///
/// use tower_conditional::handler::CanonicalJson;
///
/// async fn prices() -> CanonicalJson<HashMap<&'static str, u32>> {
///     CanonicalJson(HashMap::from([("tea", 3), ("coffee", 4)]))
/// }
/// # }
/// ```
///
/// Otherwise it converts into an [`http::Response`]:
///
/// ```
/// use std::collections::HashMap;
///
/// use bytes::Bytes;
/// use http::Response;
/// use tower_conditional::handler::CanonicalJson;
///
/// let prices = HashMap::from([("tea", 3.5), ("coffee", 4.0)]);
/// let response = Response::<Bytes>::from(CanonicalJson(prices));
/// assert_eq!(response.body(), r#"{"coffee":4,"tea":3.5}"#);
/// ```
///
/// # How it works
///
/// `serde_json` serializes the value, and the text is brought into its canonical form. A value
/// means the same as with `axum::Json`. Nested objects are sorted too.
///
/// A common recipe in JavaScript is wrong: `JSON.stringify(value, Object.keys(value).sort())`. Its
/// list also filters nested members, so that a change in them keeps the tag.
///
/// # Errors
///
/// The response is 500 with the reason as text, as that of `axum::Json`, if the value has no
/// canonical form:
///
/// - NaN or an infinity, which `serde_json` would write as `null`.
/// - An integer beyond ±(2⁵³−1), which RFC 8785 would round. Write it as a string. A float that is
///   a whole number from 2⁵³ to 10²¹ counts as one.
/// - Two members with one name, as with `#[serde(flatten)]`.
/// - A map whose keys are no strings, numbers, booleans or characters.
///
/// # Limits
///
/// The length is limited to 4 GiB, and the depth is not limited. `serde_json` writes
/// the value first, into a buffer that doubles. So the peak is up to four times the content.
///
/// Arrays keep their order. Sort the elements of a `HashSet` before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)] // as `axum::Json`, and nothing more by intent
#[must_use]
pub struct CanonicalJson<T>(pub T);

/// An error returned if a value has no canonical form in JSON.
#[derive(Debug)]
pub struct CanonicalJsonError {
    kind: FormFailure,
}

#[derive(Debug)]
enum FormFailure {
    Serialize(serde_json::Error),
    Form(NotCanonical),
}

impl<T: Serialize> CanonicalJson<T> {
    /// Returns the canonical form.
    ///
    /// # Errors
    ///
    /// Fails if the value cannot be serialized, or if the form cannot carry it.
    pub fn to_bytes(&self) -> Result<Bytes, CanonicalJsonError> {
        let json = serde_json::to_vec(&Finite(&self.0)).map_err(FormFailure::Serialize)?;
        // The stack does not grow with the depth, and the value is the server's own.
        let limits = CanonicalLimits::new(usize::MAX).with_max_depth(usize::MAX);
        Ok(canonicalize(&json, &limits)
            .map_err(FormFailure::Form)?
            .into())
    }
}

impl<T: Serialize> From<CanonicalJson<T>> for Response<Bytes> {
    fn from(json: CanonicalJson<T>) -> Self {
        let (status, media_type, content) = match json.to_bytes() {
            Ok(content) => (StatusCode::OK, "application/json", content),
            Err(error) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "text/plain; charset=utf-8",
                error.to_string().into(),
            ),
        };
        let mut response = Self::new(content);
        *response.status_mut() = status;
        let media_type = HeaderValue::from_static(media_type);
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, media_type);
        response
    }
}

#[cfg(feature = "axum")]
impl<T: Serialize> axum_core::response::IntoResponse for CanonicalJson<T> {
    fn into_response(self) -> axum_core::response::Response {
        Response::<Bytes>::from(self).map(Into::into)
    }
}

impl From<FormFailure> for CanonicalJsonError {
    fn from(kind: FormFailure) -> Self {
        Self { kind }
    }
}

impl fmt::Display for CanonicalJsonError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            FormFailure::Serialize(error) => write!(formatter, "cannot serialize: {error}"),
            FormFailure::Form(refused) => refused.fmt(formatter),
        }
    }
}

impl Error for CanonicalJsonError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            FormFailure::Serialize(error) => error.source(),
            FormFailure::Form(_) => None,
        }
    }
}
