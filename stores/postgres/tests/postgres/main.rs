//! The guarantees of the crate, on a real server that all tests share.

mod absence;
mod altered;
mod campaign;
mod changes;
mod changes_lost;
mod ended;
mod events;
mod guard;
mod idempotency;
mod idempotency_attacks;
mod install;
mod keys_table;
mod migrations;
mod outages;
mod outbox;
mod outcomes;
mod plain_model;
mod queries;
mod races;
mod random_faults;
mod random_steps;
mod restored;
mod rewritten;
mod roles;
mod schema;
#[path = "../../../../tests/support/seeded.rs"]
mod seeded;
mod server_faults;
mod server_limits;
mod sources;
mod spellings;
mod statements;
mod support;
mod triggers;
mod unsound;
mod waits;
