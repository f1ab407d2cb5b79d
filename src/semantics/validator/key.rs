//! Secrets that make tags tell nothing.

use std::{error::Error, fmt};

use hmac::{Hmac, KeyInit};
use sha2::Sha256;

/// The key of HMAC-SHA-256 (RFC 2104) that a secret is.
pub(crate) fn key(secret: &[u8]) -> Result<Hmac<Sha256>, WeakSecret> {
    if secret.len() < WeakSecret::LEAST {
        return Err(WeakSecret(secret.len()));
    }
    Ok(Hmac::new_from_slice(secret).expect("HMAC takes a key of any length"))
}

/// A secret of fewer than 16 bytes.
#[derive(Debug, Clone, Copy)]
pub struct WeakSecret(usize);

impl WeakSecret {
    const LEAST: usize = 16;
}

impl fmt::Display for WeakSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (least, length) = (Self::LEAST, self.0);
        write!(
            f,
            "a secret has at least {least} bytes, not {length}, or it can be guessed"
        )
    }
}

impl Error for WeakSecret {}
