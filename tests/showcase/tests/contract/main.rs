//! Black-box tests of the whole contract, which start the showcase and connect to it.

mod audit;
mod cache_tags;
mod caching;
mod cli;
mod downloads;
mod feeds;
mod fields;
mod files;
mod lost;
mod openapi;
mod orders;
mod probes;
mod reads;
mod refused_writes;
mod showcase;
#[cfg(unix)]
mod signals;
mod state_ref;
mod streams;
#[path = "../../../../examples/tests/examples/support.rs"]
mod support;
mod validators;
