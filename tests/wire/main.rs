//! The layers on real connections, with HTTP/1.1 and HTTP/2.
//!
//! Every test names the requirements that it checks, by their ids in `docs/requirements.md`.

#[cfg(feature = "tokio")]
mod answered_unread;
mod audited;
mod broken_body;
mod codings;
#[cfg(feature = "tokio")]
mod curl_retries;
#[cfg(feature = "tokio")]
mod current_in_412;
mod digests;
#[cfg(feature = "tokio")]
mod digests_keyed;
#[cfg(feature = "tokio")]
mod disconnected;
#[cfg(feature = "tokio")]
mod failing_source;
mod grpc;
mod head;
mod hostile_headers;
#[cfg(feature = "tokio")]
mod keyed_framing;
#[cfg(feature = "tokio")]
mod keyed_streams;
mod large_body;
mod live;
mod lost_updates;
mod not_modified;
#[cfg(feature = "axum")]
mod observed;
mod one_connection;
mod precondition_failed;
mod ranges;
mod read_your_writes;
#[cfg(feature = "tokio")]
mod refused_content;
mod refused_upload;
mod repeated_lines;
mod repr_digests;
#[cfg(feature = "tokio")]
mod retries;
mod same_tag;
#[cfg(feature = "tokio")]
mod slow_content;
mod sourced_reads;
mod support;
mod trailers;
#[cfg(feature = "json")]
mod two_orders;
#[cfg(feature = "tokio")]
mod validator_cache;
mod websocket;
mod wrong_length;
