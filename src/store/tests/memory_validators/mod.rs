//! The store of validators in memory.

mod announced;
mod room;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

use super::check_validators;
use crate::{
    semantics::{
        validator::{EntityTag, Validators},
        validator_cache::{
            CacheScope, FillOutcome, Guarantee, LeaseRequest, Lookup, OperationId, ValidatorKey,
            WriteIntent, WriteTarget,
        },
    },
    store::{AnyValidatorStore, MemoryValidatorStore, ValidatorStore, validators::ValidatorEntry},
};

/// A digest is spread over all its bytes.
fn digest(number: u32) -> [u8; 32] {
    let mut state = u64::from(number).wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut bytes = [0; 32];
    for part in bytes.chunks_exact_mut(8) {
        state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        part.copy_from_slice(&(state ^ (state >> 31)).to_be_bytes());
    }
    bytes
}

fn key(number: u32) -> ValidatorKey {
    ValidatorKey::from(digest(number))
}

fn scope(number: u32) -> CacheScope {
    CacheScope::from(digest(number ^ u32::MAX))
}

fn operation(number: u32) -> OperationId {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&number.to_be_bytes());
    OperationId::from(id)
}

fn write(number: u32, targets: &[WriteTarget]) -> WriteIntent {
    let ttl = Duration::from_secs(30);
    WriteIntent::new(operation(number), targets.iter().copied(), ttl)
}

fn entry(number: u32, scopes: &[CacheScope]) -> ValidatorEntry {
    let tag = EntityTag::from_digest(&digest(number)[..16]);
    ValidatorEntry::new(Validators::from(tag)).with_scopes(scopes)
}

async fn lookup(store: &MemoryValidatorStore, number: u32) -> Lookup<Validators> {
    let request = LeaseRequest::new(operation(number));
    let found = store.lookup(key(number), Some(request)).await;
    found.expect("an answer")
}

async fn fill(store: &MemoryValidatorStore, number: u32, scopes: &[CacheScope]) -> FillOutcome {
    let Lookup::Leased { grant, .. } = lookup(store, number).await else {
        return FillOutcome::Refused;
    };
    let entry = entry(number, scopes);
    let filled = store.fill(key(number), grant, entry).await;
    filled.expect("an answer")
}

async fn is_hit(store: &MemoryValidatorStore, number: u32) -> bool {
    matches!(lookup(store, number).await, Lookup::Hit { .. })
}

#[tokio::test]
async fn the_store_in_memory_keeps_the_rules_of_validators() {
    let make = |clock| MemoryValidatorStore::new().clock(clock);
    check_validators(make).await.expect("every rule");
    let small = |clock| MemoryValidatorStore::new().max_bytes(64 << 10).clock(clock);
    check_validators(small).await.expect("every rule");
    let any = |clock| AnyValidatorStore::new(MemoryValidatorStore::new().clock(clock));
    check_validators(any).await.expect("every rule");
    let guarantee = MemoryValidatorStore::new().guarantee();
    assert_eq!(guarantee, Guarantee::SingleProcess);
    assert_eq!(guarantee.to_string(), "strict in one process");
}

/// The index knows eight bytes of a key. Two keys that have them in common are two entries.
#[tokio::test]
async fn keys_are_compared_whole() {
    let store = MemoryValidatorStore::new();
    assert_eq!(fill(&store, 7, &[]).await, FillOutcome::Stored);
    for changed in 0..32 {
        let mut other = digest(7);
        other[changed] ^= 1;
        let found = store.lookup(ValidatorKey::from(other), None).await;
        let found = found.expect("an answer");
        assert!(matches!(found, Lookup::Miss { .. }), "byte {changed}");
    }
    assert!(is_hit(&store, 7).await);
}

/// Threads fill and write at a time. No entry is found that is older than the last write of its
/// key that has ended.
#[test]
fn threads_see_no_entry_from_before_a_write() {
    const KEYS: u32 = 8;
    let store = Arc::new(MemoryValidatorStore::new().max_bytes(64 << 10));
    let versions: Vec<AtomicU32> = (0..KEYS).map(|_| AtomicU32::new(0)).collect();
    let versions = Arc::new(versions);
    let worker = |worker: u32| {
        let (store, versions) = (Arc::clone(&store), Arc::clone(&versions));
        move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                for round in 0..4_000 {
                    let number = (round * 7 + worker) % KEYS;
                    let version = &versions[number as usize];
                    let id = (worker << 24) | round;
                    if round % 4 == 0 {
                        let targets = [WriteTarget::Scope(scope(number))];
                        let write = write(id, &targets);
                        store.begin_write(write.clone()).await.expect("room");
                        version.fetch_add(1, Ordering::SeqCst);
                        let _ = store.end_write(write).await.expect("an answer");
                        continue;
                    }
                    let before = version.load(Ordering::SeqCst);
                    let request = LeaseRequest::new(operation(id));
                    let lookup = store.lookup(key(number), Some(request)).await;
                    match lookup.expect("an answer") {
                        Lookup::Hit { entry, .. } => {
                            let tag = entry.etag.expect("a tag");
                            let text = std::str::from_utf8(tag.opaque()).expect("digits");
                            let found: u32 = text.parse().expect("a version");
                            assert!(found >= before, "{found} after {before}");
                        }
                        Lookup::Leased { grant, .. } => {
                            let tag = version.load(Ordering::SeqCst).to_string();
                            let tag = EntityTag::strong(tag).expect("a tag");
                            let entry =
                                ValidatorEntry::new(tag.into()).with_scopes([scope(number)]);
                            let filled = store.fill(key(number), grant, entry).await;
                            let _ = filled.expect("an answer");
                        }
                        _ => {}
                    }
                }
            });
        }
    };
    thread::scope(|scope| {
        for number in 0..4 {
            scope.spawn(worker(number));
        }
    });
}
