//! The CPU time of processes.

use std::fs;

use tower_conditional_testing::RedisServer;

/// Returns the user and system time of all threads of the process so far, in microseconds.
///
/// It is the time that the scheduler counts, which `/proc/PID/stat` rounds to 10 ms.
pub fn cpu_micros(process: u32) -> f64 {
    let threads = fs::read_dir(format!("/proc/{process}/task")).expect("a running process");
    let times = threads.filter_map(|thread| {
        // A thread may end in between.
        let text = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        let nanos: f64 = text.split(' ').next()?.parse().ok()?;
        Some(nanos / 1e3)
    });
    times.sum()
}

/// Returns the number of reads from connections so far. One read has many pipelined commands.
pub fn reads_of(server: &RedisServer) -> f64 {
    let info = server.command(&["INFO", "stats"]);
    let mut lines = info.lines();
    let reads = lines.find_map(|line| line.strip_prefix("total_reads_processed:"));
    let reads = reads.and_then(|reads| reads.trim().parse().ok());
    reads.expect("a number of reads")
}

/// Returns the process of the server.
pub fn process_of(server: &RedisServer) -> u32 {
    let info = server.command(&["INFO", "server"]);
    let id = info
        .lines()
        .find_map(|line| line.strip_prefix("process_id:"));
    id.and_then(|id| id.trim().parse().ok()).expect("a process")
}

/// Returns the number of runnable processes, as a mean of 1, 5 and 15 minutes.
pub fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").expect("Linux");
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}
