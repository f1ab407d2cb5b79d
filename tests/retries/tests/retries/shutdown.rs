//! A process that is asked to end in the middle of an order.

use nix::sys::signal::Signal;
use tower_conditional_testing::Replica;

use crate::support::{Client, Store, in_time, send_order, send_signal};

const MODES: [&str; 2] = ["lease", "transaction"];

fn stopping(store: &Store, mode: &str) -> Replica {
    store.start(&[
        "--mode",
        mode,
        "--stop-at",
        "before-effect",
        "--lease-ms",
        "30000",
    ])
}

/// Checks that the order was placed once, by another process.
async fn assert_placed_once(store: &Store, mode: &str) {
    let replica = store.start(&["--mode", mode]);
    let client = Client::of(&replica);
    let retry = client.order("a").await.expect("an answer");
    assert!(retry.is_replay, "{mode}: {retry:?}");
    assert_eq!(client.placed().await["a"], [retry.order()], "{mode}");
}

/// P-ID-disconnect: the client waits, and gets its response before the process ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_ends_answers_first() {
    for mode in MODES {
        for store in Store::durable(&format!("answers-{mode}")) {
            let mut replica = stopping(&store, mode);
            let first = Client::of(&replica).spawn_order("a", "");
            replica.wait_for("stopped");
            send_signal(&replica, Signal::SIGTERM);
            replica.wait_for("shutting down");
            send_signal(&replica, Signal::SIGUSR1);
            let first = in_time(first).await.expect("no panic");
            first.expect("an answer").order();
            assert!(replica.wait().success());
            assert_placed_once(&store, mode).await;
        }
    }
}

/// P-ID-disconnect: the client has left, and the process ends only after the record.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_ends_loses_no_order_without_a_client() {
    for mode in MODES {
        for store in Store::durable(&format!("loses-{mode}")) {
            let mut replica = stopping(&store, mode);
            let left = send_order(&replica, "a").await;
            replica.wait_for("stopped");
            drop(left);
            replica.wait_for("the client has left");
            send_signal(&replica, Signal::SIGTERM);
            replica.wait_for("no connections left");
            send_signal(&replica, Signal::SIGUSR1);
            replica.wait_for("idle");
            assert!(replica.wait().success());
            assert_placed_once(&store, mode).await;
        }
    }
}
