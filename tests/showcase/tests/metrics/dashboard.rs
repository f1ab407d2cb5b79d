use std::{collections::BTreeSet, fs};

use serde_json::Value;
use tower_conditional::observe::Metrics;

use crate::alerts::example;

/// Panics unless each metric that the text names is one of the library.
#[track_caller]
pub(crate) fn assert_exist(text: &str) {
    let known: BTreeSet<_> = Metrics::names().collect();
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let named: BTreeSet<_> = words
        .filter(|word| word.starts_with("http_conditional_"))
        .map(|word| {
            let parts = ["_bucket", "_count", "_sum"].iter();
            let of_histogram = parts.filter_map(|part| word.strip_suffix(part)).next();
            of_histogram.unwrap_or(word)
        })
        .collect();
    assert!(!named.is_empty(), "no metric");
    let unknown: Vec<_> = named.difference(&known).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

/// Returns the expressions of all panels.
fn expressions(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(fields) => {
            let own = fields.get("expr").and_then(Value::as_str).into_iter();
            own.chain(fields.values().flat_map(expressions)).collect()
        }
        Value::Array(values) => values.iter().flat_map(expressions).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn the_dashboard_shows_metrics_of_the_table() {
    let text = fs::read_to_string(example("dashboard.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let expressions = expressions(&dashboard);
    assert!(expressions.len() >= panels.len(), "a panel shows nothing");
    for expression in expressions {
        assert_exist(expression);
    }
}

/// The page that explains the numbers names each of them.
#[test]
fn the_page_names_each_metric() {
    let page = include_str!("../../../../docs/what_to_watch.md");
    for name in Metrics::names() {
        assert!(page.contains(&format!("`{name}")), "{name}");
    }
    assert_exist(page);
}
