//! The throughput of three processes that share a server.

use std::{
    env,
    process::{Command, Output},
    thread::available_parallelism,
};

use tower_conditional_bench::{drive::runtime, goals::Goal, table};
use tower_conditional_testing::{RedisServer, Replica};

use crate::{
    bare_command::BareCommand,
    benchmark::{self, Clients},
    cpu::{cpu_micros, load_average, process_of},
    http_load::Kind,
    steps::Step,
};

const PROCESSES: usize = 3;
const SECONDS: &str = "5";
const GOAL: f64 = 10_000.0;
const BENCHMARKED: u64 = 100_000;

/// The requests of one kind.
struct Run {
    rate: f64,
    /// The microseconds of CPU for each request: of Redis, of the servers, and of the generator.
    cpu: [f64; 3],
}

pub fn measure(server: &RedisServer) -> Vec<Goal> {
    let program = env::current_exe().expect("the path of this program");
    let replicas: Vec<_> = (0..PROCESSES)
        .map(|_| Replica::start(Command::new(&program).args(["--server", &server.url()])))
        .collect();
    let cores = available_parallelism().map_or(1, usize::from);
    let mut goals = Vec::new();
    let mut rows = Vec::new();
    for (kind, argument, name) in Kind::ALL {
        let run = run(server, &replicas, argument);
        let idle = run.rate_of_idle(cores);
        let mut row = vec![name.to_owned(), format!("{:.0}", run.rate)];
        row.extend(run.cpu.map(|micros| format!("{micros:.1}")));
        row.extend([format!("{idle:.0}"), load_average()]);
        rows.push(row);
        if matches!(kind, Kind::FirstRun | Kind::Replay) {
            goals.push(Goal::at_least(
                format!("{name}, each second"),
                GOAL,
                run.rate,
            ));
            let what = format!("{name}, each second if {cores} cores did nothing else");
            goals.push(Goal::at_least(what, GOAL, idle));
        }
    }
    let columns = [
        "",
        "requests each second",
        "CPU of Redis, us",
        "CPU of the processes, us",
        "CPU of the generator, us",
        "each second, nothing else running",
        "load",
    ];
    let title = format!("Three processes on {cores} cores, 48 connections, {SECONDS} s");
    table::print(&title, &columns, &rows);
    drop(replicas);
    print_benchmarks(server);
    goals
}

fn run(server: &RedisServer, replicas: &[Replica], kind: &str) -> Run {
    let redis = process_of(server);
    let cpu = || {
        let replicas = replicas.iter().map(|replica| cpu_micros(replica.id()));
        [cpu_micros(redis), replicas.sum()]
    };
    let before = cpu();
    let program = env::current_exe().expect("the path of this program");
    let output = Command::new(program)
        .args(["--load", kind, SECONDS])
        .args(replicas.iter().map(|replica| replica.address().to_string()))
        .output()
        .expect("a run");
    let after = cpu();
    let [count, seconds, generator] = figures(&output);
    let each = |place: usize| (after[place] - before[place]) / count;
    Run {
        rate: count / seconds,
        cpu: [each(0), each(1), generator / count],
    }
}

impl Run {
    /// Returns the requests per second with which so many cores would be busy.
    fn rate_of_idle(&self, cores: usize) -> f64 {
        cores as f64 * 1e6 / self.cpu.iter().sum::<f64>()
    }
}

/// Prints the figures of `redis-benchmark` on the same machine.
fn print_benchmarks(server: &RedisServer) {
    let record = |step| runtime().block_on(BareCommand::record(&server.url(), step));
    let value = "x".repeat(256).into_bytes();
    let set = vec![b"SET".to_vec(), b"bench:__rand_int__".to_vec(), value];
    let rows = [
        ("SET of 256 B, new key", set),
        (Step::Begin.name(), record(Step::Begin).for_benchmark()),
        (Step::Replay.name(), record(Step::Replay).for_benchmark()),
        (Step::Hit.name(), record(Step::Hit).for_benchmark()),
    ]
    .map(|(name, command)| {
        let rates = [1, 16].map(|pipelined| {
            let clients = Clients {
                connections: 48,
                pipelined,
            };
            let rate = benchmark::run(server, clients, BENCHMARKED, &command);
            format!("{rate:.0}")
        });
        [vec![name.to_owned()], rates.to_vec(), vec![load_average()]].concat()
    });
    let columns = ["", "48 connections", "16 at a time in each", "load"];
    let title = "redis-benchmark alone on the same machine, commands each second";
    table::print(title, &columns, &rows);
}

/// Returns the three numbers that the generator prints.
fn figures(output: &Output) -> [f64; 3] {
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    let figures = text.split_whitespace().map(str::parse);
    let figures: Result<Vec<f64>, _> = figures.collect();
    let figures = figures.ok().and_then(|figures| figures.try_into().ok());
    figures.unwrap_or_else(|| panic!("no figures of the generator: {text}{errors}"))
}
