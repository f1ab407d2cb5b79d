//! The address of a server given as a store of validators.

use tower_conditional::validator_cache::ValidatorCache;

fn main() {
    let _ = ValidatorCache::new("redis://localhost");
}
