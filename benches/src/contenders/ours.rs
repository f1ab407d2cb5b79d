//! The library: each layer alone, and both as `stack()`.

use tower::Layer;
use tower_conditional::{
    ConditionalLayer, EtagLayer,
    etag::{Blake3, ContentHasher, Sha256, Xxh3},
    stack,
};

use super::{BARE, Contender};
use crate::{
    case::Case,
    drive::{OneRequest, drive},
    handler::Handler,
    hash::Hash,
};

/// `EtagLayer` alone makes tags and compares none.
pub const fn etag_name(hash: Hash) -> &'static str {
    match hash {
        Hash::Sha256 => "**EtagLayer**, sha256",
        Hash::Xxh3 => "**EtagLayer**, xxh3",
        Hash::Blake3 => "**EtagLayer**, blake3",
    }
}

pub const fn stack_name(hash: Hash) -> &'static str {
    match hash {
        Hash::Sha256 => "**stack()**, sha256",
        Hash::Xxh3 => "**stack()**, xxh3",
        Hash::Blake3 => "**stack()**, blake3",
    }
}

pub const CONDITIONAL: &str = "**ConditionalLayer**";

pub fn hashing() -> Vec<Contender> {
    let contender = |name, hash, open| Contender {
        name,
        bare: BARE,
        hash: Some(hash),
        open,
    };
    vec![
        contender(etag_name(Hash::Sha256), Hash::Sha256, |case| {
            open_etag(case, Sha256::new())
        }),
        contender(etag_name(Hash::Xxh3), Hash::Xxh3, |case| {
            open_etag(case, Xxh3::new())
        }),
        contender(etag_name(Hash::Blake3), Hash::Blake3, |case| {
            open_etag(case, Blake3::new())
        }),
        contender(stack_name(Hash::Sha256), Hash::Sha256, |case| {
            open_stack(case, Sha256::new())
        }),
        contender(stack_name(Hash::Xxh3), Hash::Xxh3, |case| {
            open_stack(case, Xxh3::new())
        }),
        contender(stack_name(Hash::Blake3), Hash::Blake3, |case| {
            open_stack(case, Blake3::new())
        }),
    ]
}

/// Both layers alone and both together, for requests that are none of their business.
pub fn each() -> Vec<Contender> {
    let mut each = hashing();
    each.retain(|contender| contender.hash == Some(Hash::Sha256));
    each.insert(
        1,
        Contender {
            name: CONDITIONAL,
            bare: BARE,
            hash: None,
            open: |case| {
                Some(drive(
                    ConditionalLayer::new().layer(Handler::new(case)),
                    case,
                ))
            },
        },
    );
    each
}

/// How many layers of the library a contender of this file has.
pub fn layers(contender: &Contender) -> f64 {
    if contender.name == stack_name(Hash::Sha256) {
        2.0
    } else {
        1.0
    }
}

fn etag_layer<H: ContentHasher>(case: &Case, hasher: H) -> EtagLayer<H> {
    EtagLayer::new().hasher(hasher).limit(case.limit() as u64)
}

fn open_etag<H: ContentHasher>(case: &Case, hasher: H) -> Option<OneRequest> {
    let layered = etag_layer(case, hasher).layer(Handler::new(case));
    (!case.revalidates).then(|| drive(layered, case))
}

fn open_stack<H: ContentHasher>(case: &Case, hasher: H) -> Option<OneRequest> {
    let layered = stack()
        .etag(etag_layer(case, hasher))
        .layer(Handler::new(case));
    Some(drive(layered, case))
}
