//! Runs with faults.

use std::time::Duration;

use crate::{
    disturbance::Disturbance,
    run::{Budget, Run},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quiet() {
    let run = Run {
        seed: 1,
        budget: Budget::Decisions(200),
        options: &[],
        disturbances: &[],
        is_lossy: false,
    };
    let mut finished = run.start().await;
    finished.print();
    finished.settle().await;
    assert_eq!(finished.check(0), Ok(()));
    finished.print();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disturbed() {
    let run = Run {
        seed: 1,
        budget: Budget::Decisions(200),
        options: &[],
        disturbances: &Disturbance::LOSSLESS,
        is_lossy: true,
    };
    let mut finished = run.start().await;
    finished.print();
    finished.settle().await;
    assert_eq!(finished.check(0), Ok(()));
    finished.print();
    let _ = Duration::ZERO;
}
