//! Keys of retries, and the life of a key.

mod encoded;
mod fingerprint;
mod key;
mod record;
mod response;
