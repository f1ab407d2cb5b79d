//! The layers on real connections, with HTTP/1.1 and HTTP/2.
//!
//! Every test names the requirements that it checks, by their ids in `docs/requirements.md`.

mod audited;
mod broken_body;
mod codings;
#[cfg(feature = "tokio")]
mod departed;
#[cfg(feature = "tokio")]
mod dripping;
#[cfg(feature = "tokio")]
mod failing_source;
mod grpc;
mod head;
mod hostile;
mod large_body;
mod live;
mod lost_updates;
mod lying_body;
mod not_modified;
mod one_connection;
mod precondition_failed;
mod read_your_writes;
#[cfg(feature = "tokio")]
mod refused_content;
mod refused_upload;
mod repeated_lines;
mod same_tag;
mod sourced_reads;
#[cfg(feature = "tokio")]
mod superseded;
mod support;
mod trailers;
mod websocket;
