//! Every rule of the standards that this crate answers for is named by a test.
//!
//! The identifiers are those of the project's requirements; the section of the
//! document stands in them. A rule is added here before its test is written.

use std::{fs, path::Path};

const RULES: &[&str] = &[
    // Validators and digests
    "R-9110-8.8.3-a",
    "R-9110-8.8.3-b",
    "R-9110-8.8.3-c",
    "R-9110-8.8.1-a",
    "R-9110-8.8.1-b",
    "R-9110-8.8.1-c",
    "R-9110-8.8.1-d",
    "R-9110-8.8.1-e",
    "R-9110-8.8.3.1-a",
    "R-9110-8.8-a",
    "R-9110-8.8-b",
    "R-9110-9.3.4-a",
    "R-9110-8.8-c",
    "R-9110-9.3.2-a",
    "R-9110-8.8.2.1-a",
    "R-9110-5.6.7-a",
    "R-9110-6.5.1-a",
    "R-9530-3-a",
    "R-9530-3.1-a",
    "R-9530-5-a",
    // Conditional reads
    "R-9110-13.1.2-a",
    "R-9110-13.1.2-b",
    "R-9110-13.1.2-c",
    "R-9110-5.6.1.2-a",
    "R-9110-13.1.2-d",
    "R-9110-13.1.3-a",
    "R-9110-13.1.3-b",
    "R-9110-13.1.3-c",
    "R-9110-13.1.3-d",
    "R-9110-13.2.2-a",
    "R-9110-13.2.1-a",
    "R-9110-15.4.5-a",
    "R-9110-15.4.5-b",
    "R-9110-15.4.5-c",
    "R-9110-15.4.5-d",
    "R-9110-8.6-a",
    "R-9110-13.1.2-e",
    "R-9110-13.1.1-d",
    "R-9110-13.1.1-g",
    "R-9111-5.2.1-a",
    "R-QUERY-cond-a",
    // Conditional writes
    "R-9110-13.1.1-a",
    "R-9110-13.1.1-b",
    "R-9110-13.1.1-c",
    "R-9110-13.1.1-d",
    "R-9110-13.1.1-e",
    "R-9110-13.1.2-f",
    "R-9110-13.1.2-g",
    "R-9110-13.1-a",
    "R-9110-13.1.4-a",
    "R-9110-13.2.1-b",
    "R-9110-13.2.1-c",
    "R-9110-13.2.1-d",
    "R-6585-3-a",
    "R-6585-3-b",
    "R-4918-12.1-a",
    "R-4918-10.4-a",
    "R-5789-2-a",
    "R-9110-8.8-d",
    "R-7240-4.2-a",
    // Ranges
    "R-9110-14.1.2-c",
    "R-9110-14.3-a",
    // Cache policy
    "R-9111-5.2-a",
    "R-9111-5.2.2.1-a",
    "R-9111-5.2.2.4-a",
    "R-9111-4.2.1-a",
    "R-9111-5.2-b",
    "R-9111-3.5-a",
    "R-9111-7.3-a",
    "R-9111-4.2.2-a",
    "R-9110-15.1-a",
    "R-9111-5.2.2.5-a",
    "R-9111-5.2.2.10-a",
    "R-5861-3-a",
    "R-8246-2-a",
    "R-9110-6.6.1-a",
    "R-9111-5.1-a",
    "R-9213-2.1-a",
    "R-9213-2.2-a",
    "EDGE-ARCH-SC",
    "R-9110-9.3.3-a",
    // Vary
    "R-9110-12.5.5-a",
    "R-9110-12.5.5-b",
    "R-9110-12.5.5-c",
    "R-9111-4.1-a",
    "R-9110-15.4.5-e",
    "R-9110-12.5.5-d",
    "R-7240-2-a",
    "R-9842-6.2-a",
    // No-Vary-Search
    "R-NVS-3-a",
    "R-NVS-5-a",
    "R-9211-2-a",
    // Cache tags
    "R-9875-2-a",
    // Errors
    "R-9457-3-a",
    "R-9457-3.1.2-a",
    "R-9457-4-a",
    "R-9457-5-a",
    "R-9110-9.3.2-c",
    "R-9110-15.5.10-a",
    "P-ER-inner",
    // Transport
    "R-GRPC-a",
    "R-9110-6.5-a",
    "R-SSE-a",
    "R-9110-7.8-a",
    "R-8441-4-a",
    "R-9110-15.2-a",
    "R-9110-10.1.1-a",
    "R-9110-8.6-b",
    "R-9113-8.2.2-a",
    "R-9110-5.3-a",
    "P-TR-limit",
    "P-TR-bodyerr",
    "P-TR-tower",
    "R-INCR-3-a",
];

fn read_tests(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            read_tests(&path, text);
            continue;
        }
        let is_rust = path.extension().is_some_and(|extension| extension == "rs");
        if is_rust && !path.ends_with(file!()) {
            let source = fs::read_to_string(&path).expect("a text");
            // Library files count from their tests on.
            let from = if path.components().any(|part| part.as_os_str() == "src") {
                tests_of(&path, &source)
            } else {
                Some(0)
            };
            text.push_str(from.map_or("", |at| &source[at..]));
        }
    }
}

fn tests_of(path: &Path, source: &str) -> Option<usize> {
    let of_tests = path.components().any(|part| {
        let name = part.as_os_str().to_string_lossy();
        ["tests", "tests.rs", "proptests.rs"].contains(&name.as_ref())
    });
    if of_tests {
        Some(0)
    } else {
        source.find("#[cfg(test)]")
    }
}

#[test]
fn every_rule_has_a_test_that_names_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut text = String::new();
    for folder in ["src", "tests", "examples"] {
        read_tests(&root.join(folder), &mut text);
    }
    let names = |rule: &str| {
        text.match_indices(rule).any(|(at, _)| {
            let next = text[at + rule.len()..].chars().next();
            !next.is_some_and(char::is_alphanumeric)
        })
    };
    let unnamed: Vec<_> = RULES.iter().filter(|rule| !names(rule)).collect();
    assert!(unnamed.is_empty(), "no test names {unnamed:#?}");
}
