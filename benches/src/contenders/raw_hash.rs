//! The hash of the content alone.

use std::hint::black_box;

use super::Contender;
use crate::{
    drive::{OneRequest, Reply},
    hash::Hash,
};

pub const fn name(hash: Hash) -> &'static str {
    match hash {
        Hash::Sha256 => "raw sha256",
        Hash::Xxh3 => "raw xxh3",
        Hash::Blake3 => "raw blake3",
    }
}

pub fn contender(hash: Hash) -> Contender {
    Contender {
        name: name(hash),
        bare: name(hash),
        hash: Some(hash),
        open: match hash {
            Hash::Sha256 => |case| open(Hash::Sha256, case),
            Hash::Xxh3 => |case| open(Hash::Xxh3, case),
            Hash::Blake3 => |case| open(Hash::Blake3, case),
        },
    }
}

fn open(hash: Hash, case: &crate::case::Case) -> Option<OneRequest> {
    let frames = case.cut();
    let length = case.content.len();
    (!case.is_conditional()).then(|| -> OneRequest {
        Box::new(move || {
            black_box(hash.digest(black_box(&frames)));
            Reply {
                status: 200,
                length,
            }
        })
    })
}
