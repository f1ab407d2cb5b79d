//! The guarantees of the crate, on a real server that all tests share.

mod absence;
mod altered;
mod campaign;
mod changes;
mod changes_lost;
mod events;
mod guard;
mod idempotency;
mod idempotency_attacks;
mod install;
mod outages;
mod outbox;
mod outcomes;
mod queries;
mod races;
mod rewritten;
mod roles;
mod schema;
mod sources;
mod spellings;
mod statements;
mod support;
mod triggers;
mod unsound;
mod waits;
