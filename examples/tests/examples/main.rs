//! Black-box tests: they start the built examples and talk to them over sockets.
//!
//! Everything is about `notes`, except `plain_hyper`.

mod cli;
mod fields;
mod files;
mod plain_hyper;
mod reads;
#[cfg(unix)]
mod signals;
mod streams;
mod support;
mod writes;
