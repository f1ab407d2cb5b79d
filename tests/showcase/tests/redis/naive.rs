//! The cache that is deleted after the commit, in the same harness.

use tower_conditional_testing::Engine;

use crate::{
    checker::Rule,
    run::{Budget, Run},
};

/// The longest search for a stale 304. The first runs find one.
const RUNS: u64 = 20;

/// P-VC-intent: the checker finds a stale 304 of cache-aside, without any fault.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cache_aside_has_stale_304s() {
    for seed in 1..=RUNS {
        let run = Run {
            seed,
            budget: Budget::Decisions(60),
            options: &["--naive"],
            engine: Engine::Redis,
            is_on_postgres: false,
            disturbances: &[],
            is_lossy: false,
        };
        let finished = run.start().await;
        if let Err(violation) = finished.history.recorded().check_pages() {
            println!("run {seed}: {violation:?}");
            let rules = [Rule::StaleNotModified, Rule::NotLinearizable];
            assert!(rules.contains(&violation.rule), "{violation:?}");
            return;
        }
    }
    panic!("no stale 304 in {RUNS} runs");
}
