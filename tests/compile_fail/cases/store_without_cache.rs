//! A store given in place of a cache, which has the names of its keys.

use tower_conditional::{ValidatorCacheLayer, store::MemoryValidatorStore};

fn main() {
    let _ = ValidatorCacheLayer::new(MemoryValidatorStore::new());
}
