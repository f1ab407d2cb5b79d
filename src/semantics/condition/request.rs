use http::{
    HeaderMap, HeaderValue,
    header::{ACCEPT, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE, RANGE},
};

use super::{ConditionalFields, fields::Field};
use crate::semantics::field::Accept;

/// The headers of a request that decide about its response, besides the current state.
#[derive(Debug, Default)]
pub(crate) struct RequestConditions<'a> {
    /// `true` if the request has a `Range`.
    pub(crate) range: bool,
    pub(crate) fields: ConditionalFields<&'a HeaderValue>,
    /// The media types that a refusal may have.
    pub(crate) accept: Accept<&'a HeaderValue>,
}

impl<'a> RequestConditions<'a> {
    /// Reads the headers in one pass, which costs less than six lookups.
    pub(crate) fn from_headers(headers: &'a HeaderMap) -> Self {
        let mut conditions = Self::default();
        for (name, line) in headers {
            let field = match *name {
                IF_NONE_MATCH => Field::NoneMatch,
                IF_MATCH => Field::Match,
                IF_MODIFIED_SINCE => Field::ModifiedSince,
                IF_UNMODIFIED_SINCE => Field::UnmodifiedSince,
                ACCEPT => {
                    conditions.accept.push(line);
                    continue;
                }
                RANGE => {
                    conditions.range = true;
                    continue;
                }
                _ => continue,
            };
            conditions.fields.push(field, line);
        }
        conditions
    }
}

impl<'a> ConditionalFields<&'a HeaderValue> {
    /// Reads the conditional headers of a request.
    #[must_use]
    pub fn from_headers(headers: &'a HeaderMap) -> Self {
        RequestConditions::from_headers(headers).fields
    }
}
