//! The address of a database given as a store of idempotency keys.

use tower_conditional::IdempotencyLayer;

fn main() {
    let _ = IdempotencyLayer::for_anyone("postgres://localhost/orders");
}
