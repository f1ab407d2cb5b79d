use std::sync::Arc;

use bytes::Bytes;

use crate::BoxError;

/// Encrypts recorded responses before they reach the store.
///
/// A recorded response may hold secrets, and it is at rest for the whole retention.
///
/// Implementations should use an authenticated cipher with `id` as associated data, so that no
/// record can be put in the place of another.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not encrypt recorded responses",
    label = "no `seal` and `open`",
    note = "implement `Protect` for a type that holds the key of an authenticated cipher"
)]
pub trait Protect: Send + Sync + 'static {
    /// Returns the encrypted response of the record `id`.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot encrypt. The error seals the key: the response goes out, and
    /// cannot be repeated.
    fn seal(&self, id: &[u8; 32], response: Bytes) -> Result<Bytes, BoxError>;

    /// Returns the response that [`seal`](Self::seal) encrypted.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot decrypt. The answer is then a 503: the handler does not run.
    fn open(&self, id: &[u8; 32], sealed: Bytes) -> Result<Bytes, BoxError>;
}

impl<P: Protect + ?Sized> Protect for Arc<P> {
    fn seal(&self, id: &[u8; 32], response: Bytes) -> Result<Bytes, BoxError> {
        P::seal(self, id, response)
    }

    fn open(&self, id: &[u8; 32], sealed: Bytes) -> Result<Bytes, BoxError> {
        P::open(self, id, sealed)
    }
}
