//! The end of a run: each key and each page goes on within its documented time.

use std::time::Duration;

use http::{StatusCode, header};
use serde_json::{Value, from_slice};
use tokio::time::{Instant, sleep};

use crate::{
    actor::{answer_of, order, path_of, tag_of},
    checker::{OrderAnswer, OrderRequest},
    client::{Client, get},
    history::History,
    system::{LEASE, REPLICAS, System, WRITE_TTL},
};

/// The time that a busy machine may take beyond a documented one.
const SLACK: Duration = Duration::from_secs(40);

/// The lease of a reader that fills an entry.
const READ_LEASE: Duration = Duration::from_secs(10);

/// A lease ends by itself, if its process does not extend it.
pub(crate) async fn settle_key(
    client: &mut Client,
    system: &System,
    history: &History,
    key: String,
) {
    let end = Instant::now() + LEASE + SLACK;
    for attempt in 0.. {
        let invoked = history.now();
        let server = system.address(attempt % REPLICAS);
        if let Ok(response) = client.exchange(server, order(&key)).await {
            let at = history.since(invoked);
            let answer = answer_of(&response);
            let is_settled = matches!(
                answer,
                OrderAnswer::Placed { .. } | OrderAnswer::OutcomeUnknown
            );
            let key = key.clone();
            let request = OrderRequest { at, key, answer };
            history.recorded().orders.push(request);
            if is_settled {
                return;
            }
        }
        assert!(Instant::now() < end, "{key:?} is not settled");
        // Leases end by the clock of a real server, which sends no event.
        sleep(Duration::from_millis(50)).await;
    }
}

/// An announcement ends by itself, and the grace period of a new server. So does the lease of a
/// reader that was killed.
pub(crate) async fn settle_page(client: &mut Client, system: &System, page: usize) {
    let end = Instant::now() + 2 * WRITE_TTL + READ_LEASE + SLACK;
    loop {
        let server = system.address(0);
        let mut request = get(&path_of(page));
        if let Ok(response) = client.exchange(server, request.clone()).await
            && response.status() == StatusCode::OK
        {
            let tag = tag_of(&response).parse().expect("a tag");
            request.headers_mut().insert(header::IF_NONE_MATCH, tag);
            let before = page_reads(client, system, 0).await;
            let answer = client.exchange(server, request).await;
            let is_unchanged = answer.is_ok_and(|answer| answer.status() == 304);
            if is_unchanged && before == page_reads(client, system, 0).await {
                return;
            }
        }
        assert!(Instant::now() < end, "{page} is not remembered");
        // The same for announcements and the grace period.
        sleep(Duration::from_millis(50)).await;
    }
}

/// Returns how often the handler of pages has read on this replica.
pub(crate) async fn page_reads(client: &mut Client, system: &System, replica: usize) -> u64 {
    runs(client, system, replica, "GET /pages/{name}").await
}

/// Returns how often a handler has run on this replica.
pub(crate) async fn runs(
    client: &mut Client,
    system: &System,
    replica: usize,
    handler: &str,
) -> u64 {
    let response = client
        .exchange(system.address(replica), get("/stats"))
        .await;
    let stats: Value = from_slice(response.expect("an answer").body()).expect("JSON");
    stats["handler_runs"][handler].as_u64().unwrap_or_default()
}
