//! Idempotency keys and remembered validators in Redis and Valkey, for
//! [`tower-conditional`](tower_conditional).

mod check;
mod error;
mod script;
mod server;
mod validators;

pub use check::Risk;
pub use error::{Error, ErrorKind};
pub use validators::{RedisValidatorStore, RedisValidatorStoreBuilder};
