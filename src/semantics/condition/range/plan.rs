use std::borrow::Borrow;

use http::{HeaderValue, Method};

use super::{
    RangeFields, RangeLimits, RangeSet, Representation,
    range_set::{RequestedRanges, select},
};

/// The response to a request with `Range`.
#[derive(Debug, Clone)]
pub enum Plan {
    /// The response is the 200, as without `Range`.
    Whole,
    /// The response is a 206 with these parts.
    Parts(RangeSet),
    /// The response is 416: the representation has none of these bytes.
    Unsatisfiable,
}

/// Decides which bytes of a representation a request gets: the last step of RFC 9110, section
/// 13.2.2.
///
/// The answer to an invalid `Range`, to another unit or to a false `If-Range` is the whole
/// representation, which every client understands (section 14.2). So it is for several parts that a
/// layer outside could code.
pub fn plan<L: Borrow<HeaderValue>>(
    fields: &RangeFields<L>,
    method: &Method,
    representation: &Representation<'_>,
    limits: RangeLimits,
) -> Plan {
    if *method != Method::GET {
        return Plan::Whole;
    }
    let Some(specifiers) = fields.specifiers() else {
        return Plan::Whole;
    };
    if !fields.may_join(representation) {
        return Plan::Whole;
    }
    match select(specifiers, representation.length, limits) {
        RequestedRanges::Parts(set) if set.as_slice().is_empty() => Plan::Unsatisfiable,
        RequestedRanges::Parts(set) if fields.may_send(&set) => Plan::Parts(set),
        RequestedRanges::Parts(_) | RequestedRanges::Ignored => Plan::Whole,
    }
}
