//! Black-box tests: they start the built examples and talk to them over sockets.
//!
//! Everything is about `notes`, except `optimistic_locking` and `plain_hyper`.

mod audit;
mod cache_tags;
mod caching;
mod cli;
mod conditional_writes;
mod databases;
mod fields;
mod files;
mod optimistic_locking;
mod plain_hyper;
mod races;
mod reads;
mod real_clients;
mod refused_clients;
mod refused_writes;
#[cfg(unix)]
mod signals;
mod state_ref;
mod streams;
mod support;
mod writes;
