//! The store of validators in memory: its limits, and what it evicts.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

use http::{HeaderValue, header::ACCEPT};

use super::{check_validators, clock};
use crate::{
    semantics::{
        field::HttpDate,
        validator::{EntityTag, RepeatedFields, Validators},
        validator_cache::{
            CacheScope, FillOutcome, Guarantee, LeaseRequest, Lookup, OperationId, ValidatorKey,
            WriteEnd, WriteIntent, WriteTarget,
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

/// R-9111-7-a: a full store replaces entries, and takes no more than it was given.
#[tokio::test]
async fn a_full_store_replaces_entries() {
    for max_bytes in [64 << 10, 1 << 20, 5 << 20] {
        let store = MemoryValidatorStore::new().max_bytes(max_bytes);
        assert!(store.is_empty());
        for number in 0..60_000 {
            let scopes = [scope(number % 7), scope(number)];
            let filled = fill(&store, number, &scopes).await;
            assert_eq!(filled, FillOutcome::Stored, "{number}");
            if number % 500 == 0 {
                assert!(store.used_bytes() <= max_bytes, "{}", store.used_bytes());
            }
        }
        assert!(store.used_bytes() <= max_bytes, "{}", store.used_bytes());
        let len = store.len();
        // An eighth is for the writes of keys, and one for those of scopes.
        assert!(len > max_bytes / 400, "{len} of {max_bytes} bytes");
        let mut found = 0;
        for number in 0..60_000 {
            found += usize::from(is_hit(&store, number).await);
        }
        assert!(found > 0 && found <= len, "{found} of {len}");
    }
}

/// Headers that entries share come back as they were, whether there was a place for them or not,
/// and go with the last entry.
#[tokio::test]
async fn shared_headers_go_with_their_entries() {
    let head = |number: u32| {
        let location = HeaderValue::from(number / 2);
        let repeated = RepeatedFields::new().with_vary([ACCEPT]);
        repeated.with_content_location(location)
    };
    let [shared, plain] = [true, false].map(|has_head| async move {
        let store = MemoryValidatorStore::new();
        for number in 0..10_000 {
            let date = HttpDate::from_unix_seconds(i64::from(number));
            let mut validators = entry(number, &[]).validators;
            if number % 3 == 0 {
                validators = validators.with_last_modified(date);
            }
            if has_head {
                validators = validators.with_repeated(head(number));
            }
            let Lookup::Leased { grant, .. } = lookup(&store, number).await else {
                panic!("no lease");
            };
            let expected = validators.encode();
            let filled = store.fill(key(number), grant, ValidatorEntry::new(validators));
            assert_eq!(filled.await.expect("an answer"), FillOutcome::Stored);
            match store.try_lookup(key(number), None) {
                Some(Ok(Lookup::Hit { entry, .. })) => assert_eq!(entry.encode(), expected),
                other => panic!("{other:?}"),
            }
        }
        store.invalidate(WriteTarget::All).await.expect("an answer");
        for number in 0..10_000 {
            let found = lookup(&store, number).await;
            assert!(matches!(found, Lookup::Leased { .. }), "{found:?}");
        }
        store.used_bytes()
    });
    let (shared, plain) = (shared.await, plain.await);
    // The empty places stay.
    assert!(shared < plain + (256 << 10), "{shared} beside {plain}");
}

/// Entries that are used outlive a flood of others.
#[tokio::test]
async fn entries_that_are_used_stay() {
    let store = MemoryValidatorStore::new().max_bytes(1 << 20);
    for number in 0..100 {
        assert_eq!(fill(&store, number, &[]).await, FillOutcome::Stored);
    }
    for flood in 1_000..40_000 {
        assert_eq!(fill(&store, flood, &[]).await, FillOutcome::Stored);
        if flood % 100 == 0 {
            for number in 0..100 {
                assert!(is_hit(&store, number).await, "{number} after {flood}");
            }
        }
    }
}

/// P-VC-room: an announced write is never evicted, whatever else comes and goes.
#[tokio::test]
async fn an_announced_write_is_never_evicted() {
    let store = MemoryValidatorStore::new()
        .max_bytes(256 << 10)
        .clock(clock());
    let targets = [WriteTarget::Key(key(1)), WriteTarget::Scope(scope(2))];
    let announced = write(1, &targets);
    store.begin_write(announced.clone()).await.expect("room");
    for number in 1_000..30_000 {
        assert_eq!(fill(&store, number, &[]).await, FillOutcome::Stored);
        let targets = [
            WriteTarget::Key(key(number)),
            WriteTarget::Scope(scope(number)),
        ];
        let other = write(number, &targets);
        store.begin_write(other.clone()).await.expect("room");
        let end = store.end_write(other).await.expect("an answer");
        assert_eq!(end, WriteEnd::Ended, "{number}");
    }
    assert!(store.used_bytes() <= 256 << 10, "{}", store.used_bytes());
    let blocked = lookup(&store, 1).await;
    assert!(matches!(blocked, Lookup::WriteInProgress), "{blocked:?}");
    assert_eq!(fill(&store, 2, &[scope(2)]).await, FillOutcome::Refused);
    let end = store.end_write(announced).await.expect("an answer");
    assert_eq!(end, WriteEnd::Ended);
    assert_eq!(fill(&store, 1, &[scope(2)]).await, FillOutcome::Stored);
}

/// The writes of many scopes are forgotten in time, and no entry from before them comes back.
#[tokio::test]
async fn a_forgotten_write_makes_no_entry_valid() {
    let store = MemoryValidatorStore::new()
        .max_bytes(256 << 10)
        .clock(clock());
    for number in 0..200 {
        let filled = fill(&store, number, &[scope(number)]).await;
        assert_eq!(filled, FillOutcome::Stored);
    }
    let early = lookup(&store, 500).await;
    let Lookup::Leased { grant, .. } = early else {
        panic!("{early:?}");
    };
    for number in (0..200).chain([500]).chain(1_000..20_000) {
        let target = WriteTarget::Scope(scope(number));
        if number % 2 == 0 {
            store.invalidate(target).await.expect("an answer");
        } else {
            let write = write(number, &[target]);
            store.begin_write(write.clone()).await.expect("room");
            let _ = store.end_write(write).await.expect("an answer");
        }
    }
    for number in 0..200 {
        assert!(!is_hit(&store, number).await, "{number}");
    }
    let late = store.fill(key(500), grant, entry(500, &[scope(500)])).await;
    assert_eq!(late.expect("an answer"), FillOutcome::Refused);
}

/// P-VC-room: a write for which there is no room keeps everything from being answered, until it
/// runs out. A write that is listed stays so, also if it is renewed.
#[tokio::test]
async fn a_write_without_room_blocks_everything() {
    let clock = clock();
    let store = MemoryValidatorStore::new()
        .max_bytes(64 << 10)
        .clock(clock.clone());
    assert_eq!(fill(&store, 7, &[scope(7)]).await, FillOutcome::Stored);
    let writes: Vec<_> = (0..4_000)
        .map(|number| write(number, &[WriteTarget::Scope(scope(number % 3))]))
        .collect();
    for write in &writes {
        store.begin_write(write.clone()).await.expect("an answer");
    }
    assert!(store.used_bytes() <= 64 << 10, "{}", store.used_bytes());
    store
        .begin_write(writes[0].clone())
        .await
        .expect("an answer");
    for write in writes {
        assert_eq!(
            store.end_write(write).await.expect("an answer"),
            WriteEnd::Ended
        );
    }
    // None of them touches scope 7, and all but the listed ones are still announced.
    assert!(!is_hit(&store, 7).await);
    assert_eq!(fill(&store, 8, &[scope(7)]).await, FillOutcome::Refused);
    clock.advance(Duration::from_secs(120));
    assert_eq!(fill(&store, 9, &[scope(7)]).await, FillOutcome::Stored);
    assert!(is_hit(&store, 9).await);
    let again = write(9_000, &[WriteTarget::Scope(scope(7))]);
    store.begin_write(again.clone()).await.expect("an answer");
    assert!(!is_hit(&store, 9).await);
    assert_eq!(
        store.end_write(again).await.expect("an answer"),
        WriteEnd::Ended
    );
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
