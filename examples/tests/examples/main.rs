//! Black-box tests, which start the built examples and connect to them.
//!
//! All tests are about `notes`, except `openapi`, `optimistic_locking`, `payments`, `plain_hyper`, `ranges` and
//! `validator_cache`. The tests of `tests/showcase` cover the same handlers and layers completely.

mod conditional_writes;
mod databases;
mod example;
mod merge;
mod metrics;
mod notes;
mod openapi;
mod optimistic_locking;
mod page;
mod payments;
mod plain_hyper;
mod program;
mod races;
mod ranges;
mod real_clients;
mod refused_clients;
mod support;
mod validator_cache;
mod writes;
