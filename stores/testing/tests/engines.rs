//! The engines that tests run with, if Valkey is missing.

use std::{
    env::{current_exe, temp_dir, var_os},
    fs,
    path::Path,
    process::{Command, id},
};

use tower_conditional_testing::Engine;

/// The variable of a process that looks for engines.
const LOOKS: &str = "TOWER_CONDITIONAL_TESTING_LOOKS";

#[test]
fn a_process_that_looks_for_engines() {
    if var_os(LOOKS).is_some() {
        assert_eq!(Engine::tested(), [Engine::Redis]);
    }
}

/// Runs this binary where it finds no Valkey.
fn look(program: &Path, variables: &[(&str, &str)]) -> (bool, bool) {
    let output = Command::new(program)
        .args(["--exact", "a_process_that_looks_for_engines"])
        .env("PATH", "")
        .env_remove("CI")
        .env_remove("VALKEY_NOT_CHECKED")
        .env(LOOKS, "yes")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let says_not_tested = errors.contains("NOT TESTED: valkey-server");
    (output.status.success(), says_not_tested)
}

// One test, since no other thread may start a process while the copy is open.
#[test]
fn ci_fails_without_valkey_unless_it_could_not_be_installed() {
    let directory = temp_dir().join(format!("tower-conditional-engines-{}", id()));
    fs::create_dir_all(&directory).unwrap();
    let program = directory.join("engines");
    fs::copy(current_exe().unwrap(), &program).unwrap();
    let (ci, not_checked) = (("CI", "true"), ("VALKEY_NOT_CHECKED", "no program"));
    let results = [
        look(&program, &[]),
        look(&program, &[ci]),
        look(&program, &[ci, not_checked]),
    ];
    fs::remove_dir_all(directory).unwrap();
    assert_eq!(results, [(true, true), (false, false), (true, true)]);
}
