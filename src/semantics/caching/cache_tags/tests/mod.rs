//! Tests of cache tags, one file for each module.

mod field;
mod invalidation;
mod location;
mod set;
mod tag;

use super::{CacheTags, TagField};

const UUID: &str = "0191e9b2-5b7c-7d3e-8f0a-3c1d2e4f5a6b";

const FIELDS: [TagField; 4] = [
    TagField::SurrogateKey,
    TagField::CacheTag,
    TagField::Xkey,
    TagField::CacheGroups,
];

fn tags(names: &[&str]) -> CacheTags {
    CacheTags::of(names).expect("tags")
}
