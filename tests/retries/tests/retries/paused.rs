//! A process that is stopped by `SIGSTOP` beyond its lease, and goes on.

use deadpool_postgres::{Manager, Pool};
use futures_util::future::join_all;
use http::Response;
use nix::sys::signal::Signal;
use tokio_postgres::NoTls;
use tower_conditional::{
    BoxError,
    idempotency::{IdempotencyKey, KeyScope, RecordId, RecordedResponse, Resolution, Update},
    store::{IdempotencyStore, Inspection},
};
use tower_conditional_postgres::PostgresIdempotencyStore;
use tower_conditional_sqlite::{Database, SqliteIdempotencyStore};
use tower_conditional_testing::Replica;

use crate::support::{Answer, Client, Store, in_time, send_signal};

const KEY: &str = "paused";

/// Runs a check on both stores for each point or content, all at the same time.
async fn on_each_store(
    test: &str,
    cases: &[&'static str],
    check: impl AsyncFn(&'static str, &Store),
) {
    let checks = cases.iter().flat_map(|case| {
        let stores = Store::durable(&format!("{test}-{case}"));
        stores.map(|store| async { check(case, &{ store }).await })
    });
    join_all(checks).await;
}

/// A replica that is stopped at a point of its request, and one that answers retries.
struct Paused<'a> {
    store: &'a Store,
    stopped: Replica,
    other: Client,
    _replica: Replica,
    first: tokio::task::JoinHandle<Result<Answer, BoxError>>,
}

impl<'a> Paused<'a> {
    async fn at(store: &'a Store, point: &str, arguments: &[&str], content: &'static str) -> Self {
        let lease = ["--lease-ms", "1000", "--wait-ms", "30000"];
        let arguments = [&lease, arguments].concat();
        let replica = store.start(&arguments);
        let stop = ["--stop-at", point, "--stop", "pause"];
        let mut stopped = store.start(&[&arguments[..], &stop].concat());
        let first = Client::of(&stopped).spawn_order(KEY, content);
        stopped.wait_for("stopped");
        Self {
            store,
            stopped,
            other: Client::of(&replica),
            _replica: replica,
            first,
        }
    }

    /// Lets the stopped process go on. Returns the answer to its client.
    async fn resume(&mut self) -> Answer {
        send_signal(&self.stopped, Signal::SIGCONT);
        let answer = in_time(&mut self.first).await.expect("no panic");
        answer.expect("an answer")
    }

    async fn placed(&self) -> Vec<i64> {
        self.other.placed().await.remove(KEY).unwrap_or_default()
    }

    async fn inspect(&self) -> Inspection {
        let inspected = if self.store.is_sqlite() {
            self.sqlite().inspect(id()).await
        } else {
            self.postgres().inspect(id()).await
        };
        inspected.expect("a store").expect("a record")
    }

    /// Settles the key as an operator.
    async fn resolve(&self, resolution: Resolution<bytes::Bytes>) {
        let fence = self.inspect().await.fence;
        let resolved = if self.store.is_sqlite() {
            self.sqlite().resolve(id(), fence, resolution).await
        } else {
            self.postgres().resolve(id(), fence, resolution).await
        };
        assert_eq!(resolved.expect("a store"), Update::Applied);
    }

    fn sqlite(&self) -> SqliteIdempotencyStore {
        SqliteIdempotencyStore::new(Database::open(self.store.location()).expect("a file"))
    }

    fn postgres(&self) -> PostgresIdempotencyStore {
        let url = self.store.location().parse().expect("a URL");
        let pool = Pool::builder(Manager::new(url, NoTls)).max_size(1);
        PostgresIdempotencyStore::new(pool.build().expect("a pool"))
    }
}

fn id() -> RecordId {
    let key = IdempotencyKey::new(KEY).expect("a key");
    RecordId::new(&KeyScope::of_anyone().mounted_at(""), &key)
}

/// The response that an operator records.
fn settled() -> bytes::Bytes {
    let content = bytes::Bytes::from("order 1 settled");
    let (head, content) = Response::builder()
        .status(201)
        .body(content)
        .expect("a response")
        .into_parts();
    RecordedResponse::new(head.status, &head.headers, content).encode()
}

/// P-ID-fencing: an operator has settled the key, and the old owner neither completes nor renews.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_settles_the_key_of_a_paused_process() {
    let points = ["before-handler", "after-effect", "before-end"];
    on_each_store("settled", &points, async |point, store| {
        let mut paused = Paused::at(store, point, &[], "").await;
        // The retry waits until the lease is over.
        let retry = paused.other.order(KEY).await.expect("an answer");
        retry.assert(409, "outcome-unknown");
        paused.resolve(Resolution::Complete(settled())).await;
        let before = paused.inspect().await;
        let late = paused.resume().await;
        late.assert(409, "outcome-unknown");
        assert_eq!(paused.inspect().await, before, "{point}");
        let retry = paused.other.order(KEY).await.expect("an answer");
        assert!(retry.is_replay, "{point}: {retry:?}");
        assert_eq!(retry.content, "order 1 settled");
    })
    .await;
}

