//! A store that is slower than its timeout or its lease.

use nix::sys::signal::Signal;
use tokio_postgres::NoTls;

use crate::support::{Store, in_time, send_signal, started};

/// A lock that steps of the store wait for.
struct Locked(tokio_postgres::Client);

/// Makes each change of a record wait for a lock, after its conditions were evaluated.
const WAIT: &str = "
BEGIN;
CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_advisory_xact_lock_shared(7); RETURN NEW; END $$;
CREATE TRIGGER wait BEFORE INSERT OR UPDATE ON conditional_idempotency
FOR EACH ROW EXECUTE FUNCTION wait();
COMMIT;
BEGIN; SELECT pg_advisory_xact_lock(7)";

/// Makes each statement wait before its conditions are evaluated.
const LOCK_TABLE: &str = "BEGIN; LOCK TABLE conditional_idempotency IN ACCESS EXCLUSIVE MODE";

impl Locked {
    async fn by(lock: &str, store: &Store) -> Self {
        let connected = tokio_postgres::connect(store.location(), NoTls).await;
        let (client, connection) = connected.expect("a connection");
        tokio::spawn(connection);
        client.batch_execute(lock).await.expect("a lock");
        Self(client)
    }

    /// Waits until so many statements wait for the lock.
    async fn wait_until_blocked(&self, statements: i64) {
        let sql = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let blocked = async {
            loop {
                // The statistics are those of the transaction's first look, without this.
                let clear = "SELECT pg_stat_clear_snapshot()";
                self.0.execute(clear, &[]).await.expect("a look");
                let row = self.0.query_one(sql, &[]).await.expect("a count");
                if row.get::<_, i64>(0) >= statements {
                    return;
                }
            }
        };
        in_time(blocked).await;
    }

    /// Lets so many seconds pass on the server.
    async fn sleep(&self, seconds: f64) {
        let slept = self.0.execute("SELECT pg_sleep($1)", &[&seconds]).await;
        slept.expect("a pause");
    }

    async fn release(self) {
        self.0.batch_execute("COMMIT").await.expect("a commit");
    }
}

/// P-ID-store-down: a claim that timed out was applied, and is one claim with its repetition.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_that_applies_after_its_timeout_counts_once() {
    let store = Store::postgres();
    let arguments = ["--lease-ms", "30000", "--store-timeout-ms", "300"];
    let (_replica, client) = started(&store, &arguments);
    let locked = Locked::by(WAIT, &store).await;
    let first = client.spawn_order("a", "");
    // The first has timed out.
    locked.wait_until_blocked(2).await;
    locked.release().await;
    let first = in_time(first).await.expect("no panic").expect("an answer");
    assert_eq!(client.placed().await["a"], [first.order()]);
}

/// P-ID-store-down: without an answer nothing runs, and the claim is given back later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_that_applies_after_its_refusal_is_given_back() {
    let store = Store::postgres();
    let arguments = ["--lease-ms", "30000", "--wait-ms", "30000"];
    let timeout = ["--store-timeout-ms", "100"];
    let (_replica, client) = started(&store, &[&arguments[..], &timeout].concat());
    let locked = Locked::by(WAIT, &store).await;
    let first = client.order("a").await.expect("an answer");
    first.assert(503, "store-unavailable");
    assert_eq!(client.placed().await.get("a"), None);
    locked.release().await;
    let retry = client.order("a").await.expect("an answer");
    assert_eq!(client.placed().await["a"], [retry.order()]);
}

/// P-ID-durable-first: a record that timed out was applied, and the response goes out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_applies_after_its_timeout_counts() {
    let store = Store::postgres();
    let arguments = ["--lease-ms", "30000", "--store-timeout-ms", "300"];
    let stop = ["--stop-at", "before-end"];
    let (mut replica, client) = started(&store, &[&arguments[..], &stop].concat());
    let first = client.spawn_order("a", "");
    replica.wait_for("stopped");
    let locked = Locked::by(WAIT, &store).await;
    send_signal(&replica, Signal::SIGUSR1);
    locked.wait_until_blocked(2).await;
    locked.release().await;
    let first = in_time(first).await.expect("no panic").expect("an answer");
    let retry = client.order("a").await.expect("an answer");
    assert_eq!((retry.is_replay, retry.order()), (true, first.order()));
}

/// P-ID-durable-first: the response is withheld, and the retry gets it once it is recorded.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_applies_after_its_refusal_is_repeated() {
    let store = Store::postgres();
    let arguments = ["--lease-ms", "30000", "--store-timeout-ms", "100"];
    let stop = ["--stop-at", "before-end"];
    let (mut replica, client) = started(&store, &[&arguments[..], &stop].concat());
    let first = client.spawn_order("a", "");
    replica.wait_for("stopped");
    let locked = Locked::by(WAIT, &store).await;
    send_signal(&replica, Signal::SIGUSR1);
    let first = in_time(first).await.expect("no panic");
    first.expect("an answer").assert(503, "unrecorded");
    locked.release().await;
    let (_other, client) = started(&store, &["--wait-ms", "30000"]);
    let retry = client.order("a").await.expect("an answer");
    assert!(retry.is_replay, "{retry:?}");
    assert_eq!(client.placed().await["a"], [retry.order()]);
}

/// P-ID-lease: a claim that takes longer than its lease runs nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_slower_than_the_lease_runs_nothing() {
    let store = Store::postgres();
    let (_replica, client) = started(&store, &["--lease-ms", "1000"]);
    let locked = Locked::by(WAIT, &store).await;
    let first = client.spawn_order("a", "");
    locked.wait_until_blocked(1).await;
    locked.sleep(1.2).await;
    locked.release().await;
    let first = in_time(first).await.expect("no panic").expect("an answer");
    first.assert(503, "store-unavailable");
    assert_eq!(client.placed().await.get("a"), None);
    client.order("a").await.expect("an answer").order();
}

/// P-ID-lease, P-ID-durable-first: a record that takes longer than its lease is none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_slower_than_the_lease_is_an_unknown_outcome() {
    let store = Store::postgres();
    let arguments = ["--lease-ms", "1000", "--stop-at", "before-end"];
    let (mut replica, client) = started(&store, &arguments);
    let first = client.spawn_order("a", "");
    replica.wait_for("stopped");
    let locked = Locked::by(LOCK_TABLE, &store).await;
    send_signal(&replica, Signal::SIGUSR1);
    locked.wait_until_blocked(1).await;
    locked.sleep(1.2).await;
    locked.release().await;
    let first = in_time(first).await.expect("no panic").expect("an answer");
    first.assert(409, "outcome-unknown");
    let retry = client.order("a").await.expect("an answer");
    retry.assert(409, "outcome-unknown");
    assert_eq!(client.placed().await["a"].len(), 1);
}
