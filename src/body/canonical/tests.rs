use std::{future::poll_fn, pin::pin, task::Poll, thread::available_parallelism};

use bytes::Bytes;
use tokio::{runtime::Builder, task::spawn_blocking};

use super::{CanonicalJob, MAX_IN_PLACE, PLACES};

/// Many clients with long content start no more threads than there are cores.
#[test]
fn a_long_form_waits_for_a_place() {
    let runtime = Builder::new_current_thread()
        .max_blocking_threads(1)
        .build();
    runtime.unwrap().block_on(async {
        let cores = available_parallelism().map_or(1, usize::from);
        let all = PLACES.acquire_many(u32::try_from(cores).unwrap());
        let all = all.await.unwrap();
        let text = format!("[{}]", "1,".repeat(MAX_IN_PLACE) + "1");
        let mut job = pin!(CanonicalJob::new(Bytes::from(text), None));
        for _ in 0..2 {
            let is_pending = poll_fn(|cx| Poll::Ready(job.as_mut().poll(cx).is_pending()));
            assert!(is_pending.await);
            // The only thread has done all work that was begun before.
            spawn_blocking(|| {}).await.unwrap();
        }
        drop(all);
        assert!(job.await.is_ok());
    });
}
