//! The stores against real servers: Redis, and Valkey if it is installed.

#[path = "../../../../tests/support/seeded.rs"]
mod seeded;
mod validators;
