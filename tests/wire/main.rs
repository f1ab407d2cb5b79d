//! What the layers do to real connections, HTTP/1.1 and HTTP/2.
//!
//! Every test names the rows of the requirements that it holds.

mod broken_body;
mod grpc;
mod head;
mod hostile;
mod large_body;
mod live;
mod not_modified;
mod one_connection;
mod precondition_failed;
mod repeated_lines;
mod same_tag;
mod support;
mod trailers;
mod websocket;
