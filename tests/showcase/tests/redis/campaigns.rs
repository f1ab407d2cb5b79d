//! Readers, writers and orders during faults. One seed chooses all of them.
//!
//! A campaign of CI has a fixed number of decisions. A long one takes a minute for each test, or as
//! many seconds as the variable says, and any seed:
//!
//! ```text
//! REDIS_CAMPAIGN_SECONDS=60 REDIS_CAMPAIGN_SEED=7 \
//!     cargo test -p tower-conditional-showcase --test redis campaigns -- --nocapture
//! ```

use std::{env, time::Duration};

use tower_conditional_testing::Engine;

use crate::{
    disturbance::Disturbance,
    run::{Budget, Run},
};

const SECONDS: &str = "REDIS_CAMPAIGN_SECONDS";
const SEED: &str = "REDIS_CAMPAIGN_SEED";

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(text.parse().expect("a number"))
}

fn campaign(decisions: u64) -> Run {
    let seconds = number(SECONDS).map(Duration::from_secs);
    Run {
        seed: number(SEED).unwrap_or(1),
        budget: seconds.map_or(Budget::Decisions(decisions), Budget::Time),
        options: &[],
        engine: Engine::Redis,
        disturbances: &[],
        is_lossy: false,
    }
}

/// P-ID-lease, P-ID-fencing, P-VC-intent: no key has two orders, no 304 is stale, and each key and
/// page goes on within its documented time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_repeat_no_order_and_make_no_304_stale() {
    let run = Run {
        disturbances: &Disturbance::LOSSLESS,
        is_lossy: true,
        ..campaign(180)
    };
    let mut finished = run.start().await;
    finished.settle().await;
    assert_eq!(finished.check(0), Ok(()));
    let counts = finished.print();
    assert!(counts.not_modified > 0 && counts.written > 0, "{counts:?}");
    assert!(counts.placed > 0 && counts.replayed > 0, "{counts:?}");
    assert!(counts.unknown > 0, "no fault was seen: {counts:?}");
}

/// A server that has lost its data may run a key once more after each loss. Even then no 304 is
/// stale.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_lost_its_data_makes_no_304_stale() {
    let run = Run {
        engine: Engine::tested().pop().expect("an engine"),
        disturbances: &[Disturbance::LoseRedis, Disturbance::FlushAll],
        ..campaign(100)
    };
    let mut finished = run.start().await;
    finished.settle().await;
    let losses = finished.log.disturbances.len();
    assert!(losses > 1, "{losses}");
    assert_eq!(finished.check(losses), Ok(()));
    finished.print();
}

/// Without faults, each order has an outcome, and the cache answers reads.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_without_faults_is_linearizable() {
    let mut finished = campaign(100).start().await;
    let reads = finished.page_reads().await;
    let counts = finished.print();
    println!("the handler has read {reads} times");
    finished.settle().await;
    assert_eq!(finished.check(0), Ok(()));
    assert_eq!(counts.outcome_unknown, 0);
    assert!(reads < (counts.full + counts.not_modified) as u64);
}

/// The clients decide the same in each run of a seed, and the faults come in the same order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_seed_has_one_log() {
    let run = |seed| Run {
        seed,
        budget: Budget::Decisions(40),
        disturbances: &[Disturbance::FlushScripts, Disturbance::KillReplica(0)],
        is_lossy: true,
        ..campaign(0)
    };
    let first = run(7).start().await.log;
    assert!(first.disturbances.len() > 1, "{:?}", first.disturbances);
    assert_eq!(run(7).start().await.log, first);
    assert_ne!(run(8).start().await.log, first);
}
