//! The metrics of the showcase: their truth, their number, and the alerts that are made of them.
//!
//! The tests need Prometheus and its `promtool`: `apt-get install prometheus`.

mod alerts;
mod counted;
mod dashboard;
mod planted;
mod prometheus;
mod samples;
mod series;
#[path = "../contract/showcase.rs"]
mod showcase;
#[path = "../../../../examples/tests/examples/support.rs"]
mod support;
