//! PostgreSQL or a connection to it fails during a request.

use nix::sys::signal::Signal;
use tower_conditional_testing::{Fault, Postgres, Protocol, Replica, TcpProxy};

use crate::support::{Answer, Client, Store, in_time, send_signal, started};

const TRANSACTION: &[&str] = &["--mode", "transaction"];
const CLAIM: &str = "INSERT INTO conditional_idempotency";
const RECORD: &str = "response = $6";
const COMMIT: &str = "COMMIT\0";

/// Sends an order while a connection breaks, and sends it again. Returns both answers, after a
/// check that the order was placed once.
async fn order_with_cut(arguments: &[&str], text: &str, fault: Fault) -> [Answer; 2] {
    let server = Postgres::shared();
    let proxy = TcpProxy::start(Protocol::Bytes, server.port());
    let [from, to] = [server.port(), proxy.port()].map(|port| format!("127.0.0.1:{port}"));
    let store = Store::at(server.create_database().replace(&from, &to));
    let (_replica, client) = started(&store, arguments);
    proxy.once_at(text, fault);
    let first = client.order("a").await.expect("an answer");
    assert!(!proxy.is_waiting(), "nothing broke");
    let retry = client.order("a").await.expect("an answer");
    assert_eq!(client.placed().await["a"], [retry.order()]);
    [first, retry]
}

/// P-ID-txn: the transaction was committed, and the retry finds out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_was_lost_is_repeated() {
    let [first, retry] = order_with_cut(TRANSACTION, COMMIT, Fault::LoseReply).await;
    // The handler's own 503.
    assert_eq!(first.status, 503, "{first:?}");
    assert!(retry.is_replay, "{retry:?}");
}

/// P-ID-txn: the transaction was rolled back, and the retry runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_never_arrived_is_released() {
    let [first, retry] = order_with_cut(TRANSACTION, COMMIT, Fault::LoseRequest).await;
    assert_eq!(first.status, 503, "{first:?}");
    assert!(!retry.is_replay, "{retry:?}");
}

/// P-ID-store-down: a claim and a record whose answer was lost count once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_whose_message_was_lost_is_sent_again() {
    for step in [CLAIM, RECORD] {
        for fault in [Fault::LoseRequest, Fault::LoseReply] {
            let [first, retry] = order_with_cut(&[], step, fault).await;
            assert_eq!(first.order(), retry.order(), "{step:?}, {fault:?}");
            assert!(!first.is_replay && retry.is_replay, "{step:?}, {fault:?}");
        }
    }
}

/// A replica that stops at a point while its server changes.
struct Outage<'a> {
    server: &'a Postgres,
    replica: Replica,
    client: Client,
}

impl<'a> Outage<'a> {
    fn at(server: &'a Postgres, point: &str, arguments: &[&str]) -> Self {
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
    async fn order(&mut self, change: fn(&Postgres)) -> Answer {
        let first = self.client.spawn_order("a", "");
        self.replica.wait_for("stopped");
        change(self.server);
        send_signal(&self.replica, Signal::SIGUSR1);
        let first = in_time(first).await.expect("no panic");
        first.expect("an answer")
    }

    async fn retry(&self) -> Answer {
        self.client.order("a").await.expect("an answer")
    }

    async fn placed(&self) -> Vec<i64> {
        self.client.placed().await.remove("a").unwrap_or_default()
    }
}

/// Restarts the server while an order is at each point. At some, the handler fails, and the
/// retry runs.
async fn restart_at(mode: &str, table: &[(&str, bool)]) {
    let server = Postgres::start();
    let ends = [Postgres::restart, Postgres::kill_and_restart];
    for ((point, fails), end) in table.iter().zip(ends.into_iter().cycle()) {
        let arguments = ["--lease-ms", "30000", "--mode", mode];
        let mut outage = Outage::at(&server, point, &arguments);
        let first = outage.order(end).await;
        let retry = outage.retry().await;
        if *fails {
            // The handler's own 503.
            assert_eq!(first.status, 503, "{point}: {first:?}");
        } else {
            assert_eq!(first.order(), retry.order(), "{point}");
        }
        assert_eq!(retry.is_replay, !fails, "{point}: {retry:?}");
        assert_eq!(outage.placed().await, [retry.order()], "{point}");
    }
}

/// P-ID-store-down: the client does not notice that the server restarts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_in_flight_is_not_noticed() {
    let table = [
        ("before-claim", false),
        ("after-claim", false),
        ("after-effect", false),
        ("before-end", false),
        ("after-end", false),
    ];
    restart_at("lease", &table).await;
}

/// P-ID-txn: an open transaction ends with the server, and the retry runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_in_a_transaction_rolls_back() {
    let table = [
        ("before-handler", false),
        ("before-effect", true),
        ("after-effect", true),
        ("after-commit", false),
    ];
    restart_at("transaction", &table).await;
}

/// P-ID-durable-first: without a record the response is withheld, and nothing runs again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_fails_is_an_unknown_outcome() {
    let server = Postgres::start();
    let mut outage = Outage::at(&server, "before-end", &[]);
    let first = outage.order(Postgres::stop).await;
    first.assert(503, "unrecorded");
    outage.retry().await.assert(503, "store-unavailable");
    server.restart();
    // Once the lease is over.
    outage.retry().await.assert(409, "outcome-unknown");
    assert_eq!(outage.placed().await.len(), 1);
}
