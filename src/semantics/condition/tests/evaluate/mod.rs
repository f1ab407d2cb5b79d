//! Runner of the vectors in `tests/vectors`.
//!
//! It checks the evaluator of this crate, and that the vectors detect every [`Fault`].

mod broken;
mod fault;
mod properties;

use std::collections::HashSet;

use crate::semantics::{
    condition::{ConditionalFields, Current, Decision},
    field::HttpDate,
    validator::{EntityTag, Validators},
};
use fault::Fault;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    method: String,
    request: Vec<(String, String)>,
    state: State,
    now: i64,
    expected: String,
    rfc: String,
    id: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(in crate::semantics::condition) enum State {
    Named(String),
    Present {
        etag: Option<String>,
        last_modified: Option<i64>,
    },
}

/// A row, converted to the types of this crate.
struct Case {
    method: Method,
    headers: HeaderMap,
    current: Current,
    now: HttpDate,
}

fn rows() -> Vec<Row> {
    [
        include_str!("../../../../../tests/vectors/preconditions.json"),
        include_str!("../../../../../tests/vectors/preconditions-product.json"),
    ]
    .into_iter()
    .flat_map(|file| serde_json::from_str::<Vec<Row>>(file).expect("rows"))
    .collect()
}

/// Converts text to a header value: each character is the byte with the same number.
pub(in crate::semantics::condition) fn value(text: &str) -> HeaderValue {
    let bytes: Vec<u8> = text
        .chars()
        .map(|character| u8::try_from(character).expect("a byte"))
        .collect();
    HeaderValue::from_bytes(&bytes).expect("a field value")
}

impl Row {
    fn case(&self) -> Case {
        let mut headers = HeaderMap::new();
        for (name, text) in &self.request {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a field name");
            headers.append(name, value(text));
        }
        Case {
            method: Method::from_bytes(self.method.as_bytes()).expect("a method"),
            headers,
            current: self.state.current(),
            now: HttpDate::from_unix_seconds(self.now),
        }
    }
}

impl State {
    pub(in crate::semantics::condition) fn current(&self) -> Current {
        match self {
            Self::Named(name) if name == "unknown" => Current::Unknown,
            Self::Named(name) if name == "absent" => Current::Absent,
            Self::Named(name) => panic!("no such state: {name}"),
            Self::Present {
                etag,
                last_modified,
            } => {
                let mut validators = Validators::new();
                if let Some(etag) = etag {
                    let etag = EntityTag::try_from(value(etag)).expect("an entity tag");
                    validators = validators.with_etag(etag);
                }
                if let Some(seconds) = last_modified {
                    validators =
                        validators.with_last_modified(HttpDate::from_unix_seconds(*seconds));
                }
                Current::Present(validators)
            }
        }
    }
}

pub(in crate::semantics::condition) fn text(decision: Decision) -> String {
    match decision {
        Decision::Proceed => "proceed".to_owned(),
        Decision::NotModified => "not_modified".to_owned(),
        Decision::Failed(condition) => format!("failed: {condition}"),
    }
}

#[test]
fn the_evaluator_agrees_with_the_vectors() {
    let wrong: Vec<String> = rows()
        .iter()
        .filter_map(|row| {
            let case = row.case();
            let decision = ConditionalFields::from_headers(&case.headers).evaluate(
                &case.method,
                case.current.as_ref(),
                || case.now,
            );
            let decision = text(decision);
            let Row {
                name,
                expected,
                rfc,
                id,
                ..
            } = row;
            (decision != *expected)
                .then(|| format!("{name}: {decision}, not {expected} ({rfc}, {id})"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_vectors_detect_every_fault() {
    let rows: Vec<(Row, Case)> = rows()
        .into_iter()
        .map(|row| {
            let case = row.case();
            (row, case)
        })
        .collect();
    let disagree = |fault: Option<Fault>| {
        rows.iter()
            .filter(|(row, case)| text(broken::evaluate(fault, case)) != row.expected)
            .map(|(row, _)| row.name.as_str())
            .collect::<Vec<_>>()
    };
    let wrong = disagree(None);
    assert!(wrong.is_empty(), "without a fault: {wrong:?}");
    for fault in Fault::ALL {
        assert!(
            !disagree(Some(*fault)).is_empty(),
            "{fault:?} was not detected"
        );
    }
}

#[test]
fn names_of_rows_are_unique() {
    let rows = rows();
    let names: HashSet<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names.len(), rows.len());
}

/// The requirements that the vectors cover.
const RULES: &[&str] = &[
    "R-9110-5.6.1.2-a",
    "R-9110-5.6.7-a",
    "R-9110-13.1.1-a",
    "R-9110-13.1.1-c",
    "R-9110-13.1.1-g",
    "R-9110-13.1.2-a",
    "R-9110-13.1.2-b",
    "R-9110-13.1.2-c",
    "R-9110-13.1.2-d",
    "R-9110-13.1.2-f",
    "R-9110-13.1.3-a",
    "R-9110-13.1.3-b",
    "R-9110-13.1.3-c",
    "R-9110-13.1.4-a",
    "R-9110-13.1.5-a",
    "R-9110-13.1.5-b",
    "R-9110-13.2.1-a",
    "R-9110-13.2.1-d",
    "R-9110-13.2.2-a",
    "R-9110-14.2-b",
    "R-9111-5.2.1-a",
    "R-QUERY-cond-a",
];

#[test]
fn every_requirement_has_a_row() {
    let rows = rows();
    let named: HashSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let listed: HashSet<&str> = RULES.iter().copied().collect();
    assert_eq!(named, listed);
}
