//! `http-range-header` 1.0 as a second opinion on the rows with `Range` alone.

use std::{collections::BTreeSet, ops::RangeInclusive};

use http_range_header::{RangeRejected, RangeUnsatisfiableError, parse_range_header};

use super::{RangeRow, broken::joined, parts_text, rows};

/// The points in which the other library differs. The first three are in its README.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Deviation {
    /// Numbers beyond 64 bits are the largest number. Of two such numbers, the first is never
    /// larger than the last.
    HugeInverted,
    /// Numbers with more than 30 digits are refused.
    ManyDigits,
    /// Sets with more than one pair of ranges that overlap are refused.
    Overlapping,
}

/// Returns the decision of the other library in the words of the vectors, or its deviation. All
/// refusals are `whole`, since the standard allows it. The library joins no ranges, so this is done
/// here.
fn other_decision(range: &str, length: u64) -> Result<String, Deviation> {
    let parsed = parse_range_header(range);
    match parsed.and_then(|ranges| ranges.validate(length)) {
        // The end of an empty representation.
        Ok(parts) if parts.is_empty() => Ok("whole".to_owned()),
        Ok(_) | Err(RangeUnsatisfiableError::Unsatisfiable) if is_huge_inverted(range) => {
            Err(Deviation::HugeInverted)
        }
        Ok(parts) => {
            let ends = |part: RangeInclusive<u64>| ((*part.start()).into(), (*part.end()).into());
            Ok(parts_text(&joined(
                None,
                parts.into_iter().map(ends).collect(),
            )))
        }
        Err(RangeUnsatisfiableError::Unsatisfiable) => Ok("unsatisfiable".to_owned()),
        Err(RangeUnsatisfiableError::Rejected(RangeRejected::TooManyDigits)) => {
            Err(Deviation::ManyDigits)
        }
        Err(RangeUnsatisfiableError::Rejected(RangeRejected::TooManyOverlapping)) => {
            Err(Deviation::Overlapping)
        }
        Err(_) => Ok("whole".to_owned()),
    }
}

fn is_huge_inverted(range: &str) -> bool {
    let members = range.split(['=', ',']);
    members
        .filter_map(|member| member.split_once('-'))
        .any(|(first, last)| {
            let number = |digits: &str| digits.parse::<u128>().ok();
            let huge = u128::from(u64::MAX);
            number(first)
                .zip(number(last))
                .is_some_and(|(first, last)| first > last && last >= huge)
        })
}

/// Returns the value of `Range` of a row that has no other header.
fn range_alone(row: &RangeRow) -> Option<&str> {
    match row.request.as_slice() {
        [(name, range)] if name == "Range" && row.method == "GET" => {
            Some(range.trim_matches([' ', '\t']))
        }
        _ => None,
    }
}

/// R-9110-14.1.2-a, R-9110-14.1.2-b: the two libraries differ in the listed points alone, and in each
/// of them.
#[test]
fn a_second_library_differs_in_the_known_points() {
    let mut compared = 0;
    let (mut wrong, mut deviations) = (Vec::new(), BTreeSet::new());
    for row in rows() {
        let Some(range) = range_alone(&row) else {
            continue;
        };
        compared += 1;
        match other_decision(range, row.length) {
            Ok(decision) if decision == row.expected => {}
            Ok(decision) => wrong.push(format!("{}: {decision}, not {}", row.name, row.expected)),
            Err(deviation) => {
                deviations.insert(deviation);
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared > 1000, "only {compared} rows");
    let listed = [
        Deviation::HugeInverted,
        Deviation::ManyDigits,
        Deviation::Overlapping,
    ];
    assert_eq!(deviations, BTreeSet::from(listed));
}
