//! Readers, writers and orders during faults. One seed chooses all of them.
//!
//! In CI a campaign has a fixed number of decisions. The variables make it longer: a time for each
//! seed, a number of seeds, and the first of them.
//!
//! ```text
//! REDIS_CAMPAIGN_SECONDS=60 REDIS_CAMPAIGN=3 REDIS_CAMPAIGN_SEED=7 \
//!     cargo test -p tower-conditional-showcase --test redis campaigns -- --nocapture
//! ```

use std::{env, time::Duration};

use tower_conditional_testing::Engine;

use crate::{
    disturbance::Disturbance,
    run::{Budget, Run},
    seeded::seeds,
};

const NAME: &str = "REDIS_CAMPAIGN";
const SECONDS: &str = "REDIS_CAMPAIGN_SECONDS";

fn campaign(seed: u64, decisions: u64) -> Run {
    let time = env::var(SECONDS).map(|seconds| {
        let seconds = seconds.parse().expect("a number of seconds");
        Budget::Time(Duration::from_secs(seconds))
    });
    Run {
        seed,
        budget: time.unwrap_or(Budget::Decisions(decisions)),
        options: &[],
        engine: Engine::Redis,
        is_on_postgres: false,
        disturbances: &[],
        is_lossy: false,
    }
}

/// P-ID-lease, P-ID-fencing, P-VC-intent: no key has two orders, no 304 is stale, and each key and
/// page goes on within its documented time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_repeat_no_order_and_make_no_304_stale() {
    for seed in seeds(NAME, 1) {
        let run = Run {
            disturbances: &Disturbance::LOSSLESS,
            is_lossy: true,
            ..campaign(seed, 180)
        };
        let mut finished = run.start().await;
        finished.settle().await;
        let counts = finished.print();
        assert_eq!(finished.check(0), Ok(()));
        assert!(counts.not_modified > 0 && counts.written > 0, "{counts:?}");
        assert!(counts.placed > 0 && counts.replayed > 0, "{counts:?}");
        assert!(counts.unknown > 0, "no fault was seen: {counts:?}");
    }
}

/// A server that has lost its data may run a key once more after each loss. Even then no 304 is
/// stale.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_lost_its_data_makes_no_304_stale() {
    let engine = Engine::tested().pop().expect("an engine");
    for seed in seeds(NAME, 1) {
        let run = Run {
            engine,
            is_on_postgres: true,
            disturbances: &[Disturbance::LoseRedis, Disturbance::FlushAll],
            ..campaign(seed, 80)
        };
        let mut finished = run.start().await;
        finished.settle().await;
        finished.print();
        let losses = finished.log.disturbances.len();
        assert!(losses > 1, "{losses}");
        assert_eq!(finished.check(losses), Ok(()));
    }
}

/// Without faults, each order has an outcome, and the cache answers reads.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_without_faults_is_linearizable() {
    for seed in seeds(NAME, 1) {
        let mut finished = campaign(seed, 80).start().await;
        let from_handler = finished.page_reads().await;
        let counts = finished.print();
        finished.settle().await;
        assert_eq!(finished.check(0), Ok(()));
        assert_eq!(counts.outcome_unknown, 0);
        let reads = (counts.full + counts.not_modified) as u64;
        println!("{from_handler} of {reads} reads ran the handler");
        // Each write makes some reads slow, and most of the others find the entry.
        assert!(from_handler < reads * 9 / 10, "{from_handler} of {reads}");
    }
}

/// The clients send the same requests in each run of a seed, though kills and lost messages change
/// the answers. The disturbances come at the same operations.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_seed_sends_the_same_requests_again() {
    const DECISIONS: u64 = 40;
    let run = async |seed| {
        let run = Run {
            budget: Budget::Decisions(DECISIONS),
            disturbances: &[Disturbance::FlushScripts, Disturbance::KillReplica(0)],
            is_lossy: true,
            ..campaign(seed, 0)
        };
        run.start().await.log
    };
    let first = run(7).await;
    assert!(first.disturbances.len() > 1, "{:?}", first.disturbances);
    for requests in &first.requests {
        assert!(requests.len() as u64 >= DECISIONS, "{requests:?}");
    }
    assert_eq!(run(7).await, first);
    let other = run(8).await;
    assert_ne!(other.requests, first.requests);
    assert_ne!(other.disturbances, first.disturbances);
}
