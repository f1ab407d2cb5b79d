//! The hashes by themselves, as lower bounds and for the hand-written contenders.

use bytes::Bytes;
use sha2::{Digest, Sha256};
use twox_hash::XxHash3_128;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hash {
    Sha256,
    Xxh3,
    Blake3,
}

impl Hash {
    pub const ALL: [Self; 3] = [Self::Sha256, Self::Xxh3, Self::Blake3];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Xxh3 => "xxh3",
            Self::Blake3 => "blake3",
        }
    }

    /// Returns the first 128 bits of the digest.
    pub fn digest(self, frames: &[Bytes]) -> [u8; 16] {
        match self {
            Self::Sha256 => {
                let mut hasher = Sha256::new();
                frames.iter().for_each(|frame| hasher.update(frame));
                first_half(&hasher.finalize().into())
            }
            // The one-shot form is faster for content in one piece.
            Self::Xxh3 => match frames {
                [whole] => XxHash3_128::oneshot(whole),
                frames => {
                    let mut hasher = XxHash3_128::new();
                    frames.iter().for_each(|frame| hasher.write(frame));
                    hasher.finish_128()
                }
            }
            .to_be_bytes(),
            Self::Blake3 => {
                let mut hasher = blake3::Hasher::new();
                frames.iter().for_each(|frame| {
                    hasher.update(frame);
                });
                first_half(hasher.finalize().as_bytes())
            }
        }
    }
}

fn first_half(digest: &[u8; 32]) -> [u8; 16] {
    *digest.first_chunk().expect("32 bytes have a first half")
}
