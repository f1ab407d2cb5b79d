//! A function given as a clock.

use std::time::SystemTime;

use tower_conditional::ConditionalLayer;

fn main() {
    let _ = ConditionalLayer::new().clock(SystemTime::now);
}
