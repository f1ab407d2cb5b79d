mod divisible;
mod head;
mod if_range;
mod ranges;
mod vectors;

use http::{
    HeaderMap, HeaderValue, Method,
    header::{IF_RANGE, RANGE},
};

use super::{Plan, RangeFields, RangeLimits, Representation, plan};
use crate::semantics::{
    field::HttpDate,
    validator::{TagRef, ValidatorsRef},
};

const LIMITS: RangeLimits = RangeLimits {
    max_parts: 16,
    max_gap: 0,
};

/// The time of each response.
const MADE: HttpDate = HttpDate::from_unix_seconds(1_000_000_000);

fn headers(range: &[&'static str], if_range: &[&'static str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, lines) in [(RANGE, range), (IF_RANGE, if_range)] {
        for line in lines {
            headers.append(&name, HeaderValue::from_static(line));
        }
    }
    headers
}

/// Returns the plan as a text, such as `0-4,6-9`.
fn shown(plan: &Plan) -> String {
    match plan {
        Plan::Whole => "whole".to_owned(),
        Plan::Unsatisfiable => "unsatisfiable".to_owned(),
        Plan::Parts(ranges) => {
            let ranges = ranges.as_slice().iter().map(ToString::to_string);
            ranges.collect::<Vec<_>>().join(",")
        }
    }
}

fn planned(
    headers: &HeaderMap,
    representation: &Representation<'_>,
    limits: RangeLimits,
) -> String {
    let fields = RangeFields::from_headers(headers);
    let plan_of = |method: &Method| plan(&fields, method, representation, limits);
    for other in [Method::HEAD, Method::POST, Method::PUT, Method::OPTIONS] {
        assert_eq!(shown(&plan_of(&other)), "whole", "R-9110-14.2-a: {other}");
    }
    let found = shown(&plan_of(&Method::GET));
    let later = plan(&fields.cloned(), &Method::GET, representation, limits);
    assert_eq!(found, shown(&later), "the copy has the same headers");
    found
}

fn of_length(length: u64) -> Representation<'static> {
    Representation {
        length,
        validators: ValidatorsRef::default(),
        date: None,
    }
}

fn tagged(tag: &'static str) -> Representation<'static> {
    Representation {
        validators: ValidatorsRef::new(TagRef::parse(tag.as_bytes()), None),
        ..of_length(10)
    }
}
