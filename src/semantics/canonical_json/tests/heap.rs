//! Memory and time.

use std::hint::black_box;

use allocation_counter::measure;

use super::{CanonicalLimits, NotCanonical, canonicalize, form};

const MIB: usize = 1 << 20;

/// Returns the most bytes that were held at a time, for each byte of a document.
fn heap(json: &str) -> f64 {
    let limits = CanonicalLimits::new(usize::MAX);
    let info = measure(|| _ = black_box(canonicalize(json.as_bytes(), &limits).expect("a form")));
    info.bytes_max as f64 / json.len() as f64
}

/// A record as in many interfaces, whose members are not in order.
fn record(index: usize) -> String {
    let city = ["Zürich", "Genève", "Basel"][index % 3];
    format!(
        r#"{{"id":{index},"name":"customer {index}","active":true,"balance":{index}.25,"address":{{"street":"Main {index}","city":"{city}"}},"tags":["a","b"]}}"#
    )
}

/// The form takes as much as the document, and the index four bytes for each name to be sorted.
#[test]
fn the_heap_is_at_most_twice_the_document() {
    for count in [10, 400, 4_000] {
        let records: Vec<_> = (0..count).map(record).collect();
        let json = format!("[{}]", records.join(","));
        assert!(heap(&json) <= 2.0, "{count}: {}", heap(&json));
    }
    let members = (0..4_000).map(|index| format!(r#""{}":{index}"#, index * 7_919 % 4_000));
    let json = format!("{{{}}}", members.collect::<Vec<_>>().join(","));
    assert!(heap(&json) <= 2.0, "{}", heap(&json));
    // Content in order needs no index.
    let text = format!(r#"{{"text":"{}"}}"#, "a".repeat(MIB));
    assert!(heap(&text) < 1.01, "{}", heap(&text));
}

/// A refusal in the first bytes reserves nothing for the rest.
#[test]
fn a_deep_document_is_refused_at_its_limit() {
    let json = vec![b'['; 64 * MIB];
    let limits = CanonicalLimits::new(usize::MAX);
    let info = measure(|| {
        let refused = canonicalize(&json, &limits);
        assert_eq!(refused, Err(NotCanonical::TooDeep { at: 128 }));
    });
    assert!(info.bytes_max < 16 * 1024, "{}", info.bytes_max);
}

/// A comparison that read whole names would take minutes here.
#[test]
fn a_long_name_is_not_read_for_each_of_the_others() {
    let others: String = (0..20_000)
        .rev()
        .map(|index| format!(r#""{index:05}":0,"#))
        .collect();
    let long = "n".repeat(4 * MIB);
    let json = format!(r#"{{{others}"{long}":0,"{long}\u0000":0,"a":0}}"#);
    let canonical = form(&json).expect("a form");
    assert!(canonical.starts_with(r#"{"00000":0,"#));
    assert!(canonical.ends_with(&format!(r#"{long}\u0000":0}}"#)));
}
