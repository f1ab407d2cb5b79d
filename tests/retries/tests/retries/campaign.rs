//! Callers that retry on three replicas, which are killed and paused at random moments.
//!
//! A round makes its choices from a seed. A campaign is longer:
//! `RETRIES=200 cargo test -p tower-conditional-retries --test retries campaign -- --nocapture`

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use nix::sys::signal::Signal;
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::JoinSet,
    time::timeout,
};
use tower_conditional_testing::Replica;

use crate::{
    seeded::{self, Draw},
    support::{Client, Store, poll_times, send_signal},
};

const CALLERS: u64 = 16;
/// Two callers share each key.
const KEYS_OF_CALLER: u64 = 4;
/// A paused replica goes on after this time, or after some answers of the others.
const PAUSE: Duration = Duration::from_millis(1500);

#[derive(Debug, Clone, Copy)]
struct Round {
    seed: u64,
    is_on_file: bool,
    is_transaction: bool,
    reexecutes: bool,
}

impl Round {
    /// Returns the round of a seed. Six seeds in a row have every store and mode.
    fn of(seed: u64) -> Self {
        let mode = seed / 2 % 3;
        Self {
            seed,
            is_on_file: seed.is_multiple_of(2),
            is_transaction: mode > 0,
            // A takeover without a transaction may execute twice.
            reexecutes: mode > 1,
        }
    }

    fn start(self, store: &Store) -> Replica {
        let mut arguments = vec!["--lease-ms", "1000", "--wait-ms", "500"];
        if self.is_transaction {
            arguments.extend(["--mode", "transaction"]);
        }
        if self.reexecutes {
            arguments.push("--reexecute");
        }
        store.start(&arguments)
    }

    async fn run(self) {
        println!("{self:?}");
        let store = if self.is_on_file {
            Store::sqlite(&format!("campaign-{}", self.seed))
        } else {
            Store::postgres()
        };
        let replicas = [(); 3].map(|()| self.start(&store));
        let clients = replicas.each_ref().map(Client::of);
        let clients = Arc::new(Mutex::new(clients));
        let (tell, answers) = unbounded_channel();
        let mut callers = JoinSet::new();
        for caller in 0..CALLERS {
            let caller = Caller {
                round: self,
                number: caller,
                clients: Arc::clone(&clients),
                tell: tell.clone(),
            };
            callers.spawn(caller.run());
        }
        drop(tell);
        let mut disturbed = Disturbed {
            round: self,
            store: &store,
            replicas,
            clients,
            answers,
            orders: BTreeMap::new(),
        };
        disturbed.run().await;
        callers.join_all().await;
        self.check(&disturbed).await;
    }

    /// Checks that each key has one order, and that it is the one that all callers know.
    async fn check(self, disturbed: &Disturbed<'_>) {
        let client = Client::of(&disturbed.replicas[0]);
        let placed = client.placed().await;
        for (key, orders) in &disturbed.orders {
            let orders: Vec<_> = orders.iter().copied().collect();
            let placed = placed.get(key).map_or(&[][..], Vec::as_slice);
            // Without a transaction, an order whose outcome is unknown may have been placed.
            let is_unknown = orders.is_empty() && !self.is_transaction && placed.len() == 1;
            assert!(
                is_unknown || orders == placed,
                "{self:?}, {key}: {orders:?}, {placed:?}"
            );
            assert!(
                placed.len() == 1 || !self.reexecutes,
                "{self:?}, {key}: {placed:?}"
            );
        }
    }
}

type Report = (String, Option<i64>);

/// The replicas, and the orders that callers know.
struct Disturbed<'a> {
    round: Round,
    store: &'a Store,
    replicas: [Replica; 3],
    clients: Arc<Mutex<[Client; 3]>>,
    answers: UnboundedReceiver<Report>,
    orders: BTreeMap<String, BTreeSet<i64>>,
}

impl Disturbed<'_> {
    /// Kills and pauses replicas until all callers have their answers.
    async fn run(&mut self) {
        let mut draw = Draw::new(self.round.seed);
        let (mut kills, mut pauses) = (0, 0);
        while self.receive(1 + draw.below(16)).await {
            let slot = draw.pick(&[0, 1, 2]);
            if draw.coin() {
                self.replicas[slot].kill();
                self.replicas[slot] = self.round.start(self.store);
                let client = Client::of(&self.replicas[slot]);
                self.clients.lock().expect("no panic")[slot] = client;
                kills += 1;
            } else {
                send_signal(&self.replicas[slot], Signal::SIGSTOP);
                let _ = timeout(PAUSE, self.receive(1 + draw.below(16))).await;
                send_signal(&self.replicas[slot], Signal::SIGCONT);
                pauses += 1;
            }
        }
        println!("{kills} kills, {pauses} pauses");
    }

    /// Receives so many answers. Returns `false` if there are no more.
    async fn receive(&mut self, number: u64) -> bool {
        for _ in 0..number {
            let Some((key, order)) = self.answers.recv().await else {
                return false;
            };
            self.orders.entry(key).or_default().extend(order);
        }
        true
    }
}

struct Caller {
    round: Round,
    number: u64,
    clients: Arc<Mutex<[Client; 3]>>,
    tell: UnboundedSender<Report>,
}

impl Caller {
    async fn run(self) {
        let mut draw = Draw::new(self.round.seed * CALLERS + self.number);
        for number in 0..KEYS_OF_CALLER {
            let key = format!("key-{}-{number}", self.number / 2);
            let order = self.order(&key, &mut draw).await;
            self.tell.send((key, order)).expect("the test listens");
        }
    }

    /// Retries until there is an answer. Returns `None` if the outcome is unknown.
    async fn order(&self, key: &str, draw: &mut Draw) -> Option<i64> {
        loop {
            let slot = draw.pick(&[0, 1, 2]);
            let client = self.clients.lock().expect("no panic")[slot].clone();
            // Some connections are cut.
            let polls = if draw.below(4) == 0 {
                draw.below(6) as usize
            } else {
                usize::MAX
            };
            let Some(Ok(answer)) = poll_times(client.order(key), polls).await else {
                continue;
            };
            match (answer.status, answer.kind()) {
                (201, _) => return Some(answer.order()),
                (409, "outcome-unknown") if !self.round.reexecutes => return None,
                (409, "in-flight" | "outcome-unknown") | (503, _) => {}
                _ => panic!("{key}: {answer:?}"),
            }
        }
    }
}

/// P-ID-lease, P-ID-txn, P-ID-disconnect: each round has another store, mode and order of events.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_kills_and_pauses_repeat_nothing() {
    for seed in seeded::seeds("RETRIES", 6) {
        Round::of(seed).run().await;
    }
}
