//! The CPU time of server and client for one operation.

use std::{process, sync::Arc};

use redis::aio::ConnectionManager;
use tower_conditional_bench::{
    goals::Goal,
    table::{self, none},
};
use tower_conditional_testing::RedisServer;

use crate::{
    bare_command::BareCommand,
    benchmark::{self, Clients, load_script},
    concurrent::{CONCURRENCY, begin, repeat},
    connection::connect,
    cpu::{cpu_micros, process_of, reads_of},
    samples::{Cost, Samples, cell},
    steps::{Step, Stores, numbers},
};

/// With five rounds, 50,000 operations.
const COUNT: u64 = 10_000;

const ALONE: Clients = Clients {
    connections: 1,
    pipelined: 1,
};
const PIPELINED: Clients = Clients {
    connections: 1,
    pipelined: CONCURRENCY,
};
const MANY: Clients = Clients {
    connections: CONCURRENCY,
    pipelined: 1,
};

struct Measurement<'a> {
    server: &'a RedisServer,
    process: u32,
    stores: &'a Arc<Stores<ConnectionManager>>,
    rounds: usize,
}

pub async fn measure(
    server: &RedisServer,
    stores: &Arc<Stores<ConnectionManager>>,
    rounds: usize,
) -> Vec<Goal> {
    let measurement = Measurement {
        server,
        process: process_of(server),
        stores,
        rounds,
    };
    let mut goals = Vec::new();
    let (mut server_rows, mut client_rows) = (Vec::new(), Vec::new());
    for step in Step::ALL {
        stores.prepare(step).await;
        let bare = Arc::new(BareCommand::record(&server.url(), step).await);
        for (clients, mode) in [(ALONE, "one at a time"), (PIPELINED, "50 at a time")] {
            let cost = measurement.cost(step, clients, &bare).await;
            let name = format!("{}, {mode}", step.name());
            goals.push(cost.goal(&name));
            server_rows.push(cost.server_row(&name));
            client_rows.push(cost.client_row(&name));
        }
        if step != Step::Complete {
            let samples = measurement.benchmarks(MANY, &bare.for_benchmark());
            let name = format!("{}, {CONCURRENCY} connections", step.name());
            server_rows.push(vec![
                name,
                cell(&samples),
                none(),
                none(),
                none(),
                none(),
                none(),
            ]);
        }
        server.command(&["FLUSHALL"]);
    }
    let columns = [
        "",
        "redis-benchmark",
        "bare command of the client",
        "store",
        "store / redis-benchmark",
        "store / bare command",
        "commands in one read, bare and store",
    ];
    let title = format!("CPU of the server, us for each operation, median (best) of {rounds}");
    table::print(&title, &columns, &server_rows);
    measurement.print_scale();
    let title = format!("CPU of the client, us for each operation, median (best) of {rounds}");
    let columns = ["", "bare command", "store", "difference of the best"];
    table::print(&title, &columns, &client_rows);
    goals
}

impl Measurement<'_> {
    /// Measures a step. The contenders take turns, and the first round only warms them up.
    async fn cost(&self, step: Step, clients: Clients, bare: &Arc<BareCommand>) -> Cost {
        let mut cost = Cost::default();
        for round in 0..=self.rounds {
            let mut warm = Cost::default();
            let cost = if round == 0 { &mut warm } else { &mut cost };
            if step != Step::Complete {
                let micros = self.benchmark(clients, &bare.for_benchmark());
                cost.benchmark.server.push(micros);
            }
            let connection = connect(&self.server.url()).await;
            let bare = Arc::clone(bare);
            let run = move |number| {
                let (bare, mut connection) = (Arc::clone(&bare), connection.clone());
                async move {
                    let answer = bare.command(number).query_async(&mut connection).await;
                    let _: redis::Value = answer.expect("an answer");
                }
            };
            self.sample(step, clients, &mut cost.bare, run).await;
            let stores = Arc::clone(self.stores);
            let run = move |number| {
                let stores = Arc::clone(&stores);
                async move { stores.run(step, number).await }
            };
            self.sample(step, clients, &mut cost.store, run).await;
        }
        cost
    }

    async fn sample<F: Future<Output = ()> + Send>(
        &self,
        step: Step,
        clients: Clients,
        samples: &mut Samples,
        run: impl Fn(u64) -> F + Clone + Send + 'static,
    ) {
        let numbers = numbers(COUNT);
        if step == Step::Complete {
            begin(self.stores, numbers.clone()).await;
        }
        let reads = reads_of(self.server);
        let before = (cpu_micros(self.process), cpu_micros(process::id()));
        repeat(clients.pipelined, numbers, run).await;
        let after = (cpu_micros(self.process), cpu_micros(process::id()));
        let reads = reads_of(self.server) - reads;
        samples.server.push((after.0 - before.0) / COUNT as f64);
        samples.client.push((after.1 - before.1) / COUNT as f64);
        samples.commands_of_a_read.push(COUNT as f64 / reads);
    }

    fn benchmark(&self, clients: Clients, command: &[Vec<u8>]) -> f64 {
        let before = cpu_micros(self.process);
        benchmark::run(self.server, clients, COUNT, command);
        (cpu_micros(self.process) - before) / COUNT as f64
    }

    fn benchmarks(&self, clients: Clients, command: &[Vec<u8>]) -> Vec<f64> {
        (0..self.rounds)
            .map(|_| self.benchmark(clients, command))
            .collect()
    }

    fn print_scale(&self) {
        let words = |text: &str| {
            text.split(' ')
                .map(|word| word.as_bytes().to_vec())
                .collect()
        };
        let hash = load_script(self.server, "return 1");
        let commands: [(_, Vec<_>); 4] = [
            ("GET of 256 B", words("GET bench:scale")),
            (
                "SET of 256 B, new key",
                words("SET bench:__rand_int__ VALUE"),
            ),
            ("INFO replication", words("INFO replication")),
            (
                "EVALSHA of `return 1`",
                vec![b"EVALSHA".to_vec(), hash, b"0".to_vec()],
            ),
        ];
        let value = "x".repeat(256);
        self.server.command(&["SET", "bench:scale", &value]);
        let rows = commands.map(|(name, mut command)| {
            if command.last().is_some_and(|last| last == b"VALUE") {
                command.pop();
                command.push(value.clone().into_bytes());
            }
            let samples =
                [ALONE, PIPELINED, MANY].map(|clients| self.benchmarks(clients, &command));
            let cells = samples.iter().map(|samples| cell(samples));
            [name.to_owned()].into_iter().chain(cells).collect()
        });
        let title = "CPU of the server for other commands of redis-benchmark, us";
        let columns = ["", "one at a time", "50 at a time", "50 connections"];
        table::print(title, &columns, &rows);
        self.server.command(&["FLUSHALL"]);
    }
}
