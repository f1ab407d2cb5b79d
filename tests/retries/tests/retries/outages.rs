//! PostgreSQL or a connection to it fails during a request.

use nix::sys::signal::Signal;
use tokio::task::spawn_blocking;
use tower_conditional_postgres_testing::{Postgres, Replica};

use crate::{
    proxy::{Cut, Lost, Proxy},
    support::{Answer, Client, Store, in_time, send_signal, started},
};

const TRANSACTION: &[&str] = &["--mode", "transaction"];
/// The statement of a claim is prepared, and then sent.
const CLAIM: (&str, usize) = ("INSERT INTO conditional_idempotency", 1);
const RECORD: (&str, usize) = ("response = $6", 1);
const COMMIT: (&str, usize) = ("COMMIT\0", 0);

/// Sends an order while a connection breaks, and sends it again. Returns both answers, after a
/// check that the order was placed once.
async fn order_with_cut(
    arguments: &[&str],
    (text, after): (&'static str, usize),
    lost: Lost,
) -> [Answer; 2] {
    let server = Postgres::shared();
    let proxy = Proxy::start(server.port()).await;
    let [from, to] = [server.port(), proxy.port()].map(|port| format!("127.0.0.1:{port}"));
    let store = Store::at(server.create_database().replace(&from, &to));
    let (_replica, client) = started(&store, arguments);
    proxy.cut(Cut { text, after, lost });
    let first = client.order("a").await.expect("an answer");
    assert!(!proxy.is_waiting(), "nothing broke");
    let retry = client.order("a").await.expect("an answer");
    assert_eq!(client.placed().await["a"], [retry.order()]);
    [first, retry]
}

/// P-ID-txn: the transaction was committed, and the retry finds out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_was_lost_is_repeated() {
    let [first, retry] = order_with_cut(TRANSACTION, COMMIT, Lost::Answer).await;
    // The handler's own 503.
    assert_eq!(first.status, 503, "{first:?}");
    assert!(retry.is_replay, "{retry:?}");
}

/// P-ID-txn: the transaction was rolled back, and the retry runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_never_arrived_is_released() {
    let [first, retry] = order_with_cut(TRANSACTION, COMMIT, Lost::Request).await;
    assert_eq!(first.status, 503, "{first:?}");
    assert!(!retry.is_replay, "{retry:?}");
}

/// P-ID-store-down: a claim and a record whose answer was lost count once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_whose_message_was_lost_is_sent_again() {
    for step in [CLAIM, RECORD] {
        for lost in [Lost::Request, Lost::Answer] {
            let [first, retry] = order_with_cut(&[], step, lost).await;
            assert_eq!(first.order(), retry.order(), "{step:?}, {lost:?}");
            assert!(!first.is_replay && retry.is_replay, "{step:?}, {lost:?}");
        }
    }
}

/// A server of its own, and a replica that stops at a point.
struct Outage {
    server: Postgres,
    replica: Replica,
    client: Client,
}

impl Outage {
    fn at(point: &str, arguments: &[&str]) -> Self {
        let server = Postgres::start();
        let store = Store::at(server.create_database());
        let stop = ["--stop-at", point, "--wait-ms", "30000"];
        let (replica, client) = started(&store, &[&stop, arguments].concat());
        Self {
            server,
            replica,
            client,
        }
    }

    /// Sends an order, and changes the server while the order is at the point.
    async fn order(mut self, change: fn(&Postgres)) -> (Self, Answer) {
        let first = self.client.spawn_order("a", "");
        self.replica.wait_for("stopped");
        self = in_time(spawn_blocking(move || {
            change(&self.server);
            self
        }))
        .await
        .expect("no panic");
        send_signal(&self.replica, Signal::SIGUSR1);
        let first = in_time(first).await.expect("no panic");
        (self, first.expect("an answer"))
    }

    async fn retry(&self) -> Answer {
        self.client.order("a").await.expect("an answer")
    }

    async fn placed(&self) -> Vec<i64> {
        self.client.placed().await.remove("a").unwrap_or_default()
    }
}

const ENDS: [fn(&Postgres); 2] = [Postgres::restart, Postgres::kill_and_restart];

/// P-ID-store-down: the server restarts before the handler's effect, and before the record.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_in_flight_is_not_noticed() {
    for (point, end) in ["after-claim", "before-end"].into_iter().zip(ENDS) {
        let outage = Outage::at(point, &["--lease-ms", "30000"]);
        let (outage, first) = outage.order(end).await;
        let retry = outage.retry().await;
        assert_eq!(first.order(), retry.order(), "{point}");
        assert!(retry.is_replay, "{point}: {retry:?}");
        assert_eq!(outage.placed().await, [retry.order()], "{point}");
    }
}

/// P-ID-txn: the transaction ends with the server, and the retry runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_in_a_transaction_rolls_back() {
    for end in ENDS {
        let arguments = ["--lease-ms", "30000", "--mode", "transaction"];
        let outage = Outage::at("after-effect", &arguments);
        let (outage, first) = outage.order(end).await;
        assert_eq!(first.status, 503, "{first:?}");
        let retry = outage.retry().await;
        assert!(!retry.is_replay, "{retry:?}");
        assert_eq!(outage.placed().await, [retry.order()]);
    }
}

/// P-ID-durable-first: without a record the response is withheld, and nothing runs again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_fails_is_an_unknown_outcome() {
    let (outage, first) = Outage::at("before-end", &[]).order(Postgres::stop).await;
    first.assert(503, "unrecorded");
    outage.retry().await.assert(503, "store-unavailable");
    outage.server.restart();
    // Once the lease is over.
    outage.retry().await.assert(409, "outcome-unknown");
    assert_eq!(outage.placed().await.len(), 1);
}
