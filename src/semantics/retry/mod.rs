//! Keys of retries: their syntax, what they are bound to, and their life
//! (draft-ietf-httpapi-idempotency-key-header).
//!
//! Stores keep a [`KeyRecord`] for each key and decide by its methods. Nothing here waits,
//! reads a clock or knows a store.

mod claim;
mod commit;
mod encoded;
mod fingerprint;
mod key;
mod owner;
mod record;
mod repeatable;
pub(crate) mod replay;
mod response;
mod scope;
#[cfg(test)]
mod tests;

pub use claim::{Admission, Claim, Retention, Update};
pub use commit::{Commit, SealReason};
pub use fingerprint::Fingerprint;
pub(crate) use fingerprint::FingerprintHasher;
#[cfg(feature = "json")]
pub(crate) use fingerprint::HashedContent;
pub use key::{IdempotencyKey, InvalidIdempotencyKey};
pub use owner::Owner;
pub use record::{KeyRecord, KeyState, Resolution};
pub(crate) use repeatable::{is_repeatable_request, is_repeatable_response};
pub use response::{CorruptRecord, RecordedResponse};
pub use scope::{InvalidRecordId, KeyScope, RecordId};
