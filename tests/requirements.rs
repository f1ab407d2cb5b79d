//! The rules of the standards in `docs/requirements.md`: a test names each of them, and no test
//! names a rule that is not defined there.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The heading after which rules are reserved and not yet built.
const RESERVED: &str = "## Not yet built";

/// Returns the ids in the first column of the tables of `text`.
fn defined_ids(text: &str) -> Vec<&str> {
    text.lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(id, _)| id)
        .collect()
}

/// Returns everything in `text` that has the form of an id.
fn named_ids(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '.')
        .map(|token| token.trim_end_matches(['.', '-']))
        .filter(|token| is_id(token))
}

fn is_id(token: &str) -> bool {
    let mut parts = token.split('-');
    match (parts.next(), parts.next()) {
        (Some("R"), Some(document)) => document.bytes().all(|byte| !byte.is_ascii_lowercase()),
        (Some("P"), Some(subject)) => subject.len() == 2 && parts.next().is_some(),
        (Some("EDGE"), Some("ARCH")) => true,
        _ => false,
    }
}

/// Returns the tests below `folder`, each with its text. Library files count from their tests on.
fn read_tests(folder: &Path, tests: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            if !path.ends_with("target") {
                read_tests(&path, tests);
            }
            continue;
        }
        let is_test = path
            .extension()
            .is_some_and(|extension| extension == "rs" || extension == "json");
        if is_test && !path.ends_with(file!()) {
            let text = fs::read_to_string(&path).expect("a text");
            let start = if path.components().any(|part| part.as_os_str() == "src") {
                start_of_tests(&path, &text)
            } else {
                Some(0)
            };
            if let Some(start) = start {
                tests.push((path, text[start..].to_owned()));
            }
        }
    }
}

fn start_of_tests(path: &Path, text: &str) -> Option<usize> {
    let is_test_file = path.components().any(|part| {
        let name = part.as_os_str().to_string_lossy();
        ["tests", "tests.rs", "proptests", "proptests.rs"].contains(&name.as_ref())
    });
    if is_test_file {
        Some(0)
    } else {
        text.find("#[cfg(test)]")
    }
}

/// Returns the ids that tests name, each with the first file that names it.
fn ids_of_tests(root: &Path) -> BTreeMap<String, PathBuf> {
    let mut tests = Vec::new();
    for folder in ["src", "tests", "examples", "stores"] {
        read_tests(&root.join(folder), &mut tests);
    }
    let mut ids = BTreeMap::new();
    for (path, text) in &tests {
        for id in named_ids(text) {
            ids.entry(id.to_owned()).or_insert_with(|| path.clone());
        }
    }
    ids
}

#[test]
fn every_rule_is_named_by_a_test_and_every_named_rule_is_defined() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("docs/requirements.md")).expect("the rules");
    let (built, reserved) = text.split_once(RESERVED).expect("the reserved rules");
    let (built, reserved) = (defined_ids(built), defined_ids(reserved));

    let defined: BTreeSet<_> = built.iter().chain(&reserved).copied().collect();
    assert_eq!(
        defined.len(),
        built.len() + reserved.len(),
        "docs/requirements.md defines an id twice"
    );

    let named = ids_of_tests(root);
    let without_test: Vec<_> = built
        .iter()
        .filter(|id| !named.contains_key(**id))
        .collect();
    assert!(
        without_test.is_empty(),
        "no test names these rules of docs/requirements.md: {without_test:#?}"
    );
    let undefined: Vec<_> = named
        .iter()
        .filter(|(id, _)| !built.contains(&id.as_str()))
        .collect();
    assert!(
        undefined.is_empty(),
        "docs/requirements.md does not define these ids as built: {undefined:#?}"
    );
}

#[test]
fn ids_are_found_in_prose_and_in_data() {
    let text = "/// R-9110-13.1.2-a, P-ER-inner (EDGE-ARCH-SC). \"R-GRPC-a\" R-value x-R-1-a";
    let ids: Vec<_> = named_ids(text).collect();
    assert_eq!(
        ids,
        ["R-9110-13.1.2-a", "P-ER-inner", "EDGE-ARCH-SC", "R-GRPC-a"]
    );
}
