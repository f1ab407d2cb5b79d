//! Idempotency keys and remembered validators in Redis and Valkey, for
//! [`tower-conditional`](tower_conditional).

mod script;
mod server;
