//! A refusal rendered as text, without a media type.

use tower_conditional::{ConditionalLayer, refusal::Refusal};

fn main() {
    let _ = ConditionalLayer::new().refusals(|_: &Refusal<'_>| "no");
}
