//! `redis-benchmark` with any command.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt, process::Command};

use tower_conditional_testing::RedisServer;

/// The placeholder that `redis-benchmark` replaces by 12 random digits.
pub const RANDOM: &[u8] = b"__rand_int__";
/// Of so many numbers, hardly one comes twice in a sample.
const NUMBERS: &str = "1000000000";

/// The connections of a benchmark, and the commands that each sends before it waits.
#[derive(Clone, Copy)]
pub struct Clients {
    pub connections: usize,
    pub pipelined: usize,
}

/// Sends the command so many times, and returns the requests per second.
///
/// # Panics
///
/// Panics if an argument has a zero byte, which no program can be given.
pub fn run(server: &RedisServer, clients: Clients, count: u64, command: &[Vec<u8>]) -> f64 {
    let output = Command::new("redis-benchmark")
        .args(["-p", &server.port().to_string()])
        .args(["-c", &clients.connections.to_string()])
        .args(["-P", &clients.pipelined.to_string()])
        .args(["-n", &count.to_string(), "-r", NUMBERS, "--csv"])
        .args(command.iter().map(|argument| OsStr::from_bytes(argument)))
        .output()
        .expect("redis-benchmark is installed and gets no zero byte");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "redis-benchmark failed: {text}");
    // The first column is the command itself, with any bytes: `"..","50000.00","0.5",..`.
    let line = text.lines().last().unwrap_or_default();
    let figures: Vec<_> = line.rsplit(',').take(7).collect();
    let rate = figures.last().map(|figure| figure.trim_matches('"'));
    rate.and_then(|rate| rate.parse().ok())
        .unwrap_or_else(|| panic!("no figures of redis-benchmark: {text}"))
}

/// Loads a script, and returns its hash.
pub fn load_script(server: &RedisServer, code: &str) -> Vec<u8> {
    server.command(&["SCRIPT", "LOAD", code]).into_bytes()
}
