//! Another request under a key whose first request has not ended, or was lost.

use std::{sync::Arc, time::Duration};

use http::Request;
use tokio::{sync::Notify, time::Instant};

use super::{Runs, layer, order, post, post_as, problem, send, service, waiting};
use crate::{idempotency::OnLostAttempt, test_support::pass};

fn other() -> Request<http_body_util::Full<bytes::Bytes>> {
    post_as("alice", "\"a\"", "{\"item\":\"y\"}")
}

/// R-IK07-2.7-b: it is refused at once while the first one runs, and does not wait for its end.
#[tokio::test(start_paused = true)]
async fn another_request_does_not_wait_for_the_first() {
    let runs = Runs::default();
    let go_on = Arc::new(Notify::new());
    let handler = waiting(&go_on);
    for layer in [layer(), layer().wait_timeout(Duration::from_secs(20))] {
        let before = runs.count();
        let service = service(&layer, &runs, handler.clone());
        let first = tokio::spawn({
            let service = service.clone();
            async move { send(&service, post("\"a\"")).await }
        });
        pass(Duration::from_secs(1)).await;
        let start = Instant::now();
        let refused = send(&service, other()).await;
        assert_eq!((refused.status, problem(&refused)), (422, "reused"));
        assert_eq!(start.elapsed(), Duration::ZERO);
        go_on.notify_one();
        assert_eq!(first.await.expect("no panic").status, 201);
        let refused = send(&service, other()).await;
        assert_eq!((refused.status, problem(&refused)), (422, "reused"));
        assert_eq!(runs.count(), before + 1);
    }
}

/// R-IK07-2.7-b, P-ID-takeover: whatever a retry of a lost attempt may do, another request is never
/// run in its place.
#[tokio::test(start_paused = true)]
async fn another_request_takes_over_no_lost_attempt() {
    for (reaction, status, executions) in [
        (OnLostAttempt::Refuse, 409, 1),
        (OnLostAttempt::Reexecute, 201, 2),
        (OnLostAttempt::Resume, 500, 2),
    ] {
        let runs = Runs::default();
        let layer = layer().on_lost_attempt(reaction);
        let service = service(&layer, &runs, |number, request| async move {
            if number == 1 {
                std::future::pending::<()>().await;
            }
            order(number, request).await
        });
        let lost = send(&service, post("\"a\"")).await;
        assert_eq!((lost.status, problem(&lost)), (503, "timed-out"));
        let refused = send(&service, other()).await;
        assert_eq!((refused.status, problem(&refused)), (422, "reused"));
        assert_eq!(runs.count(), 1, "{reaction:?}");
        assert_eq!(send(&service, post("\"a\"")).await.status, status);
        assert_eq!(send(&service, other()).await.status, 422, "{reaction:?}");
        assert_eq!(runs.count(), executions, "{reaction:?}");
    }
}
