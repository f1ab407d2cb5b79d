use std::hash::{DefaultHasher, Hash, Hasher};

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{ACCEPT, ACCEPT_CHARSET, ACCEPT_ENCODING, ACCEPT_LANGUAGE, AUTHORIZATION},
};

use super::users;
use crate::semantics::field::lines;

const ACCEPTS: [HeaderName; 4] = [ACCEPT, ACCEPT_CHARSET, ACCEPT_ENCODING, ACCEPT_LANGUAGE];

/// Hashes of the request fields that may have chosen the response: their values
/// are secrets at times.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RequestFingerprint {
    /// `None` stands for a field that was not sent.
    values: Vec<(HeaderName, Option<u64>)>,
}

/// How two requests differ, as far as was remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RequestDifference {
    None,
    /// In nothing but the media types, languages and codings that are accepted.
    Accept,
    /// In nothing but fields other than `Authorization` that tell who asks.
    User,
    Other,
}

impl RequestFingerprint {
    /// Takes in what a client accepts, who it is, and the fields in `vary`.
    pub(super) fn of(request: &HeaderMap, vary: &[HeaderName]) -> Self {
        let mut values: Vec<(HeaderName, Option<u64>)> = Vec::new();
        let names = ACCEPTS.into_iter().chain(users::names(request));
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
            if self.agrees_on(other, name) {
                continue;
            }
            let found = if ACCEPTS.contains(name) {
                RequestDifference::Accept
            } else if users::names_user(name) && *name != AUTHORIZATION {
                RequestDifference::User
            } else {
                RequestDifference::Other
            };
            if difference != RequestDifference::None && difference != found {
                return RequestDifference::Other;
            }
            difference = found;
        }
        difference
    }

    /// Returns `true` if both sent the same value, or none. A field that was not
    /// remembered of both may differ.
    pub(super) fn agrees_on(&self, other: &Self, name: &HeaderName) -> bool {
        let is_remembered =
            |one: &Self| users::names_user(name) || one.names().any(|known| known == name);
        is_remembered(self) && is_remembered(other) && self.value(name) == other.value(name)
    }

    /// Returns the first field that tells who asks and has another value, or is
    /// in only one of the requests.
    pub(super) fn other_user<'a>(&'a self, other: &'a Self) -> Option<&'a HeaderName> {
        let mut names = self.names().chain(other.names());
        names.find(|name| users::names_user(name) && !self.agrees_on(other, name))
    }

    pub(super) fn sent(&self, name: &HeaderName) -> bool {
        self.value(name).is_some()
    }

    /// Returns `true` if another request has the same values in the fields of
    /// `vary` and in those that tell who asks.
    pub(super) fn is_alike(&self, request: &HeaderMap, vary: &[HeaderName]) -> bool {
        let sent = users::names(request);
        let users = self.names().filter(|name| users::names_user(name));
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

/// One number for the lines of a field, `None` without any.
pub(super) fn hash<'a>(lines: impl Iterator<Item = &'a HeaderValue>) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    let mut is_there = false;
    for line in lines {
        is_there = true;
        line.as_bytes().hash(&mut hasher);
    }
    is_there.then(|| hasher.finish())
}
