//! The canonical form of random documents, compared with that of Node.js.
//!
//! `JSON.parse`, a sort of the names and `JSON.stringify` are the definition that RFC 8785 builds
//! on. A failure prints its seed. `CANONICAL_JSON=1000000` draws more documents.

mod documents;
#[path = "../support/seeded.rs"]
mod seeded;

use std::{
    collections::BTreeMap,
    env,
    io::{self, Write},
    process::{Command, Stdio},
    thread,
};

use serde_json::value::RawValue;
use tower_conditional::handler::CanonicalJson;

use documents::document;
use seeded::Draw;

const IN_CI: u64 = 100_000;

/// The ends of the errors that these documents may have.
const REASONS: [&str; 4] = [
    "this name",
    "is missing",
    "write it as a string",
    "range of a double",
];

fn is_node_missing() -> bool {
    if Command::new("node").arg("--version").output().is_ok() {
        return false;
    }
    let message = "\nNOT TESTED: node is missing; on Debian: apt-get install nodejs\n";
    assert!(env::var_os("CI").is_none(), "{message}");
    io::stderr().write_all(message.as_bytes()).unwrap();
    true
}

/// Returns the forms of one process of Node.js.
fn forms_of_node(documents: &[String]) -> Vec<String> {
    let mut node = Command::new("node")
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/canonical_json/oracle.mjs"
        ))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node starts");
    let mut input = node.stdin.take().expect("a pipe");
    let lines: String = documents
        .iter()
        .map(|document| serde_json::to_string(document).expect("a string") + "\n")
        .collect();
    let writer = thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = node.wait_with_output().expect("node ends");
    writer.join().expect("no panic").expect("node reads all");
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).expect("UTF-8");
    lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("a string"))
        .collect()
}

/// `R-8785-3-a`: Node.js writes the same form, unless the document is refused.
#[test]
fn the_form_is_that_of_node() {
    if is_node_missing() {
        return;
    }
    let seeds = seeded::seeds("CANONICAL_JSON", IN_CI);
    let documents: Vec<_> = seeds
        .clone()
        .map(|seed| document(&mut Draw::new(seed)))
        .collect();
    let expected = forms_of_node(&documents);
    assert_eq!(expected.len(), documents.len());

    let mut refused = BTreeMap::new();
    for ((seed, document), expected) in seeds.zip(&documents).zip(&expected) {
        let raw = RawValue::from_string(document.clone()).expect(document);
        match CanonicalJson(raw).to_bytes() {
            Ok(form) => assert_eq!(form, expected, "seed {seed}: {document}"),
            Err(error) => {
                let error = error.to_string();
                let reason = REASONS.iter().find(|reason| error.ends_with(*reason));
                let reason = reason.unwrap_or_else(|| panic!("seed {seed}: {error}: {document}"));
                *refused.entry(*reason).or_insert(0_usize) += 1;
            }
        }
    }
    // Each reason occurs, and nearly all documents have a form.
    if documents.len() >= IN_CI as usize {
        assert_eq!(refused.len(), REASONS.len());
    }
    assert!(refused.values().sum::<usize>() * 10 < documents.len());
}
