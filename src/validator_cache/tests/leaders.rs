//! Readers that others wait for.

use std::time::Duration;

use tokio::time::Instant;

use super::{Site, get, get_if, head, request};
use crate::{
    semantics::validator_cache::ValidatorKey,
    test_support::{Act, ScriptedBody, pass},
    validator_cache::lease_waiters::LeaseWaiters,
};

/// A reader whose lease ran out, such as a client that reads slowly, is no longer waited for. Its
/// end is not that of the next reader.
#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_reader_whose_lease_ran_out() {
    for ends_early in [false, true] {
        let site = Site::new();
        let layer = site.layer().collapse(Duration::from_secs(60));
        let service = site.serve_async(&layer, |site, parts| async move {
            let mut response = site.respond(&parts);
            if parts.headers.contains_key("x-stream") {
                *response.body_mut() = ScriptedBody::unsized_([Act::data("hello")]);
            } else {
                pass(Duration::from_secs(1)).await;
            }
            response
        });
        let stream = request("GET", "/a", &[("x-stream", "1")]);
        let mut unread = Some(head(&service, stream).await);
        site.clock.advance(Duration::from_secs(10));
        let start = Instant::now();
        let next = get(&service, "/a");
        let follower = async {
            unread.take_if(|_| ends_early);
            get_if(&service, "/a", "\"v1\"").await.as_u16()
        };
        let (_, status) = tokio::join!(next, follower);
        let result = (status, start.elapsed());
        assert_eq!(result, (304, Duration::from_secs(1)), "{ends_early}");
    }
}

/// A reader that has ended takes no memory, and leaves the place of a later one.
#[test]
fn an_ended_reader_leaves_its_place() {
    let (waiters, key) = (LeaseWaiters::default(), ValidatorKey::from([7; 32]));
    drop(waiters.lead(key));
    assert!(waiters.lease_end(key).is_none());
    let first = waiters.lead(key);
    let second = waiters.lead(key);
    drop(first);
    assert!(waiters.lease_end(key).is_some());
    drop(second);
    assert!(waiters.lease_end(key).is_none());
}
