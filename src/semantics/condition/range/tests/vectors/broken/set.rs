//! The ranges of one line.

use super::RangeFault as F;

/// Returns the parts that a line selects, in its order, or the plan that needs no parts.
pub(super) fn specifiers(
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
pub(in super::super) fn joined(fault: Option<F>, parts: Vec<(u128, u128)>) -> Vec<(u128, u128)> {
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
