use std::collections::BTreeSet;

use http::Method;

use super::{
    super::{
        definition::{self, Definition},
        label_sets::{ANSWERS, LabelSet, result_index},
    },
    Recorded,
};
use crate::{
    observe::{
        ExchangeResult, KeyEvent, Metrics, PurgeResult, SavedBytes, ValidatorEvent,
        exchange::{METHODS, method_index},
    },
    outcome::{CacheLookup, ServedPart, UntaggedReason},
};

const DOCS: &str = include_str!("../mod.rs");

fn row(metric: &Definition) -> String {
    let labels: Vec<_> = metric
        .labels
        .iter()
        .map(|label| format!("`{label}`"))
        .collect();
    let labels = if labels.is_empty() {
        "-".to_owned()
    } else {
        labels.join(", ")
    };
    let unit = metric.unit.as_str();
    format!(
        "| `{}` | {:?} | {unit} | {labels} | {} |",
        metric.name, metric.kind, metric.help
    )
}

#[test]
fn the_table_of_the_docs_has_each_metric_in_its_order() {
    let rows = DOCS
        .lines()
        .filter_map(|line| line.strip_prefix("/// "))
        .filter(|line| line.starts_with("| `http_"));
    let expected: Vec<_> = definition::ALL.iter().map(|metric| row(metric)).collect();
    assert_eq!(
        rows.map(str::to_lowercase).collect::<Vec<_>>(),
        lower(&expected)
    );
    let names: Vec<_> = definition::ALL.iter().map(|metric| metric.name).collect();
    assert_eq!(Metrics::names().collect::<Vec<_>>(), names);
}

fn lower(rows: &[String]) -> Vec<String> {
    rows.iter().map(|row| row.to_lowercase()).collect()
}

#[test]
fn each_name_is_unique_and_each_label_is_in_the_docs() {
    let names: BTreeSet<_> = Metrics::names().collect();
    assert_eq!(names.len(), definition::ALL.len());
    for metric in definition::ALL {
        for label in metric.labels {
            assert!(DOCS.contains(&format!("`{label}`")), "{label}");
        }
    }
}

#[test]
fn the_values_of_a_label_are_unique_words() {
    let results = ExchangeResult::ALL.map(ExchangeResult::as_str);
    let sets: [&[&str]; 9] = [
        &results,
        UntaggedReason::LABELS,
        KeyEvent::LABELS,
        ValidatorEvent::LABELS,
        PurgeResult::LABELS,
        CacheLookup::LABELS,
        ServedPart::LABELS,
        SavedBytes::LABELS,
        ANSWERS,
    ];
    for set in sets {
        let unique: BTreeSet<_> = set.iter().collect();
        assert_eq!(unique.len(), set.len(), "{set:?}");
        let is_word = |word: &str| word.bytes().all(|b| b == b'_' || b.is_ascii_lowercase());
        assert!(set.iter().all(|word| is_word(word)), "{set:?}");
    }
}

#[test]
fn each_result_has_the_place_of_its_label() {
    for (index, result) in ExchangeResult::ALL.into_iter().enumerate() {
        assert_eq!(result_index(result), index);
    }
}

#[test]
fn a_method_without_a_name_of_its_own_is_other() {
    let label =
        |method: &str| METHODS[method_index(&Method::from_bytes(method.as_bytes()).unwrap())];
    for method in METHODS {
        assert_eq!(label(method), method);
    }
    for method in ["TRACE", "CONNECT", "get", "SECRET", "GETS"] {
        assert_eq!(label(method), "other", "{method}");
    }
}

/// Closed sets exist from the start, so that a rate sees the first event.
#[test]
fn series_without_a_route_start_at_zero() {
    let recorded = Recorded::new();
    let text = recorded.text();
    for metric in definition::ALL {
        let is_of_a_route = metric.labels.contains(&"route");
        // A build has a name, and a histogram without values is not shown.
        if is_of_a_route || metric.name.ends_with("_info") || metric.name.ends_with("_seconds") {
            continue;
        }
        assert!(text.contains(metric.help), "{}", metric.name);
        let series = text
            .lines()
            .filter(|line| line.starts_with(metric.name))
            .inspect(|line| assert!(line.ends_with(" 0"), "{line}"));
        assert!(series.count() > 0, "{}", metric.name);
    }
}
