//! The contenders, one file for each. A contender decides which cases it can answer.

#[cfg(feature = "peers")]
mod actix;
mod bare;
pub mod floor;
pub mod naive;
pub mod ours;
pub mod raw_hash;
#[cfg(feature = "peers")]
mod salvo;
pub mod set_header;
#[cfg(feature = "peers")]
pub mod tower_cache_control;
#[cfg(feature = "peers")]
mod tower_etag_cache;
#[cfg(feature = "peers")]
mod tunnelbana;

use crate::{case::Case, drive::OneRequest, hash::Hash};

pub struct Contender {
    pub name: &'static str,
    /// The contender that does the same without any tag, with the same harness.
    pub bare: &'static str,
    pub hash: Option<Hash>,
    /// The function that makes a request. It returns `None` if the contender has no response to
    /// this case.
    pub open: fn(&Case) -> Option<OneRequest>,
}

pub const BARE: &str = bare::NAME;
#[cfg(feature = "peers")]
pub const TOWER_ETAG_CACHE: &str = tower_etag_cache::NAME;

/// Returns the contenders that answer ordinary requests, and the raw hashes.
#[cfg(feature = "peers")]
pub fn all() -> Vec<Contender> {
    let mut all = vec![
        bare::contender(),
        set_header::contender(),
        raw_hash::contender(Hash::Sha256),
        raw_hash::contender(Hash::Xxh3),
        raw_hash::contender(Hash::Blake3),
        floor::pass_through(),
        floor::sha256(),
        floor::xxh3(),
        naive::sha256(),
        naive::xxh3(),
        tunnelbana::contender(),
        tower_etag_cache::bare(),
        tower_etag_cache::contender(),
        salvo::bare(),
        salvo::contender(),
        actix::bare(),
        actix::contender(),
    ];
    all.extend(ours::hashing());
    all
}

/// Returns the contenders for requests that a layer has nothing to do for.
pub fn onlookers() -> Vec<Contender> {
    let mut onlookers = vec![
        bare::contender(),
        set_header::contender(),
        floor::pass_through(),
    ];
    onlookers.extend(ours::each());
    onlookers
}

/// Returns the contenders that set a cache policy.
#[cfg(feature = "peers")]
pub fn policies() -> Vec<Contender> {
    let mut policies = vec![
        bare::contender(),
        set_header::if_not_present(),
        tower_cache_control::contender(),
    ];
    policies.extend(ours::policies());
    policies
}

/// Returns the contenders that know a tag before the service runs, and the peers that compare one
/// at all.
#[cfg(feature = "peers")]
pub fn sourced() -> Vec<Contender> {
    let mut sourced = vec![
        bare::contender(),
        floor::stored(),
        tunnelbana::contender(),
        tower_etag_cache::bare(),
        tower_etag_cache::contender(),
        actix::bare(),
        actix::contender(),
    ];
    sourced.extend(ours::sourced());
    sourced
}
