//! The built examples.

use std::{env, path::PathBuf};

/// Returns the path of an example, which `cargo test` builds beside the directory of the tests.
pub(crate) fn program(example: &str) -> PathBuf {
    let test = env::current_exe().unwrap();
    let profile = test.parent().and_then(|deps| deps.parent()).unwrap();
    let program = profile
        .join("examples")
        .join(format!("{example}{}", env::consts::EXE_SUFFIX));
    assert!(program.exists(), "build it first: cargo build --examples");
    program
}
