//! The rules for a `GET` that reads the current state on behalf of a write.

use http::{
    HeaderMap, HeaderName, Method, StatusCode,
    header::{
        CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_LOCATION,
        CONTENT_RANGE, CONTENT_TYPE, EXPECT, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
        IF_UNMODIFIED_SINCE, RANGE, TRAILER, TRANSFER_ENCODING, UPGRADE,
    },
    request::Parts,
};

/// Returns `true` for headers of a write that the `GET` does not have.
fn belongs_to_write(name: &HeaderName) -> bool {
    match *name {
        // Conditions and ranges: the `GET` needs the whole current representation.
        IF_MATCH | IF_NONE_MATCH | IF_MODIFIED_SINCE | IF_UNMODIFIED_SINCE | IF_RANGE | RANGE
        // Headers of the content, which the `GET` does not have.
        | CONTENT_DISPOSITION | CONTENT_ENCODING | CONTENT_LANGUAGE | CONTENT_LENGTH
        | CONTENT_LOCATION | CONTENT_RANGE | CONTENT_TYPE | EXPECT | TRAILER
        | TRANSFER_ENCODING | UPGRADE => true,
        _ => matches!(
            name.as_str(),
            "content-digest" | "repr-digest" | "digest" | "content-md5"
                // Instructions for the write, and overrides of its method.
                | "if" | "prefer" | "idempotency-key" | "x-http-method-override"
                | "x-http-method" | "x-method-override"
        ),
    }
}

/// Returns the head of the `GET`: that of the request, without the headers that belong to the
/// write. Credentials and `Accept` headers stay.
#[must_use]
pub fn get_head(request: &Parts) -> Parts {
    let mut get = request.clone();
    get.method = Method::GET;
    let fields = std::mem::replace(&mut get.headers, HeaderMap::new());
    // The iterator yields a name only with the first of its values.
    let mut last = None;
    for (name, value) in fields {
        if name.is_some() {
            last = name;
        }
        if let Some(name) = last.as_ref().filter(|name| !belongs_to_write(name)) {
            get.headers.append(name.clone(), value);
        }
    }
    get
}

/// The meaning of the status of the response to the `GET`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SelfGetStatus {
    /// The response is the current representation.
    Present,
    /// No representation exists: 404 and 410.
    Absent,
    /// The request is refused or redirected: 3xx, and other 4xx such as 400, 401, 403 and 429.
    ///
    /// The caller gets this response unchanged. A caller who may not read learns nothing from a
    /// condition. A caller with too many requests learns when to try again.
    Refused,
    /// The target has no state to read: 405 and 501.
    Unknown,
    /// The state is unknown because of a failure: any other status. A 304 is a failure, since
    /// the `GET` has no condition.
    Failed,
}

impl SelfGetStatus {
    /// Returns the meaning of a status.
    #[must_use]
    pub fn from_status(status: StatusCode) -> Self {
        match status {
            StatusCode::OK | StatusCode::NON_AUTHORITATIVE_INFORMATION | StatusCode::NO_CONTENT => {
                Self::Present
            }
            StatusCode::NOT_FOUND | StatusCode::GONE => Self::Absent,
            StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => Self::Unknown,
            StatusCode::NOT_MODIFIED => Self::Failed,
            other if other.is_redirection() || other.is_client_error() => Self::Refused,
            _ => Self::Failed,
        }
    }
}
