//! The layers among other layers: where each belongs, what each order gives.
//!
//! Every test names the rows of the requirements that it holds.

mod audit;
mod cache_policy;
mod coding;
mod compression;
mod confirmed;
mod cors;
#[cfg(feature = "tracing")]
mod events;
#[cfg(all(feature = "axum", feature = "tokio"))]
mod nested;
mod one_origin;
mod placement;
mod plain;
mod ranges;
mod readiness;
mod recipes;
mod serve_dir;
mod set_header;
#[cfg(feature = "tokio")]
mod stacked_writes;
mod statuses;
mod support;
mod timeout;
mod trace;
