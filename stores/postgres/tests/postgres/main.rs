//! What the crate promises, on a real server that all tests share.

mod absence;
mod altered;
mod events;
mod guard;
mod schema;
mod sources;
mod support;
mod unsound;
mod waits;
