//! A process that is killed by `SIGKILL` at each point of a request.
//!
//! Each point is reached by 50 keys of each store, or by `RETRIES_KILLS`.

use std::{collections::BTreeMap, env};

use tokio::task::JoinSet;

use crate::support::{Answer, Client, Store, in_time};

/// The most keys that wait at a point when their process is killed.
const KEYS_AT_ONCE: usize = 25;
const RETRIES_AT_ONCE: usize = 400;

/// The state of a key after a kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Nothing is known of the key, or the last attempt is taken over: a retry runs.
    Runs,
    /// A retry is refused, and the order was placed so many times.
    Unknown(usize),
    /// The retry runs, although the first attempt had its effect.
    Repeats,
    /// The retry gets the response that the first request had.
    Replays,
}

use Outcome::{Repeats, Replays, Runs, Unknown};

/// The handler writes by itself, and lost attempts are refused.
const REFUSED: &[(&str, Outcome)] = &[
    ("before-claim", Runs),
    ("after-claim", Unknown(0)),
    ("before-handler", Unknown(0)),
    ("before-effect", Unknown(0)),
    ("after-effect", Unknown(1)),
    ("before-end", Unknown(1)),
    ("after-end", Replays),
    ("before-head", Replays),
    ("mid-body", Replays),
];

/// The effect and the record are one transaction, and lost attempts are taken over.
const REEXECUTED: &[(&str, Outcome)] = &[
    ("before-claim", Runs),
    ("after-claim", Runs),
    ("before-handler", Runs),
    ("before-effect", Runs),
    ("after-effect", Runs),
    ("after-commit", Replays),
    ("before-head", Replays),
    ("mid-body", Replays),
];

/// The same, if lost attempts are refused.
const REFUSED_TRANSACTION: &[(&str, Outcome)] =
    &[("after-effect", Unknown(0)), ("after-commit", Replays)];

/// The mistake: the handler writes by itself, and lost attempts are taken over.
const REPEATED: &[(&str, Outcome)] = &[
    ("before-effect", Runs),
    ("after-effect", Repeats),
    ("before-end", Repeats),
    ("after-end", Replays),
];

struct Campaign<'a> {
    store: &'a Store,
    arguments: &'a [&'a str],
    /// The content of the requests.
    content: &'static str,
    keys: usize,
}

impl Campaign<'_> {
    async fn run(&self, table: &[(&str, Outcome)]) {
        for (point, _) in table {
            self.kill_at(point).await;
        }
        // The retries wait until the leases of the killed processes are over. Their own leases are
        // long, since a busy machine may take more than two seconds for an order.
        let patient = ["--wait-ms", "30000", "--lease-ms", "30000"];
        let arguments = [self.arguments, &patient].concat();
        let replica = self.store.start(&arguments);
        let client = Client::of(&replica);
        let points = table.iter();
        let keys: Vec<_> = points
            .flat_map(|&(point, outcome)| {
                (0..self.keys).map(move |number| (key(point, number), outcome))
            })
            .collect();
        let mut answers = BTreeMap::new();
        for keys in keys.chunks(RETRIES_AT_ONCE) {
            let retry = |(key, outcome): &(String, Outcome)| {
                retry_twice(client.clone(), key.clone(), *outcome)
            };
            let retries: JoinSet<_> = keys.iter().map(retry).collect();
            answers.extend(retries.join_all().await);
        }
        let placed = client.placed().await;
        for (key, outcome) in &keys {
            let placed = placed.get(key).map_or(&[][..], Vec::as_slice);
            match outcome {
                Unknown(times) => assert_eq!(placed.len(), *times, "{key}: {placed:?}"),
                Repeats => assert_eq!(placed.len(), 2, "{key}: {placed:?}"),
                // The effect agrees with the record.
                Runs | Replays => assert_eq!(placed, [answers[key].order()], "{key}"),
            }
        }
    }

    /// Kills processes at a point, until so many keys were there.
    async fn kill_at(&self, point: &str) {
        // A transaction on a file keeps other writers out.
        let is_alone = self.store.is_sqlite()
            && self.arguments.contains(&"transaction")
            && ["before-effect", "after-effect"].contains(&point);
        let at_once = if is_alone { 1 } else { KEYS_AT_ONCE };
        let numbers: Vec<_> = (0..self.keys).collect();
        for numbers in numbers.chunks(at_once) {
            let stop = ["--stop-at", point, "--connections", "32"];
            let mut replica = self.store.start(&[self.arguments, &stop].concat());
            let client = Client::of(&replica);
            let keys = numbers.iter().map(|number| key(point, *number));
            let requests = keys.map(|key| client.spawn_order(&key, self.content));
            let requests: Vec<_> = requests.collect();
            for _ in numbers {
                replica.wait_for("stopped");
            }
            replica.kill();
            for request in requests {
                let answer = in_time(request).await.expect("no panic");
                assert!(answer.is_err(), "{point}: {answer:?}");
            }
        }
    }
}

