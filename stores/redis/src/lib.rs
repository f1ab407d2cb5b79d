//! Idempotency keys and remembered validators in Redis and Valkey, for
//! [`tower-conditional`](tower_conditional).

mod check;
mod error;
mod idempotency;
mod script;
mod server;
mod validators;

pub use check::Risk;
pub use error::{Error, ErrorKind};
pub use idempotency::{RedisIdempotencyStore, RedisIdempotencyStoreBuilder};
pub use validators::{RedisValidatorStore, RedisValidatorStoreBuilder};
