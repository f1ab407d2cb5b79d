use http::{
    HeaderMap,
    header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE, RANGE},
};

use super::ConditionalFields;

/// What a request asks for, as far as its fields tell.
#[derive(Debug, Default)]
pub(crate) struct Asks {
    /// `Range`: for a part.
    pub(crate) range: bool,
    pub(crate) preconditions: ConditionalFields,
}

impl Asks {
    /// Looks once at each field, which costs less than looking six of them up.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut asks = Self::default();
        let mut conditional = false;
        for name in headers.keys() {
            match *name {
                RANGE => asks.range = true,
                IF_MATCH | IF_NONE_MATCH | IF_MODIFIED_SINCE | IF_UNMODIFIED_SINCE => {
                    conditional = true;
                }
                _ => {}
            }
        }
        if conditional {
            for (name, value) in headers {
                asks.preconditions.take(name, value);
            }
        }
        asks
    }
}