fn key(point: &str, number: usize) -> String {
    format!("{point}-{number}")
}

/// Sends the request of a killed process again, and once more. Returns its answer.
async fn retry_twice(client: Client, key: String, outcome: Outcome) -> (String, Answer) {
    let first = client.order(&key).await.expect("an answer");
    let second = client.order(&key).await.expect("an answer");
    match outcome {
        Unknown(_) => {
            first.assert(409, "outcome-unknown");
            assert_eq!(first, second, "{key}");
        }
        Runs | Repeats | Replays => {
            assert_eq!(first.is_replay, outcome == Replays, "{key}: {first:?}");
            assert!(second.is_replay, "{key}: {second:?}");
            assert_eq!(first.order(), second.order(), "{key}");
        }
    }
    (key, first)
}

/// Returns the number of keys for each point.
fn keys() -> usize {
    let name = "RETRIES_KILLS";
    env::var(name).map_or(50, |kills| {
        let kills = kills.parse();
        kills.unwrap_or_else(|_| panic!("{name} is not a number"))
    })
}

/// P-ID-lease, P-ID-takeover, P-ID-durable-first: no request is executed twice.
async fn assert_refused(store: &Store) {
    let campaign = Campaign {
        store,
        arguments: &[],
        content: "",
        keys: keys(),
    };
    campaign.run(REFUSED).await;
}

/// P-ID-txn: effect and record agree, and a retry gets the recorded answer.
async fn assert_reexecuted(store: &Store) {
    let campaign = Campaign {
        store,
        arguments: &["--mode", "transaction", "--reexecute"],
        content: "",
        keys: keys(),
    };
    campaign.run(REEXECUTED).await;
}

/// P-ID-txn: an attempt without its commit has no effect.
async fn assert_refused_transaction(store: &Store) {
    let campaign = Campaign {
        store,
        arguments: &["--mode", "transaction"],
        content: "",
        keys: keys().min(10),
    };
    campaign.run(REFUSED_TRANSACTION).await;
}

/// Proof that the campaign can find a second execution.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_takeover_without_a_transaction_executes_twice() {
    for store in Store::durable("killed-repeated") {
        let campaign = Campaign {
            store: &store,
            arguments: &["--reexecute"],
            content: "",
            keys: 5,
        };
        campaign.run(REPEATED).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_at_any_point_repeats_nothing_on_a_file() {
    assert_refused(&Store::sqlite("killed-lease")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_at_any_point_repeats_nothing_on_postgres() {
    assert_refused(&Store::postgres()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn effect_and_record_agree_after_a_kill_on_a_file() {
    assert_reexecuted(&Store::sqlite("killed-transaction")).await;
    assert_refused_transaction(&Store::sqlite("killed-refused")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn effect_and_record_agree_after_a_kill_on_postgres() {
    assert_reexecuted(&Store::postgres()).await;
    assert_refused_transaction(&Store::postgres()).await;
}

/// P-ID-record-policy: the handler fails or streams, and its process is killed around the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_around_a_release_or_a_seal_repeats_nothing() {
    let table = [
        ("fail", "before-end", 409, "outcome-unknown"),
        // The handler's own answer, since it runs again.
        ("fail", "after-end", 503, ""),
        ("stream", "before-end", 409, "outcome-unknown"),
        ("stream", "after-end", 409, "sealed"),
    ];
    for (content, point, status, kind) in table {
        for store in Store::durable("killed-ends") {
            let campaign = Campaign {
                store: &store,
                arguments: &[],
                content,
                keys: 10,
            };
            campaign.kill_at(point).await;
            let replica = store.start(&["--wait-ms", "30000"]);
            let client = Client::of(&replica);
            for number in 0..campaign.keys {
                let key = key(point, number);
                let retry = client.order_with(&key, content).await;
                retry.expect("an answer").assert(status, kind);
            }
        }
    }
}
