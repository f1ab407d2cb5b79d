//! A `GET` that asks for the current state on behalf of another request.

use http::{
    HeaderMap, HeaderName, Method, StatusCode,
    header::{
        CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_LOCATION,
        CONTENT_RANGE, CONTENT_TYPE, EXPECT, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
        IF_UNMODIFIED_SINCE, RANGE, TRAILER, TRANSFER_ENCODING, UPGRADE,
    },
    request::Parts,
};

/// Fields of a request that a `GET` in its place does not have.
fn belongs_to_the_write(name: &HeaderName) -> bool {
    match *name {
        // Conditions and parts: the whole current representation is wanted.
        IF_MATCH | IF_NONE_MATCH | IF_MODIFIED_SINCE | IF_UNMODIFIED_SINCE | IF_RANGE | RANGE
        // The content, which stays with the write.
        | CONTENT_DISPOSITION | CONTENT_ENCODING | CONTENT_LANGUAGE | CONTENT_LENGTH
        | CONTENT_LOCATION | CONTENT_RANGE | CONTENT_TYPE | EXPECT | TRAILER
        | TRANSFER_ENCODING | UPGRADE => true,
        _ => matches!(
            name.as_str(),
            "content-digest" | "repr-digest" | "digest" | "content-md5"
                // What to do with the write, or which method it really is.
                | "if" | "prefer" | "idempotency-key" | "x-http-method-override"
                | "x-http-method" | "x-method-override"
        ),
    }
}

/// The head of the `GET`: the request's own, credentials and what it accepts
/// included, without what belongs to the write.
#[must_use]
pub fn head(request: &Parts) -> Parts {
    let mut get = request.clone();
    get.method = Method::GET;
    let fields = std::mem::replace(&mut get.headers, HeaderMap::new());
    // A name is given only with the first of its values.
    let mut last = None;
    for (name, value) in fields {
        if name.is_some() {
            last = name;
        }
        if let Some(name) = last.as_ref().filter(|name| !belongs_to_the_write(name)) {
            get.headers.append(name.clone(), value);
        }
    }
    get
}

/// What the status of the answer to the `GET` says of the current state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Meaning {
    /// There is a representation, and the answer is it.
    Present,
    /// There is none: 404 and 410.
    Absent,
    /// The request is refused or redirected: 3xx, and every other 4xx, such as
    /// 400, 401, 403 and 429. Whoever may not read must not learn from a
    /// condition what is there, and whoever asks for too much learns when to try
    /// again: this very answer is what the caller gets.
    Refused,
    /// The target has no state to read: 405 and 501.
    Unknown,
    /// Nobody knows: any other status. So is a 304, for which no condition asked.
    Failed,
}

impl Meaning {
    /// The meaning of a status.
    #[must_use]
    pub fn of(status: StatusCode) -> Self {
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
