//! The stores in Redis: `redis [--rounds N]`.
//!
//! It starts a server of its own. It asserts the round trips of each step. It prints the CPU time
//! of server and client for one operation, beside `redis-benchmark` with the same command. It also
//! prints the throughput of three processes that share the server.

mod bare_command;
mod benchmark;
mod concurrent;
mod connection;
mod costs;
mod cpu;
mod http_load;
mod http_server;
mod profile;
mod round_trips;
mod samples;
mod steps;
mod throughput;

use std::{env, sync::Arc};

use tower_conditional_bench::{drive::runtime, goals};
use tower_conditional_testing::{Engine, RedisOptions};

use crate::{connection::connect, cpu::load_average, steps::Stores};

const ROUNDS: usize = 5;

fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => report(ROUNDS),
        ["--rounds", rounds] => report(rounds.parse().expect("a number of rounds")),
        ["--server", url] => http_server::run(url),
        ["--load", kind, seconds, ref addresses @ ..] => http_load::run(kind, seconds, addresses),
        _ => panic!("usage: redis [--rounds N]"),
    }
}

fn report(rounds: usize) {
    let server = RedisOptions::new(Engine::Redis)
        // The default of a server that keeps its data.
        .config("appendfsync", "everysec")
        // A rewrite in the middle of a sample would be counted.
        .config("auto-aof-rewrite-percentage", "0")
        .start();
    let info = server.command(&["INFO", "server"]);
    let version = info
        .lines()
        .find_map(|line| line.strip_prefix("redis_version:"));
    println!(
        "\n### Stores in Redis {}, appendfsync everysec",
        version.unwrap_or_default()
    );
    println!("\nLoad of the machine before: {}.", load_average());
    let mut goals = Vec::new();
    runtime().block_on(async {
        round_trips::assert_all(&server.url()).await;
        let stores = Arc::new(Stores::open(connect(&server.url()).await).await);
        goals.extend(costs::measure(&server, &stores, rounds).await);
        profile::print(&server, &stores).await;
    });
    goals.extend(throughput::measure(&server));
    println!("\nLoad of the machine after: {}.", load_average());
    goals::print("Goals, Redis", &goals);
}
