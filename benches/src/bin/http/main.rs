//! The CPU time of a server for one request over loopback HTTP/1.1.
//!
//! The time of the server is measured, not requests per second, which other processes can change
//! tenfold.

mod goals;
mod servers;

use std::{
    collections::HashMap,
    env, fs,
    process::{self, Command},
};

use tower_conditional_bench::table;

use crate::servers::{BARE, ORDER_FIELDS, ORDERS, REPLAYING, Server, field, sibling, start_all};

const ROUNDS: usize = 5;
const GENERATOR_CORE: &str = "0";
const FILES: [(&str, usize); 2] = [("/1k.json", 1 << 10), ("/64k.json", 64 << 10)];

/// One server and one file, with or without a condition.
pub type Key = (&'static str, &'static str, bool);

struct Request<'a> {
    server: &'a Server,
    path: &'static str,
    tag: Option<String>,
}

fn main() {
    let rounds = rounds();
    let root = env::temp_dir().join(format!("tower-conditional-http-{}", process::id()));
    let folder = root.join("files");
    fs::create_dir_all(&folder).expect("a temporary folder");
    for (path, size) in FILES {
        let content: Vec<u8> = (0..size).map(|i| b' ' + (i % 89) as u8).collect();
        fs::write(folder.join(&path[1..]), content).expect("a file is written");
    }
    let (servers, missing) = start_all(&folder);
    let times = measure(&requests(&servers), rounds);

    println!(
        "\n### HTTP/1.1 over loopback: server CPU of one request, us (median of {rounds} samples of 1 s, in parentheses the best)"
    );
    if !missing.is_empty() {
        println!("\nNot installed: {}.", missing.join(", "));
    }
    for (path, _) in FILES {
        print(path, &servers, &times);
    }
    print(ORDERS, &servers, &times);
    tower_conditional_bench::goals::print("Goals, HTTP", &goals::goals(&times));
    drop(servers);
    fs::remove_dir_all(root).ok();
}

fn rounds() -> usize {
    let mut arguments = env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => ROUNDS,
        (Some("--rounds"), Some(rounds)) => rounds.parse().expect("--rounds takes a number"),
        _ => panic!("usage: http [--rounds N]"),
    }
}

/// Returns all requests, after a check of their responses.
fn requests(servers: &[Server]) -> Vec<Request<'_>> {
    let mut requests = Vec::new();
    for server in servers {
        let replays = REPLAYING.contains(&server.name);
        if replays || server.name == BARE {
            for is_retry in [false, replays] {
                assert_eq!(server.order(is_retry), 201, "{}", server.name);
            }
            requests.push(Request {
                server,
                path: ORDERS,
                tag: None,
            });
        }
        if replays {
            continue;
        }
        for (path, _) in FILES {
            let (status, tag) = server.ask(path, None);
            assert_eq!(status, 200, "{}", server.name);
            requests.push(Request {
                server,
                path,
                tag: None,
            });
            if server.name == BARE {
                continue;
            }
            assert!(tag.is_some(), "{} sets no ETag", server.name);
            let (status, _) = server.ask(path, tag.as_deref());
            assert_eq!(status, 304, "{}", server.name);
            requests.push(Request { server, path, tag });
        }
    }
    requests
}

/// The samples of one key, in microseconds.
#[derive(Clone, Copy)]
pub struct Time {
    pub median: f64,
    pub best: f64,
}

/// Measures the servers. They take turns, and the first round only warms them up.
fn measure(requests: &[Request], rounds: usize) -> HashMap<Key, Time> {
    let ticks = ticks_per_second();
    let mut samples: HashMap<Key, Vec<f64>> = HashMap::new();
    for round in 0..=rounds {
        for request in requests {
            let sample = request.sample(ticks);
            if round > 0 {
                let key = (request.server.name, request.path, request.tag.is_some());
                samples.entry(key).or_default().push(sample);
            }
        }
    }
    samples
        .into_iter()
        .map(|(key, mut samples)| {
            samples.sort_by(f64::total_cmp);
            let time = Time {
                median: samples[samples.len() / 2],
                best: samples[0],
            };
            (key, time)
        })
        .collect()
}

impl Request<'_> {
    fn sample(&self, ticks: f64) -> f64 {
        let before = self.server.cpu(ticks);
        let answers = self.load();
        (self.server.cpu(ticks) - before) * 1e6 / answers
    }

    /// Sends requests for one second. Returns the number of responses.
    fn load(&self) -> f64 {
        let url = self.server.url(self.path);
        let field = self.tag.as_deref().map(field);
        let mut generator = Command::new("taskset");
        generator.args(["-c", GENERATOR_CORE]);
        if installed("wrk") {
            generator.args(["wrk", "-t1", "-c32", "-d1s"]);
            if self.path == ORDERS {
                generator.args([
                    "-s",
                    concat!(env!("CARGO_MANIFEST_DIR"), "/http/orders.lua"),
                ]);
            }
            generator.args(field.iter().flat_map(|field| ["-H", field]));
            generator.arg(url);
        } else {
            generator.args([&sibling("load"), "1", &url]).args(field);
            if self.path == ORDERS {
                generator.args(ORDER_FIELDS);
            }
        }
        let output = generator.output().expect("taskset is installed");
        let report = String::from_utf8_lossy(&output.stdout);
        report
            .lines()
            .find_map(|line| line.trim().split_once(" requests in "))
            .and_then(|(answers, _)| answers.parse().ok())
            .unwrap_or_else(|| panic!("no answers from {}: {report}", self.server.name))
    }
}

fn installed(program: &str) -> bool {
    Command::new(program).arg("-v").output().is_ok()
}

fn ticks_per_second() -> f64 {
    let output = Command::new("getconf").arg("CLK_TCK").output();
    output
        .ok()
        .and_then(|output| String::from_utf8_lossy(&output.stdout).trim().parse().ok())
        .unwrap_or(100.0)
}

fn print(path: &'static str, servers: &[Server], times: &HashMap<Key, Time>) {
    let bare = times[&(BARE, path, false)];
    let is_measured = |server: &&Server| times.contains_key(&(server.name, path, false));
    let rows: Vec<_> = servers
        .iter()
        .filter(is_measured)
        .map(|server| {
            let mut row = vec![server.name.to_owned()];
            for condition in [false, true] {
                match times.get(&(server.name, path, condition)) {
                    Some(Time { median, best }) => {
                        row.push(format!("{median:.2} ({best:.2})"));
                        let ratios = (median / bare.median, best / bare.best);
                        row.push(format!("{:.2}x ({:.2}x)", ratios.0, ratios.1));
                    }
                    None => row.extend([table::none(), table::none()]),
                }
            }
            row
        })
        .collect();
    // The responses to orders are repeated, apart from those of the bare server.
    let whole = if path == ORDERS { "201" } else { "200" };
    let columns = ["", whole, "/ bare", "304", "/ bare"];
    table::print(path, &columns, &rows);
}
