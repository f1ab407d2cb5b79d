//! The layers among other layers: the place of each, and the result of each order.
//!
//! Every test names the requirements that it checks, by their ids in `docs/requirements.md`.

#[cfg(all(feature = "axum", feature = "tokio"))]
mod abandoned_parts;
#[cfg(all(feature = "axum", feature = "tokio"))]
mod abandoned_writes;
mod audit;
mod audit_faults;
#[cfg(all(feature = "axum", feature = "tokio"))]
mod broken_state;
mod cache_policy;
#[cfg(all(feature = "axum", feature = "json", feature = "tokio"))]
mod canonical_json;
#[cfg(all(feature = "axum", feature = "tokio"))]
mod carried;
mod coding;
mod compression;
mod confirmed;
mod cors;
#[cfg(feature = "tracing")]
#[path = "../../src/test_support/event_text.rs"]
mod event_text;
#[cfg(feature = "tracing")]
mod events;
#[cfg(all(feature = "axum", feature = "tokio"))]
mod idempotency;
#[cfg(feature = "axum")]
mod if_range;
#[cfg(all(feature = "axum", feature = "tokio"))]
mod inner_304;
#[cfg(all(feature = "axum", feature = "tokio"))]
mod mounts;
#[cfg(all(feature = "axum", feature = "tokio"))]
mod nested;
mod one_origin;
#[cfg(all(feature = "axum", feature = "tokio"))]
mod pairs;
mod placement;
mod plain;
mod range_layer;
mod ranges;
mod readiness;
mod recipes;
#[cfg(feature = "tracing")]
#[path = "../../src/test_support/events.rs"]
mod recorded;
#[cfg(all(
    feature = "axum",
    feature = "test-util",
    feature = "tokio",
    feature = "tracing"
))]
mod secrets;
mod serve_dir;
mod set_header;
#[cfg(feature = "tokio")]
mod settings;
#[cfg(feature = "tokio")]
mod stacked_writes;
mod statuses;
mod support;
mod timeout;
mod trace;
#[cfg(all(feature = "axum", feature = "tokio"))]
mod validators;
#[cfg(all(feature = "axum", feature = "tokio"))]
mod weak_forms;
