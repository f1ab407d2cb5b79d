//! Black-box tests: they start the built examples and talk to them over sockets.
//!
//! Everything is about `notes`, except `optimistic_locking` and `plain_hyper`. The tests of
//! `tests/showcase` hold the same handlers and layers to the whole contract.

mod conditional_writes;
mod databases;
mod example;
mod notes;
mod optimistic_locking;
mod plain_hyper;
mod program;
mod races;
mod real_clients;
mod refused_clients;
mod support;
mod writes;
