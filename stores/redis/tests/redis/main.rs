//! The stores against real servers: Redis, and Valkey if it is installed.

mod closed_connection;
mod keys;
mod keys_check;
mod keys_cluster;
mod keys_faults;
mod keys_format;
mod keys_memory;
mod keys_random;
mod keys_scripts;
mod late_claim;
mod reconnecting;
mod record;
#[path = "../../../../tests/support/seeded.rs"]
mod seeded;
mod support;
mod validators;
