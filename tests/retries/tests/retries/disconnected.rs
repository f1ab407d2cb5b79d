//! A client whose connection is cut while its order is placed.

use nix::sys::signal::Signal;

use crate::support::{Client, Store, send_order, send_signal};

/// P-ID-disconnect: the connection is cut before and after the handler's effect, and before and
/// after the record. The request goes on, and the retry gets its response.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_connection_repeats_nothing() {
    let modes = [
        (
            "lease",
            &["before-effect", "after-effect", "before-end", "after-end"][..],
        ),
        (
            "transaction",
            &["before-effect", "after-effect", "after-commit"],
        ),
    ];
    for (mode, points) in modes {
        for store in Store::durable(&format!("cut-{mode}")) {
            let arguments = ["--mode", mode, "--lease-ms", "30000", "--wait-ms", "30000"];
            let other = store.start(&arguments);
            let other = Client::of(&other);
            for point in points {
                let stop = ["--stop-at", point];
                let mut replica = store.start(&[&arguments[..], &stop].concat());
                let cut = send_order(&replica, point).await;
                replica.wait_for("stopped");
                drop(cut);
                replica.wait_for("the client has left");
                send_signal(&replica, Signal::SIGUSR1);
                let retry = other.order(point).await.expect("an answer");
                assert!(retry.is_replay, "{mode}, {point}: {retry:?}");
                assert_eq!(
                    other.placed().await[*point],
                    [retry.order()],
                    "{mode}, {point}"
                );
            }
        }
    }
}

/// P-ID-durable-first: the connection is cut in the middle of the response.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_response_that_breaks_off_is_repeated() {
    for store in Store::durable("cut-response") {
        let mut replica = store.start(&["--stop-at", "mid-body"]);
        let cut = send_order(&replica, "a").await;
        replica.wait_for("stopped");
        drop(cut);
        send_signal(&replica, Signal::SIGUSR1);
        let client = Client::of(&replica);
        let retry = client.order("a").await.expect("an answer");
        assert!(retry.is_replay, "{retry:?}");
        assert_eq!(client.placed().await["a"], [retry.order()]);
    }
}
