//! Encryption of recorded responses with XChaCha20-Poly1305.

use std::collections::HashMap;

use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, Generate, KeyInit, Payload},
};
use hyper::body::Bytes;
use tower_conditional::{BoxError, idempotency::Protect};

/// The bytes of a key's number, and of a nonce.
const NUMBER: usize = 4;
const NONCE: usize = 24;

/// Keys of 256 bits by their numbers. The newest one encrypts, and each of them decrypts.
///
/// To change the key, add one with a higher number on all replicas, and then use it. Remove the old
/// one after the retention of the records.
///
/// | Bytes of a sealed response | Content |
/// |---|---|
/// | 4 | the number of the key |
/// | 24 | the nonce, which is random: at this length none comes twice |
/// | the rest | the encrypted response, and 16 bytes that authenticate it |
pub(crate) struct Keyring {
    newest: u32,
    ciphers: HashMap<u32, XChaCha20Poly1305>,
}

impl Keyring {
    pub(crate) fn new(number: u32, key: &[u8; 32]) -> Self {
        let ciphers = HashMap::new();
        Self {
            newest: number,
            ciphers,
        }
        .with_key(number, key)
    }

    pub(crate) fn with_key(mut self, number: u32, key: &[u8; 32]) -> Self {
        self.newest = self.newest.max(number);
        self.ciphers
            .insert(number, XChaCha20Poly1305::new(key.into()));
        self
    }

    fn cipher(&self, number: u32) -> Result<&XChaCha20Poly1305, BoxError> {
        let cipher = self.ciphers.get(&number);
        cipher.ok_or_else(|| format!("the key {number} of a record is not in the keyring").into())
    }
}

impl Protect for Keyring {
    fn seal(&self, id: &[u8; 32], response: Bytes) -> Result<Bytes, BoxError> {
        let nonce = XNonce::try_generate()?;
        let payload = Payload {
            msg: &response,
            // Bound to its record, so that none can be put in the place of another.
            aad: id,
        };
        let encrypted = self.cipher(self.newest)?.encrypt(&nonce, payload)?;
        Ok([&self.newest.to_be_bytes()[..], &nonce, &encrypted]
            .concat()
            .into())
    }

    fn open(&self, id: &[u8; 32], sealed: Bytes) -> Result<Bytes, BoxError> {
        let cut = || BoxError::from("a sealed response is cut");
        let (number, rest) = sealed.split_first_chunk::<NUMBER>().ok_or_else(cut)?;
        let (nonce, encrypted) = rest.split_first_chunk::<NONCE>().ok_or_else(cut)?;
        let payload = Payload {
            msg: encrypted,
            aad: id,
        };
        let cipher = self.cipher(u32::from_be_bytes(*number))?;
        Ok(cipher.decrypt(nonce.into(), payload)?.into())
    }
}
