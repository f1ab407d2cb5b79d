//! Black-box tests: they start the built examples and talk to them over sockets.
//!
//! Everything is about `notes`, except `optimistic_locking` and `plain_hyper`.

mod cli;
mod fields;
mod files;
mod optimistic_locking;
mod plain_hyper;
mod reads;
#[cfg(unix)]
mod signals;
mod streams;
mod support;
mod writes;
