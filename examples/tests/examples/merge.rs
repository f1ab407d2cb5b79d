//! Issue 21: the three-way merge of the page, `notes/page/merge.js`, and the choices of its fields are
//! tested by Node.

use std::path::Path;

use tokio::process::Command;

use crate::real_clients::{finish, is_missing, text};

#[tokio::test]
async fn page_merges_examples() {
    run_tests("merge.mjs").await;
}

#[tokio::test]
async fn page_merges_random_texts() {
    run_tests("merge_random.mjs").await;
}

async fn run_tests(script: &str) {
    if is_missing("node", "nodejs") {
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/examples")
        .join(script);
    let mut node = Command::new("node");
    // `finish` prints the standard error output of a program that fails.
    node.args(["--test-reporter=spec", "--test-reporter-destination=stderr"])
        .arg(script);
    let output = finish(&mut node).await;
    eprintln!("{}", text(&output.stderr));
}