/// P-ID-fencing: the handler of the old owner fails or streams, and its key is neither released
/// nor sealed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_process_neither_releases_nor_seals() {
    on_each_store("neither", &["fail", "stream"], async |content, store| {
        let mut paused = Paused::at(store, "before-end", &[], content).await;
        let retry = paused.other.order_with(KEY, content).await;
        retry.expect("an answer").assert(409, "outcome-unknown");
        paused.resolve(Resolution::Complete(settled())).await;
        let before = paused.inspect().await;
        let late = paused.resume().await;
        // A 503 tells the client to try again, which is not wrong.
        let expected = if content == "fail" { 503 } else { 409 };
        assert_eq!(late.status, expected, "{late:?}");
        assert_eq!(paused.inspect().await, before, "{content}");
        let retry = paused.other.order_with(KEY, content).await;
        assert_eq!(retry.expect("an answer").content, "order 1 settled");
    })
    .await;
}

/// P-ID-lease: a process that was stopped before its handler began runs nothing after its lease,
/// and gives its key back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_was_paused_before_its_handler_gives_its_key_back() {
    on_each_store("given-back", &["after-claim"], async |point, store| {
        let mut paused = Paused::at(store, point, &[], "").await;
        let retry = paused.other.order(KEY).await.expect("an answer");
        retry.assert(409, "outcome-unknown");
        paused.resume().await.assert(503, "store-unavailable");
        let retry = paused.other.order(KEY).await.expect("an answer");
        assert_eq!(paused.placed().await, [retry.order()]);
    })
    .await;
}

/// P-ID-takeover, P-ID-fencing: another replica has taken over, and its answer is the record.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_takes_over_from_a_paused_process() {
    let points = [
        "after-claim",
        "before-handler",
        "after-effect",
        "before-end",
    ];
    on_each_store("taken", &points, async |point, store| {
        let mut paused = Paused::at(store, point, &["--reexecute"], "").await;
        let taken = paused.other.order(KEY).await.expect("an answer");
        assert!(!taken.is_replay, "{point}: {taken:?}");
        let before = paused.inspect().await;
        assert_eq!((before.fence, before.attempt), (2, 2), "{point}");
        let late = paused.resume().await;
        if point == "after-claim" {
            // The lease was over before the handler began.
            late.assert(503, "store-unavailable");
            assert_eq!(paused.placed().await, [taken.order()]);
        } else {
            late.assert(409, "outcome-unknown");
            // The price of a takeover without a transaction.
            assert_eq!(paused.placed().await.len(), 2, "{point}");
        }
        assert_eq!(paused.inspect().await, before, "{point}");
        let retry = paused.other.order(KEY).await.expect("an answer");
        assert_eq!((retry.is_replay, retry.order()), (true, taken.order()));
    })
    .await;
}

/// P-ID-txn, P-ID-fencing: the transaction of the old owner is rolled back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_transaction_has_no_effect_after_a_takeover() {
    let arguments = ["--mode", "transaction", "--reexecute"];
    let points = ["after-claim", "before-handler", "after-effect"];
    on_each_store("paused-transaction", &points, async |point, store| {
        // A transaction on a file keeps other writers out, so there is no takeover.
        if store.is_sqlite() && point == "after-effect" {
            return;
        }
        let mut paused = Paused::at(store, point, &arguments, "").await;
        let taken = paused.other.order(KEY).await.expect("an answer");
        // The open transaction of the old owner has the lock of the key.
        let is_locked = point == "after-effect";
        let expected = if is_locked { 503 } else { 201 };
        assert_eq!(taken.status, expected, "{point}: {taken:?}");
        let late = paused.resume().await;
        assert!(matches!(late.status, 409 | 503), "{point}: {late:?}");
        let retry = paused.other.order(KEY).await.expect("an answer");
        assert_eq!(retry.is_replay, !is_locked, "{point}: {retry:?}");
        assert_eq!(paused.placed().await, [retry.order()], "{point}");
    })
    .await;
}

/// P-ID-txn: a process that was stopped in its transaction on a file goes on, and has lost its key.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_on_a_file_that_was_paused_has_no_effect() {
    let store = Store::sqlite("paused-file");
    let arguments = ["--mode", "transaction", "--reexecute"];
    let mut paused = Paused::at(&store, "after-effect", &arguments, "").await;
    // The busy timeout of the store, which is longer than the lease.
    let retry = paused.other.order(KEY).await.expect("an answer");
    retry.assert(503, "store-unavailable");
    paused.resume().await;
    let retry = paused.other.order(KEY).await.expect("an answer");
    assert_eq!(paused.placed().await, [retry.order()]);
}
