//! A layer of idempotency keys that belong to nobody.

use tower_conditional::{IdempotencyLayer, store::MemoryIdempotencyStore};

fn main() {
    let _ = IdempotencyLayer::new(MemoryIdempotencyStore::new());
}
