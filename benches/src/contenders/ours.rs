//! The library: each layer alone, two of them as `stack()`, the layers that ask a source, and
//! remembered tags.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
    time::Duration,
};

use axum::body::Body;
use http::{Request, Response, StatusCode};
use tower::{Layer, Service};
use tower_conditional::{
    CachePolicyLayer, ConditionalLayer, EntityTag, EtagLayer, PreconditionLayer,
    ValidatorCacheLayer, Validators,
    cache_policy::{CacheControl, CachePolicy},
    etag::{Blake3, ContentHasher, Sha256, Xxh3},
    handler::Expected,
    source::{self, ValidatorSource},
    stack,
    store::MemoryValidatorStore,
    validator_cache::ValidatorCache,
};

use super::{BARE, Contender};
use crate::{
    case::{Case, Condition},
    drive::{OneRequest, drive, drive_with},
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
pub const SOURCED: &str = "**ConditionalLayer::source**";
pub const UNCONFIRMED: &str = "**ConditionalLayer::source**, unconfirmed";
pub const REMEMBERED: &str = "**ValidatorCacheLayer**";
pub const PRECONDITION: &str = "**PreconditionLayer**";
pub const CHECK_ONLY: &str = "**PreconditionLayer**, check_only";
pub const POLICY: &str = "**CachePolicyLayer**";
pub const POLICY_WITHOUT_DATE: &str = "**CachePolicyLayer**, no Date";

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

/// Returns each layer alone and both together, for requests that need no work.
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

/// Returns the number of layers of the library in a contender of this file.
pub fn layers(contender: &Contender) -> f64 {
    if contender.name == stack_name(Hash::Sha256) {
        2.0
    } else {
        1.0
    }
}

fn etag_layer<H: ContentHasher>(case: &Case, hasher: H) -> EtagLayer<H> {
    EtagLayer::new().hasher(hasher).max_body_bytes(case.limit())
}

fn open_etag<H: ContentHasher>(case: &Case, hasher: H) -> Option<OneRequest> {
    let layered = etag_layer(case, hasher).layer(Handler::new(case));
    (!case.is_conditional()).then(|| drive(layered, case))
}

fn open_stack<H: ContentHasher>(case: &Case, hasher: H) -> Option<OneRequest> {
    let layered = stack()
        .etag(etag_layer(case, hasher))
        .layer(Handler::new(case));
    Some(drive(layered, case))
}

/// Returns a layer that has remembered nothing yet.
pub fn validator_cache() -> ValidatorCacheLayer<MemoryValidatorStore> {
    ValidatorCacheLayer::new(ValidatorCache::new(MemoryValidatorStore::new()))
}

/// Layers with a source that is ready, and one that remembers tags.
pub fn sourced() -> Vec<Contender> {
    let contender = |name, open| Contender {
        name,
        bare: BARE,
        hash: None,
        open,
    };
    vec![
        contender(SOURCED, |case| {
            let layer = ConditionalLayer::new().source(source(stored()));
            case.reads()
                .then(|| drive(layer.layer(Handler::new(case)), case))
        }),
        contender(UNCONFIRMED, |case| {
            let layer = ConditionalLayer::new().source(source(stored()));
            let layered = layer.without_confirmation().layer(Handler::new(case));
            case.reads().then(|| drive(layered, case))
        }),
        contender(REMEMBERED, |case| {
            let layered = etag_layer(case, Xxh3::new()).layer(Handler::new(case));
            case.reads()
                .then(|| drive(validator_cache().layer(layered), case))
        }),
        contender(CHECK_ONLY, |case| {
            let tag = stored();
            let layer = PreconditionLayer::new(source(tag.clone())).check_only();
            let layered = layer.layer(Handler::new(case));
            (!case.reads()).then(|| drive_with(layered, case, Some(tag.as_header_value())))
        }),
        contender(PRECONDITION, |case| {
            let tag = stored();
            let layer = PreconditionLayer::new(source(tag.clone()));
            let layered = layer.layer(Compares(Handler::new(case)));
            (!case.reads()).then(|| drive_with(layered, case, Some(tag.as_header_value())))
        }),
    ]
}

/// Returns a constant policy, with `Date` and without it.
pub fn policies() -> Vec<Contender> {
    let contender = |name, open| Contender {
        name,
        bare: BARE,
        hash: None,
        open,
    };
    vec![
        contender(POLICY_WITHOUT_DATE, |case| {
            let layered = policy().without_date().layer(Handler::new(case));
            Some(drive(layered, case))
        }),
        contender(POLICY, |case| {
            Some(drive(policy().layer(Handler::new(case)), case))
        }),
    ]
}

fn policy() -> CachePolicyLayer {
    const MINUTE: CacheControl = CacheControl::new()
        .with_max_age(Duration::from_secs(60))
        .checked();
    CachePolicyLayer::new(CachePolicy::new(MINUTE).expect("no contradiction"))
}

/// The goals for a layer that knows the state before the service runs.
pub struct KnownBefore {
    pub name: &'static str,
    pub condition: Condition,
    pub instructions: f64,
    pub allocations: f64,
    /// The time, as a ratio to a call of the bare service.
    pub ratio: f64,
    /// The time, as a ratio to tower-etag-cache.
    pub peer: f64,
}

impl KnownBefore {
    const fn new(
        name: &'static str,
        condition: Condition,
        [instructions, allocations, ratio, peer]: [f64; 4],
    ) -> Self {
        Self {
            name,
            condition,
            instructions,
            allocations,
            ratio,
            peer,
        }
    }

    pub fn concerns(&self, case: &Case) -> bool {
        self.condition == case.condition
    }
}

pub const KNOWN_BEFORE: [KnownBefore; 6] = [
    KnownBefore::new(SOURCED, Condition::Has, [2600.0, 4.0, 1.15, 0.3]),
    KnownBefore::new(SOURCED, Condition::HasOther, [4300.0, 5.0, 1.6, 0.3]),
    KnownBefore::new(REMEMBERED, Condition::Has, [2800.0, 4.0, 1.2, 0.25]),
    KnownBefore::new(PRECONDITION, Condition::Expects, [4700.0, 9.0, 2.2, 0.3]),
    KnownBefore::new(CHECK_ONLY, Condition::Expects, [3300.0, 5.0, 1.5, 0.3]),
    KnownBefore::new(
        PRECONDITION,
        Condition::ExpectsOther,
        [4800.0, 5.0, 1.9, 0.3],
    ),
];

fn stored() -> EntityTag {
    EntityTag::strong("a-tag-of-the-source-01").expect("a tag")
}

fn source(tag: EntityTag) -> impl ValidatorSource {
    source::now(move |_| Validators::new().with_etag(tag.clone()))
}

/// A handler that compares while it writes, as a layer for writes expects.
#[derive(Clone)]
struct Compares(Handler);

impl Service<Request<Body>> for Compares {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request<Body>>::poll_ready(&mut self.0, context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match Expected::of(&request).confirm_written(Some(())) {
            Ok(_) => self.0.call(request),
            Err(_) => {
                let mut failed = Response::new(Body::empty());
                *failed.status_mut() = StatusCode::PRECONDITION_FAILED;
                ready(Ok(failed))
            }
        }
    }
}
