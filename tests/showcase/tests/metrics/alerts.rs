use std::{
    env, fs,
    path::{Path, PathBuf},
};

use crate::support::run;

/// Returns a file of the example.
pub(crate) fn example(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.join("examples/notes").join(name)
}

/// Runs `promtool`, which must succeed, and returns its output.
pub(crate) async fn promtool(arguments: &[&str]) -> String {
    let output = run("promtool", arguments).await;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(text).unwrap();
    assert!(output.status.success(), "promtool {arguments:?}:\n{text}");
    text
}

#[tokio::test]
async fn the_rules_are_valid() {
    let rules = example("alerts.yml");
    let text = promtool(&["check", "rules", rules.to_str().unwrap()]).await;
    assert!(text.contains("SUCCESS: 4 rules found"), "{text}");
}

#[tokio::test]
async fn the_rules_fire_as_their_own_tests_say() {
    let tests = example("alerts_test.yml");
    promtool(&["test", "rules", tests.to_str().unwrap()]).await;
}

/// Each metric in the rules exists.
#[test]
fn the_rules_name_metrics_of_the_table() {
    let rules = fs::read_to_string(example("alerts.yml")).unwrap();
    crate::dashboard::assert_exist(&rules);
}
