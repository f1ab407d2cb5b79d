//! The time of scripts inside of the server, and of the commands that they call.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use redis::aio::ConnectionManager;
use tower_conditional::store::validators::{
    CacheScope, LeaseRequest, Lookup, OperationId, ValidatorKey, ValidatorStore, WriteIntent,
    WriteTarget,
};
use tower_conditional_bench::table;
use tower_conditional_testing::RedisServer;

use crate::{
    concurrent::{CONCURRENCY, begin, repeat},
    steps::{Step, Stores, WRITE_TTL, entry, numbers},
};

const COUNT: u64 = 20_000;

pub async fn print(server: &RedisServer, stores: &Arc<Stores<ConnectionManager>>) {
    let mut rows = Vec::new();
    for step in Step::ALL {
        stores.prepare(step).await;
        let numbers = numbers(COUNT);
        if step == Step::Complete {
            begin(stores, numbers.clone()).await;
        }
        server.command(&["CONFIG", "RESETSTAT"]);
        let stores = Arc::clone(stores);
        let run = move |number| {
            let stores = Arc::clone(&stores);
            async move { stores.run(step, number).await }
        };
        repeat(CONCURRENCY, numbers, run).await;
        rows.push(row(server, step.name()));
    }
    server.command(&["CONFIG", "RESETSTAT"]);
    let validators = stores.validators();
    let run = move |number| {
        let validators = validators.clone();
        async move { fill(&validators, number).await }
    };
    repeat(CONCURRENCY, numbers(COUNT), run).await;
    rows.push(row(server, "lookup and fill"));
    server.command(&["CONFIG", "RESETSTAT"]);
    let validators = stores.validators();
    let run = move |number| {
        let validators = validators.clone();
        async move { write(&validators, number).await }
    };
    repeat(CONCURRENCY, numbers(COUNT), run).await;
    rows.push(row(server, "begin and end of a write, two scopes"));
    server.command(&["FLUSHALL"]);
    let columns = ["", "scripts", "of which commands", "each command"];
    table::print(
        "Time inside of the server, us for each operation",
        &columns,
        &rows,
    );
}

async fn fill(validators: &impl ValidatorStore, number: u64) {
    let key = ValidatorKey::from(bytes(number));
    let lease = LeaseRequest::new(OperationId::from(id(number)));
    let found = validators.lookup(key, Some(lease)).await;
    let Ok(Lookup::Leased { grant, .. }) = found else {
        panic!("no lease: {found:?}");
    };
    let filled = validators.fill(key, grant, entry()).await;
    let _ = filled.expect("an answer");
}

/// Announces a write of two of a thousand scopes, and ends it.
async fn write(validators: &impl ValidatorStore, number: u64) {
    let scopes = [number % 1_000, number * 7 % 1_000].map(|number| CacheScope::from(bytes(number)));
    let targets = scopes.map(WriteTarget::Scope);
    let ttl = WRITE_TTL - Duration::from_secs(1);
    let intent = WriteIntent::new(OperationId::from(id(number)), targets, ttl);
    validators
        .begin_write(intent.clone())
        .await
        .expect("an answer");
    let _ = validators.end_write(intent).await.expect("an answer");
}

fn bytes(number: u64) -> [u8; 32] {
    let mut bytes = [0x33; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes
}

fn id(number: u64) -> [u8; 16] {
    u128::from(number).to_be_bytes()
}

/// Reads the statistics since the last reset.
fn row(server: &RedisServer, name: &str) -> Vec<String> {
    let text = server.command(&["INFO", "commandstats"]);
    let mut times = BTreeMap::new();
    for line in text.lines() {
        let Some((command, figures)) = line
            .strip_prefix("cmdstat_")
            .and_then(|line| line.split_once(':'))
        else {
            continue;
        };
        let micros = figures
            .split(',')
            .find_map(|figure| figure.strip_prefix("usec="));
        let micros: f64 = micros.and_then(|micros| micros.parse().ok()).expect("usec");
        times.insert(command, micros / COUNT as f64);
    }
    // Commands that this program sends itself.
    times.retain(|command, _| !command.starts_with("config"));
    let scripts = times.remove("evalsha").expect("scripts");
    let commands: f64 = times.values().sum();
    let each = times
        .iter()
        .map(|(command, micros)| format!("{command} {micros:.1}"));
    vec![
        name.to_owned(),
        format!("{scripts:.1}"),
        format!("{commands:.1}"),
        each.collect::<Vec<_>>().join(", "),
    ]
}
