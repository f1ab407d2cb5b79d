use http::Response;

use super::preconditions::now;
use crate::semantics::validators::Validators;

/// A response with the validators of its content: `ETag` and `Last-Modified`
/// (RFC 9110, section 8.8). A validator that is not known leaves its field as
/// it was.
///
/// Read the validators before the content, or together with it: a new tag on
/// old bytes is a stale page for ever.
#[derive(Debug, Clone)]
#[allow(clippy::exhaustive_structs)] // it is what its two fields are
pub struct Validated<T>(pub T, pub Validators);

impl<B> From<Validated<Self>> for Response<B> {
    fn from(Validated(mut response, validators): Validated<Self>) -> Self {
        validators.write_to(response.headers_mut(), now);
        validators.repeated.write_to(response.headers_mut());
        response
    }
}
