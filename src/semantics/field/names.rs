//! Names of headers that `http` has no constant for, and that several modules use.

use http::HeaderName;

/// The header that names a key.
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The default header of a replay.
pub(crate) const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// The preferences of a client (RFC 7240, section 2).
pub(crate) const PREFER: HeaderName = HeaderName::from_static("prefer");
/// The preferences that were honored (RFC 7240, section 3).
pub(crate) const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
