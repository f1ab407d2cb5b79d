use http::{
    HeaderMap, HeaderValue,
    header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE, RANGE},
};

use super::{ConditionalFields, fields::Field};

/// The fields of a request that make its answer depend on the current state.
#[derive(Debug, Default)]
pub(crate) struct RequestConditions<L = HeaderValue> {
    /// `Range` asks for a part.
    pub(crate) range: bool,
    pub(crate) fields: ConditionalFields<L>,
}

impl<'a> RequestConditions<&'a HeaderValue> {
    /// Looks once at each line, which costs less than looking five names up.
    pub(crate) fn of(headers: &'a HeaderMap) -> Self {
        let mut conditions = Self {
            range: false,
            fields: ConditionalFields::default(),
        };
        for (name, value) in headers {
            let field = match *name {
                IF_NONE_MATCH => Field::NoneMatch,
                IF_MATCH => Field::Match,
                IF_MODIFIED_SINCE => Field::ModifiedSince,
                IF_UNMODIFIED_SINCE => Field::UnmodifiedSince,
                RANGE => {
                    conditions.range = true;
                    continue;
                }
                _ => continue,
            };
            conditions.fields.push(field, value);
        }
        conditions
    }

    /// The same, which outlives the request.
    pub(crate) fn cloned(&self) -> RequestConditions {
        RequestConditions {
            range: self.range,
            fields: self.fields.cloned(),
        }
    }
}
