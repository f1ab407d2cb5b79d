//! A naive planner that can have a fault.

mod set;

use http::{
    HeaderMap, Method,
    header::{IF_RANGE, RANGE},
};

use super::{RangeCase, parts_text};
use set::specifiers;

use crate::semantics::{
    condition::{Decision, tests::evaluate::text},
    field::HttpDate,
};
pub(super) use set::joined;

macro_rules! range_faults {
    ($($fault:ident),+ $(,)?) => {
        /// A fault of a planner, as real ones have had.
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub(super) enum RangeFault {
            $($fault),+
        }

        impl RangeFault {
            pub(super) const ALL: &[Self] = &[$(Self::$fault),+];
        }
    };
}

range_faults! {
    RangeOnHead,
    RangeBeforeConditions,
    UnitHasCase,
    UnknownUnitIsUnsatisfiable,
    UnknownUnitCountsBytes,
    FirstRangeLineCounts,
    MalformedIsUnsatisfiable,
    MalformedMemberIsDropped,
    InvertedIsUnsatisfiable,
    InvertedIsSwapped,
    EmptyMemberIsMalformed,
    SignIsDigit,
    NumbersWrap,
    HugeIsMalformed,
    HugeInvertedIsEqual,
    LastIsExclusive,
    LastIsNotClamped,
    LongSuffixIsUnsatisfiable,
    SuffixIsFromStart,
    EmptySuffixIsWhole,
    FirstAtLengthIsSatisfiable,
    EmptyIsAlwaysUnsatisfiable,
    FirstPartOnly,
    OneUnsatisfiableFailsAll,
    NothingIsJoined,
    TouchingIsNotJoined,
    JoinedOnceOnly,
    PartsAreSorted,
    IfRangeIsIgnored,
    IfRangeIsWeak,
    IfRangeTakesWeak,
    IfRangeFalseIsFailed,
    IfRangeTakesList,
    FirstIfRangeLineCounts,
    IfRangeStarMatches,
    UnsatisfiableBeforeIfRange,
    LaterDateIsTrue,
    DateOfThisSecondIsStrong,
    DateAsText,
}

use RangeFault as F;

/// Returns the decision in the words of the vectors.
pub(super) fn decide(fault: Option<F>, case: &RangeCase) -> String {
    let has = |other| fault == Some(other);
    let decision = case.conditions();
    if decision != Decision::Proceed && !has(F::RangeBeforeConditions) {
        return text(decision);
    }
    let ranged = plan(fault, case);
    if decision != Decision::Proceed && ranged == "whole" {
        return text(decision);
    }
    ranged
}

fn plan(fault: Option<F>, case: &RangeCase) -> String {
    let has = |other| fault == Some(other);
    let whole = || "whole".to_owned();
    let may_range =
        case.method == Method::GET || has(F::RangeOnHead) && case.method == Method::HEAD;
    let lines = lines(&case.headers, RANGE.as_str());
    let one = lines.len() == 1 || has(F::FirstRangeLineCounts) && !lines.is_empty();
    if !may_range || !one {
        return whole();
    }
    let set = specifiers(fault, &lines[0], case.length);
    let matches = has(F::IfRangeIsIgnored) || if_range(fault, case);
    if !matches && has(F::UnsatisfiableBeforeIfRange) && set == Ok(vec![]) {
        return "unsatisfiable".to_owned();
    }
    if !matches {
        let failed = has(F::IfRangeFalseIsFailed);
        return if failed {
            "failed: If-Range".to_owned()
        } else {
            whole()
        };
    }
    match set {
        Err(plan) => plan.to_owned(),
        Ok(parts) if parts.is_empty() => "unsatisfiable".to_owned(),
        Ok(parts) => parts_text(&joined(fault, parts)),
    }
}

fn lines(headers: &HeaderMap, name: &str) -> Vec<String> {
    let lines = headers.get_all(name).iter();
    lines
        .map(|line| latin1(line.as_bytes()).trim_matches([' ', '\t']).to_owned())
        .collect()
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

fn if_range(fault: Option<F>, case: &RangeCase) -> bool {
    let has = |other| fault == Some(other);
    let lines = lines(&case.headers, IF_RANGE.as_str());
    let Some(line) = lines.first() else {
        return true;
    };
    if lines.len() > 1 && !has(F::FirstIfRangeLineCounts) {
        return false;
    }
    let validators = case.validators();
    if has(F::IfRangeStarMatches) && line == "*" {
        return true;
    }
    let etag = validators.etag.map(|etag| {
        let weak = if etag.is_weak() { "W/" } else { "" };
        format!("{weak}\"{}\"", latin1(etag.opaque()))
    });
    if line.contains('"') {
        let Some(etag) = etag else { return false };
        let opaque = |tag: &str| tag.trim_start_matches("W/").to_owned();
        if has(F::IfRangeIsWeak) {
            return opaque(line) == opaque(&etag);
        }
        if has(F::IfRangeTakesList) {
            return line.split(',').any(|tag| tag.trim() == etag);
        }
        return *line == etag && (!line.starts_with("W/") || has(F::IfRangeTakesWeak));
    }
    let Some(modified) = validators.last_modified else {
        return false;
    };
    if has(F::DateAsText) {
        return *line == modified.to_string();
    }
    let strong = modified < case.date || has(F::DateOfThisSecondIsStrong);
    let given = HttpDate::parse(line.as_bytes(), case.date);
    strong
        && given
            .is_some_and(|given| given == modified || has(F::LaterDateIsTrue) && given > modified)
}
