//! Operations that run at the same time.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use redis::aio::ConnectionManager;
use tokio::task::JoinSet;

use crate::steps::{Step, Stores};

/// The operations that wait at the same time.
pub const CONCURRENCY: usize = 50;

/// Begins new keys, for steps that complete them.
pub async fn begin(stores: &Arc<Stores<ConnectionManager>>, numbers: Range<u64>) {
    let stores = Arc::clone(stores);
    let run = move |number| {
        let stores = Arc::clone(&stores);
        async move { stores.run(Step::Begin, number).await }
    };
    repeat(CONCURRENCY, numbers, run).await;
}

/// Runs an operation for each number, so many at a time.
pub async fn repeat<F: Future<Output = ()> + Send>(
    concurrency: usize,
    numbers: Range<u64>,
    run: impl Fn(u64) -> F + Clone + Send + 'static,
) {
    if concurrency == 1 {
        for number in numbers {
            run(number).await;
        }
        return;
    }
    let next = Arc::new(AtomicU64::new(numbers.start));
    let mut tasks = JoinSet::new();
    for _ in 0..concurrency {
        let (next, run, end) = (Arc::clone(&next), run.clone(), numbers.end);
        tasks.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= end {
                    return;
                }
                run(number).await;
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.expect("an operation");
    }
}
