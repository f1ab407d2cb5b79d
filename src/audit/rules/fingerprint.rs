use std::hash::{DefaultHasher, Hash, Hasher};

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{ACCEPT, ACCEPT_CHARSET, ACCEPT_ENCODING, ACCEPT_LANGUAGE, AUTHORIZATION},
};

use super::users;
use crate::semantics::field::lines;

const ACCEPTS: [HeaderName; 4] = [ACCEPT, ACCEPT_CHARSET, ACCEPT_ENCODING, ACCEPT_LANGUAGE];

/// Hashes of the request headers that may have selected the response. Hashes, since the values
/// may be secrets.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RequestFingerprint {
    /// The hash of each header, `None` for a header that was not sent.
    values: Vec<(HeaderName, Option<u64>)>,
}

/// The headers in which two requests differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RequestDifference {
    None,
    /// Only headers that negotiate media type, language or coding.
    Accept,
    /// Only headers that identify the user, except `Authorization`.
    User,
    Other,
}

impl RequestFingerprint {
    /// Hashes the `Accept` headers, those that identify the user, and those in `vary`.
    pub(super) fn of(request: &HeaderMap, vary: &[HeaderName]) -> Self {
        let mut values: Vec<(HeaderName, Option<u64>)> = Vec::new();
        let names = ACCEPTS.into_iter().chain(users::user_headers(request));
        for name in names.chain(vary.iter().cloned()) {
            if values.iter().all(|(other, _)| *other != name) {
                let value = hash(lines::lines(request, &name));
                values.push((name, value));
            }
        }
        Self { values }
    }

    pub(super) fn difference(&self, other: &Self) -> RequestDifference {
        let mut difference = RequestDifference::None;
        for name in self.names().chain(other.names()) {
            if self.has_same_header(other, name) {
                continue;
            }
            let kind = if ACCEPTS.contains(name) {
                RequestDifference::Accept
            } else if users::is_user_header(name) && *name != AUTHORIZATION {
                RequestDifference::User
            } else {
                RequestDifference::Other
            };
            if difference != RequestDifference::None && difference != kind {
                return RequestDifference::Other;
            }
            difference = kind;
        }
        difference
    }

    /// Returns `true` if both requests sent the same value, or none. A header that was recorded
    /// for only one of them may differ.
    pub(super) fn has_same_header(&self, other: &Self, name: &HeaderName) -> bool {
        let is_remembered =
            |one: &Self| users::is_user_header(name) || one.names().any(|known| known == name);
        is_remembered(self) && is_remembered(other) && self.value(name) == other.value(name)
    }

    /// Returns the first header that identifies the user and differs between the requests.
    pub(super) fn differing_user_header<'a>(&'a self, other: &'a Self) -> Option<&'a HeaderName> {
        let mut names = self.names().chain(other.names());
        names.find(|name| users::is_user_header(name) && !self.has_same_header(other, name))
    }

    pub(super) fn has_header(&self, name: &HeaderName) -> bool {
        self.value(name).is_some()
    }

    /// Returns `true` if another request has the same values in the headers of `vary` and in
    /// those that identify the user.
    pub(super) fn selects_same_variant(&self, request: &HeaderMap, vary: &[HeaderName]) -> bool {
        let sent = users::user_headers(request);
        let users = self.names().filter(|name| users::is_user_header(name));
        users
            .chain(vary)
            .chain(&sent)
            .all(|name| self.value(name) == hash(lines::lines(request, name)))
    }

    fn names(&self) -> impl Iterator<Item = &HeaderName> {
        self.values.iter().map(|(name, _)| name)
    }

    fn value(&self, name: &HeaderName) -> Option<u64> {
        let mut values = self.values.iter();
        values.find(|(other, _)| other == name)?.1
    }
}

/// Returns one hash for all lines of a header, or `None` if there are none.
pub(super) fn hash<'a>(lines: impl Iterator<Item = &'a HeaderValue>) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    let mut is_there = false;
    for line in lines {
        is_there = true;
        line.as_bytes().hash(&mut hasher);
    }
    is_there.then(|| hasher.finish())
}
