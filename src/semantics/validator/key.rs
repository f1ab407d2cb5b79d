//! Secrets for tags that do not reveal what they are made from.

use std::{error::Error, fmt};

use hmac::{Hmac, KeyInit};
use sha2::Sha256;

/// Creates the key of HMAC-SHA-256 (RFC 2104) from a secret.
pub(crate) fn hmac_key(secret: &[u8]) -> Result<Hmac<Sha256>, WeakSecret> {
    if secret.len() < WeakSecret::MIN_BYTES {
        return Err(WeakSecret(secret.len()));
    }
    Ok(Hmac::new_from_slice(secret).expect("HMAC takes a key of any length"))
}

/// An error returned for a secret of fewer than 16 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeakSecret(usize);

impl WeakSecret {
    const MIN_BYTES: usize = 16;
}

impl fmt::Display for WeakSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (min, length) = (Self::MIN_BYTES, self.0);
        write!(
            f,
            "a secret of {length} bytes can be guessed: it needs at least {min} bytes"
        )
    }
}

impl Error for WeakSecret {}
