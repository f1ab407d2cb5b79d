//! A naive planner that can have a fault.

use http::{
    HeaderMap, Method,
    header::{IF_RANGE, RANGE},
};

use super::{RangeCase, parts_text};
use crate::semantics::{
    condition::{Decision, tests::evaluate::text},
    field::HttpDate,
};

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

/// Returns the parts that a line selects, in its order, or the plan that needs no parts.
fn specifiers(
    fault: Option<F>,
    line: &str,
    length: u64,
) -> Result<Vec<(u128, u128)>, &'static str> {
    let has = |other| fault == Some(other);
    let (unit, set) = line.split_once('=').ok_or("whole")?;
    let is_bytes = unit == "bytes" || !has(F::UnitHasCase) && unit.eq_ignore_ascii_case("bytes");
    if !is_bytes && has(F::UnknownUnitIsUnsatisfiable) {
        return Err("unsatisfiable");
    }
    if !is_bytes && !has(F::UnknownUnitCountsBytes) {
        return Err("whole");
    }
    let members: Vec<_> = set
        .split(',')
        .map(|member| member.trim_matches([' ', '\t']))
        .collect();
    let filled = members.iter().filter(|member| !member.is_empty());
    if filled.clone().count() == 0 {
        return Err("whole");
    }
    if has(F::EmptyMemberIsMalformed) && filled.clone().count() < members.len() {
        return Err("whole");
    }
    let (mut parts, mut resolved) = (Vec::new(), 0);
    for member in filled {
        match specifier(fault, member, u128::from(length)) {
            Err("malformed") if has(F::MalformedMemberIsDropped) => continue,
            Err("malformed") if has(F::MalformedIsUnsatisfiable) => return Err("unsatisfiable"),
            Err("malformed") => return Err("whole"),
            Err(plan) => return Err(plan),
            Ok(None) if has(F::OneUnsatisfiableFailsAll) => return Err("unsatisfiable"),
            Ok(part) => parts.extend(part),
        }
        resolved += 1;
    }
    if resolved == 0 {
        return Err("whole");
    }
    if has(F::FirstPartOnly) {
        parts.truncate(1);
    }
    Ok(parts)
}

/// Returns the bytes of one member, if it is satisfiable.
fn specifier(
    fault: Option<F>,
    member: &str,
    length: u128,
) -> Result<Option<(u128, u128)>, &'static str> {
    let has = |other| fault == Some(other);
    let (first, last) = member.split_once('-').ok_or("malformed")?;
    let end = length.saturating_sub(1);
    if first.is_empty() {
        let suffix = number(fault, last)?;
        return match suffix {
            0 if has(F::EmptySuffixIsWhole) => Err("whole"),
            0 => Ok(None),
            _ if length == 0 && has(F::EmptyIsAlwaysUnsatisfiable) => Ok(None),
            // No `Content-Range` can name the end of an empty representation.
            _ if length == 0 => Err("whole"),
            _ if has(F::SuffixIsFromStart) => Ok(Some((0, suffix.min(end)))),
            _ if suffix > length && has(F::LongSuffixIsUnsatisfiable) => Ok(None),
            _ => Ok(Some((length.saturating_sub(suffix), end))),
        };
    }
    let mut first = number(fault, first)?;
    let mut last = if last.is_empty() {
        u128::MAX
    } else {
        number(fault, last)?
    };
    if has(F::HugeInvertedIsEqual) {
        (first, last) = (
            first.min(u128::from(u64::MAX)),
            last.min(u128::from(u64::MAX)),
        );
    }
    if last < first && has(F::InvertedIsSwapped) {
        (first, last) = (last, first);
    }
    if last < first {
        let refused = has(F::InvertedIsUnsatisfiable);
        return Err(if refused { "unsatisfiable" } else { "whole" });
    }
    if first >= length && !(first == length && has(F::FirstAtLengthIsSatisfiable)) {
        return Ok(None);
    }
    if last != u128::MAX && has(F::LastIsExclusive) {
        last = last.saturating_sub(1);
    }
    let last = if has(F::LastIsNotClamped) {
        last
    } else {
        last.min(end)
    };
    Ok(Some((first, last)))
}

fn number(fault: Option<F>, digits: &str) -> Result<u128, &'static str> {
    let has = |other| fault == Some(other);
    let digits = if has(F::SignIsDigit) {
        digits.trim_start_matches('+')
    } else {
        digits
    };
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err("malformed");
    }
    // Numbers of up to 38 digits are exact, and larger ones are the largest.
    let number: u128 = digits.parse().unwrap_or(u128::MAX - 1);
    match u64::try_from(number) {
        Err(_) if has(F::HugeIsMalformed) => Err("malformed"),
        Err(_) if has(F::NumbersWrap) => Ok(number & u128::from(u64::MAX)),
        _ => Ok(number),
    }
}

/// Joins parts that overlap or touch. A joined part stands where the first of them stood.
pub(super) fn joined(fault: Option<F>, parts: Vec<(u128, u128)>) -> Vec<(u128, u128)> {
    let has = |other| fault == Some(other);
    let gap = u128::from(!has(F::TouchingIsNotJoined));
    let is_near = |a: (u128, u128), b: (u128, u128)| a.0 <= b.1.saturating_add(gap);
    let mut all: Vec<(u128, u128)> = Vec::new();
    for mut part in parts {
        let mut place = all.len();
        while let Some(at) = all
            .iter()
            .position(|other| is_near(part, *other) && is_near(*other, part))
            && !has(F::NothingIsJoined)
        {
            let other = all.remove(at);
            part = (part.0.min(other.0), part.1.max(other.1));
            place = place.min(at);
            if has(F::JoinedOnceOnly) {
                break;
            }
        }
        all.insert(place, part);
    }
    if has(F::PartsAreSorted) {
        all.sort_unstable();
    }
    all
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
