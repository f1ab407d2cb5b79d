//! The validator cache over a store that loses, repeats, delays and reorders its steps.
//!
//! Clients read and write in random turns, handlers fail, and clients disconnect. Each write makes
//! the next version. A 304 is stale if a write had replaced its version before its request started.
//! Unacknowledged writes count too. A failure prints its seed. The campaign of 10,000,000 requests:
//!
//! ```sh
//! CACHE_FAULTS=1000 cargo test --release -p tower-conditional-models --test cache_faults -- --nocapture
//! ```

mod naive;
mod schedules;
#[path = "../../support/seeded.rs"]
mod seeded;
mod site;
mod slow_store;
mod world;

use naive::CacheAside;
use slow_store::SlowStore;
use tower_conditional::store::{MemoryValidatorStore, validators::ValidatorStore};
use world::{Counts, World};

/// The number of worlds without `CACHE_FAULTS`.
const IN_CI: u64 = 20;
/// The requests in one world.
const REQUESTS: u64 = 10_000;
/// The rate of each fault, in thousandths.
const FAULTS: u64 = 8;

fn run(seed: u64, store: impl ValidatorStore, faults: u64) -> Counts {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let store = SlowStore::new(store, seed, faults);
        World::new(store).run(seed, REQUESTS).await
    })
}

/// R-9111-4.4-a, R-9111-4.4-b, R-9111-4.4-e: no 304 is stale, whatever the store does to its steps.
#[test]
#[expect(clippy::disallowed_macros, reason = "a campaign says what it has done")]
fn no_304_is_stale() {
    let seeds = seeded::seeds("CACHE_FAULTS", IN_CI);
    let worlds = seeds.end - seeds.start;
    let mut all = Counts::default();
    for seed in seeds {
        let counts = run(seed, MemoryValidatorStore::new().max_bytes(1 << 20), FAULTS);
        assert_eq!(
            counts.stale, 0,
            "CACHE_FAULTS=1 CACHE_FAULTS_SEED={seed}: {counts:?}"
        );
        all += counts;
    }
    println!("{worlds} worlds: {all:?}");
    // The cache must have been used, and so must each fault.
    assert!(all.hits > worlds * REQUESTS / 20, "{all:?}");
    assert!(all.are_all_at_least(worlds * 10), "{all:?}");
}

/// The control: a store that fills blindly, and forgets only after a commit, has stale 304s. So
/// the worlds can show them, with faults and without.
#[test]
fn cache_aside_is_stale() {
    for faults in [0, FAULTS] {
        let worlds = 1..=4;
        let stale: u64 = worlds
            .map(|seed| run(seed, CacheAside::default(), faults).stale)
            .sum();
        assert!(stale > 1_000, "{faults}: {stale}");
    }
}
