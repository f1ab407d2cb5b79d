//! Runner of `tests/vectors/ranges.json` and `ranges-product.json`.
//!
//! It checks the planner of this crate, and that the vectors detect every [`RangeFault`].

mod broken;
mod second_opinion;

use std::collections::HashSet;

use http::{HeaderMap, HeaderName, Method};
use serde::Deserialize;

use crate::semantics::{
    condition::{
        ConditionalFields, Current, Decision,
        range::{ByteRange, Plan, RangeFields, RangeLimits, Representation, plan},
        tests::evaluate::{State, text, value},
    },
    field::HttpDate,
    validator::ValidatorsRef,
};
use broken::RangeFault;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RangeRow {
    name: String,
    method: String,
    request: Vec<(String, String)>,
    state: State,
    length: u64,
    date: i64,
    now: i64,
    expected: String,
    rfc: String,
    id: String,
}

/// A row, converted to the types of this crate.
struct RangeCase {
    method: Method,
    headers: HeaderMap,
    current: Current,
    length: u64,
    date: HttpDate,
    now: HttpDate,
}

/// The rows have ranges with gaps of one byte, and only ranges that touch are joined.
const LIMITS: RangeLimits = RangeLimits {
    max_parts: 16,
    max_gap: 0,
};

fn rows() -> Vec<RangeRow> {
    [
        include_str!("../../../../../../tests/vectors/ranges.json"),
        include_str!("../../../../../../tests/vectors/ranges-product.json"),
    ]
    .into_iter()
    .flat_map(|file| serde_json::from_str::<Vec<RangeRow>>(file).expect("rows"))
    .collect()
}

impl RangeRow {
    fn case(&self) -> RangeCase {
        let mut headers = HeaderMap::new();
        for (name, text) in &self.request {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a field name");
            headers.append(name, value(text));
        }
        RangeCase {
            method: Method::from_bytes(self.method.as_bytes()).expect("a method"),
            headers,
            current: self.state.current(),
            length: self.length,
            date: HttpDate::from_unix_seconds(self.date),
            now: HttpDate::from_unix_seconds(self.now),
        }
    }
}

impl RangeCase {
    /// Returns the decision of the conditions. `Range` counts only if it is `Proceed`.
    fn conditions(&self) -> Decision {
        let conditions = ConditionalFields::from_headers(&self.headers);
        conditions.evaluate(&self.method, self.current.as_ref(), || self.now)
    }

    fn validators(&self) -> ValidatorsRef<'_> {
        match &self.current {
            Current::Present(validators) => validators.as_ref(),
            Current::Unknown | Current::Absent => ValidatorsRef::default(),
        }
    }

    /// Returns the decision in the words of the vectors.
    fn decide(&self) -> String {
        let decision = self.conditions();
        if decision != Decision::Proceed {
            return text(decision);
        }
        let representation = Representation {
            length: self.length,
            validators: self.validators(),
            date: Some(self.date),
        };
        let fields = RangeFields::from_headers(&self.headers);
        let plan = plan(&fields, &self.method, &representation, LIMITS);
        plan_text(&plan)
    }
}

fn plan_text(plan: &Plan) -> String {
    match plan {
        Plan::Whole => "whole".to_owned(),
        Plan::Parts(parts) => {
            let ends = |part: &ByteRange| (part.first().into(), part.last().into());
            parts_text(&parts.as_slice().iter().map(ends).collect::<Vec<_>>())
        }
        Plan::Unsatisfiable => "unsatisfiable".to_owned(),
    }
}

fn parts_text(parts: &[(u128, u128)]) -> String {
    let parts: Vec<_> = parts
        .iter()
        .map(|(first, last)| format!("{first}-{last}"))
        .collect();
    format!("parts: {}", parts.join(","))
}

/// Returns the rows whose decision is another, with both.
fn disagreements(
    cases: &[(RangeRow, RangeCase)],
    decide: impl Fn(&RangeCase) -> String,
) -> Vec<String> {
    let disagrees = |(row, case): &(RangeRow, RangeCase)| {
        let decision = decide(case);
        let RangeRow {
            name,
            expected,
            rfc,
            id,
            ..
        } = row;
        (decision != *expected).then(|| format!("{name}: {decision}, not {expected} ({rfc}, {id})"))
    };
    cases.iter().filter_map(disagrees).collect()
}

fn cases() -> Vec<(RangeRow, RangeCase)> {
    let with_case = |row: RangeRow| {
        let case = row.case();
        (row, case)
    };
    rows().into_iter().map(with_case).collect()
}

#[test]
fn the_plan_agrees_with_the_vectors() {
    let wrong = disagreements(&cases(), RangeCase::decide);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_vectors_of_ranges_detect_every_fault() {
    let cases = cases();
    let wrong = disagreements(&cases, |case| broken::decide(None, case));
    assert!(wrong.is_empty(), "without a fault: {}", wrong.join("\n"));
    for fault in RangeFault::ALL {
        let detected = disagreements(&cases, |case| broken::decide(Some(*fault), case));
        assert!(!detected.is_empty(), "{fault:?} was not detected");
    }
}

#[test]
fn names_of_range_rows_are_unique() {
    let rows = rows();
    let names: HashSet<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names.len(), rows.len());
}

/// The requirements that the vectors cover.
const RANGE_RULES: &[&str] = &[
    "R-9110-13.1.5-a",
    "R-9110-13.1.5-b",
    "R-9110-13.1.5-c",
    "R-9110-14.1.2-a",
    "R-9110-14.1.2-b",
    "R-9110-14.2-a",
    "R-9110-14.2-b",
    "R-9110-14.2-c",
    "R-9110-14.2-d",
    "R-9110-15.3.7.2-a",
];

#[test]
fn every_requirement_of_ranges_has_a_row() {
    let rows = rows();
    let named: HashSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let listed: HashSet<&str> = RANGE_RULES.iter().copied().collect();
    assert_eq!(named, listed);
}
