//! Many requests with one key at the same time, on three processes.

use std::collections::{BTreeMap, BTreeSet};

use tokio::task::JoinSet;
use tower_conditional_testing::Replica;

use crate::support::{Answer, Client, Store};

const REQUESTS: usize = 64;
const KEYS: usize = 200;
/// The number of keys that are raced for at the same time.
const KEYS_AT_ONCE: usize = 8;

/// The result of a race.
struct Report {
    /// The different answers to each key, and the number of answers that are no replay.
    answers: BTreeMap<String, (BTreeSet<String>, usize)>,
    /// The orders of each key.
    placed: Vec<Vec<i64>>,
}

impl Report {
    /// Returns the number of orders beyond one for each key.
    fn repeated(&self) -> usize {
        let beyond_one = |placed: &Vec<i64>| placed.len() - 1;
        self.placed.iter().map(beyond_one).sum()
    }

    fn assert_one_execution_each(&self) {
        assert_eq!(self.repeated(), 0, "{:?}", self.placed);
        for (key, (answers, first)) in &self.answers {
            assert_eq!((answers.len(), *first), (1, 1), "{key}: {answers:?}");
        }
    }
}

async fn race(replicas: &[Replica], keys: usize) -> Report {
    let clients: Vec<_> = replicas.iter().map(Client::of).collect();
    let keys: Vec<_> = (0..keys).map(|number| format!("key-{number}")).collect();
    let mut answers = BTreeMap::<_, (BTreeSet<_>, usize)>::new();
    for keys in keys.chunks(KEYS_AT_ONCE) {
        let mut requests = JoinSet::new();
        for caller in 0..REQUESTS {
            for key in keys {
                let client = clients[caller % clients.len()].clone();
                let key = key.clone();
                requests.spawn(async move { (answer(&client, &key).await, key) });
            }
        }
        while let Some(answered) = requests.join_next().await {
            let (answer, key) = answered.expect("an answer");
            let (contents, first) = answers.entry(key).or_default();
            contents.insert(answer.content);
            *first += usize::from(!answer.is_replay);
        }
    }
    let mut placed = clients[0].placed().await;
    let placed = keys.iter().map(|key| placed.remove(key));
    Report {
        answers,
        placed: placed.map(Option::unwrap_or_default).collect(),
    }
}

/// Retries until there is an answer.
async fn answer(client: &Client, key: &str) -> Answer {
    loop {
        let answer = client.order(key).await.expect("an answer");
        match (answer.status, answer.kind()) {
            (409, "in-flight") | (503, "store-unavailable") => {}
            (201, _) => return answer,
            _ => panic!("{answer:?}"),
        }
    }
}

fn three(store: &Store, arguments: &[&str]) -> [Replica; 3] {
    [(); 3].map(|()| store.start(arguments))
}

const LEASE: &[&str] = &["--lease-ms", "30000"];
const LEASE_AND_WAIT: &[&str] = &["--lease-ms", "30000", "--wait-ms", "20000"];
const TRANSACTION: &[&str] = &[
    "--lease-ms",
    "30000",
    "--mode",
    "transaction",
    "--wait-ms",
    "20000",
];
const NAIVE: &[&str] = &["--mode", "naive"];

/// R-IK07-2.6-b, R-IK07-2.6-c: callers retry while the first request is in flight.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_key_is_executed_once_in_memory() {
    let replicas = [Store::memory().start(LEASE)];
    race(&replicas, KEYS).await.assert_one_execution_each();
}

/// R-IK07-2.6-b: three processes share a file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_key_is_executed_once_on_a_file() {
    let store = Store::sqlite("race-lease");
    let report = race(&three(&store, LEASE), KEYS).await;
    report.assert_one_execution_each();
}

/// P-ID-txn, R-IK07-2.6-b: retries wait for the first request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_key_is_executed_once_in_transactions_on_a_file() {
    let store = Store::sqlite("race-transaction");
    let report = race(&three(&store, TRANSACTION), KEYS).await;
    report.assert_one_execution_each();
}

/// R-IK07-2.6-b: three processes share a server, and retries wait for the first request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_key_is_executed_once_on_postgres() {
    let report = race(&three(&Store::postgres(), LEASE_AND_WAIT), KEYS).await;
    report.assert_one_execution_each();
}

/// P-ID-txn, R-IK07-2.6-b: retries wait for the first request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_key_is_executed_once_in_transactions_on_postgres() {
    let report = race(&three(&Store::postgres(), TRANSACTION), KEYS).await;
    report.assert_one_execution_each();
}

/// The same race against get, run and set, as proof that it can find a second execution.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_run_set_executes_twice() {
    for store in [
        Store::memory(),
        Store::sqlite("race-naive"),
        Store::postgres(),
    ] {
        let replicas = match store.location() {
            "memory" => vec![store.start(NAIVE)],
            _ => three(&store, NAIVE).into(),
        };
        // On a busy machine, few of the requests of a key overlap.
        let report = race(&replicas, 40).await;
        println!("{}: {} repeated", store.location(), report.repeated());
        assert_ne!(report.repeated(), 0, "{}", store.location());
    }
}
