//! The count of instructions by callgrind, in its own process.

use std::{
    env, fs,
    process::{self, Command},
};

/// Runs this program again with `arguments`. Returns the instructions of the functions that
/// `toggle` names.
///
/// # Panics
///
/// Panics if callgrind counts nothing.
pub fn instructions(toggle: &str, arguments: &[&str]) -> f64 {
    let profile = env::temp_dir().join(format!("tower-conditional-callgrind-{}", process::id()));
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--collect-atstart=no"])
        .arg(format!("--toggle-collect={toggle}"))
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(env::current_exe().expect("the path of this program"))
        .args(arguments)
        .output()
        .expect("valgrind is installed");
    // The file is a profile to look into. Only its sum is needed here, which valgrind also prints.
    fs::remove_file(profile).ok();
    let messages = String::from_utf8_lossy(&output.stderr);
    let collected = messages
        .lines()
        .find_map(|line| line.split("Collected :").nth(1))
        .unwrap_or_else(|| panic!("callgrind counts nothing for {arguments:?}: {messages}"));
    collected.trim().parse().expect("a number")
}
