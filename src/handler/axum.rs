//! Extractors and responses for axum.

use std::convert::Infallible;

use axum_core::{
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use http::request::Parts;

use super::{
    Expected, NotModified, PreconditionFailed, PreconditionRejection, Preconditions, Ranges,
    WithValidators,
};

impl<S: Sync> FromRequestParts<S> for Preconditions {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of_parts(parts))
    }
}

impl<S: Sync> FromRequestParts<S> for Ranges {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of_parts(parts))
    }
}

/// Rejects a write whose `If-Match` or `If-None-Match` has no well-formed member: 412, and the
/// handler does not run. Safe methods are not rejected (RFC 9110, section 9.2.1).
impl<S: Sync> FromRequestParts<S> for Expected {
    type Rejection = PreconditionFailed;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PreconditionFailed> {
        let expected = Self::of_parts(parts);
        expected.reject_malformed()?;
        Ok(expected)
    }
}

impl IntoResponse for NotModified {
    fn into_response(self) -> Response {
        self.into()
    }
}

impl IntoResponse for PreconditionFailed {
    fn into_response(self) -> Response {
        self.into()
    }
}

impl IntoResponse for PreconditionRejection {
    fn into_response(self) -> Response {
        self.into()
    }
}

impl<T: IntoResponse> IntoResponse for WithValidators<T> {
    fn into_response(self) -> Response {
        let Self(content, validators) = self;
        WithValidators(content.into_response(), validators).into()
    }
}
