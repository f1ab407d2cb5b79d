//! Random writers on random stacks: no update is lost, and no write is refused wrongly.
//!
//! Each stack is drawn from a seed: tags, precondition layer, the layers around it, and the
//! way to make check and write one step. The writers run in turns, which change at each wait. A
//! model decides for every response if some order of the writes makes it correct. A failure prints
//! its seed. The campaign of 4,500 stacks and 170,000 conditional writes:
//!
//! ```sh
//! RANDOM_WRITES=4500 cargo test --all-features --test random_writes -- --nocapture
//! ```

#[path = "../support/boxed.rs"]
mod boxed;
mod model;
mod plan;
#[path = "../support/seeded.rs"]
mod seeded;
mod service;
mod store;
mod world;
mod writer;

use std::panic;

use plan::Plan;
use seeded::Draw;
use store::Store;
use tokio::task::JoinSet;
use world::{Counts, World};
use writer::Writer;

/// The number of stacks without `RANDOM_WRITES`.
const IN_CI: u64 = 300;
const WRITES: u64 = 12;

/// Issue 11, R-9110-13.1-a, R-9110-13.1.1-b, R-9110-13.1.2-g, R-9110-13.2.1-b.
#[tokio::test]
#[expect(clippy::disallowed_macros, reason = "a campaign says what it has done")]
async fn no_update_is_lost_and_none_refused_wrongly() {
    let seeds = seeded::seeds("RANDOM_WRITES", IN_CI);
    let stacks = seeds.end - seeds.start;
    let mut all = Counts::default();
    for seed in seeds {
        all += run(seed).await;
    }
    println!("{stacks} stacks: {all:?}");
    // The generator must reach the cases that matter.
    if stacks >= IN_CI {
        assert!(all.are_all_at_least(stacks / 4), "{all:?}");
    }
}

async fn run(seed: u64) -> Counts {
    let mut draw = Draw::new(seed);
    let plan = Plan::draw(&mut draw);
    let store = Store::default();
    let service = service::service(&plan, &store);
    let writers = plan.writers;
    let world = World::new(plan, store, service);
    let mut running = JoinSet::new();
    for at in 0..writers {
        let writer = Writer {
            world: world.clone(),
            draw: Draw::new(seed ^ ((at + 1) << 32)),
            seed,
        };
        running.spawn(writer.run(1 + at * 1_000, WRITES));
    }
    while let Some(ended) = running.join_next().await {
        if let Err(failed) = ended {
            panic::resume_unwind(failed.into_panic());
        }
    }
    let counts = world.counts.lock().expect("nobody panicked");
    *counts
}
