//! The store of validators in memory: what a lookup allocates, and what entries take.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use allocation_counter::measure;
use http::{HeaderValue, header};
use tower_conditional::{
    EntityTag, Validators,
    cache_policy::CacheControl,
    store::{
        MemoryValidatorStore,
        validators::{
            CacheScope, FillOutcome, LeaseRequest, Lookup, OperationId, ValidatorEntry,
            ValidatorKey, ValidatorStore,
        },
    },
    validator::RepeatedFields,
};

/// Returns bytes that are spread like those of a digest.
fn digest(number: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    let mut state = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    for part in bytes.chunks_exact_mut(8) {
        state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        part.copy_from_slice(&(state ^ (state >> 31)).to_be_bytes());
    }
    bytes
}

fn lookup(
    store: &MemoryValidatorStore,
    number: u64,
    lease: Option<LeaseRequest>,
) -> Lookup<Validators> {
    let found = store.try_lookup(ValidatorKey::from(digest(number)), lease);
    found.expect("an answer at once").expect("an answer")
}

fn fill(store: &MemoryValidatorStore, number: u64, repeated: RepeatedFields) {
    let reader = OperationId::from(u128::from(number).to_be_bytes());
    let Lookup::Leased { grant, .. } = lookup(store, number, Some(LeaseRequest::new(reader)))
    else {
        panic!("no lease");
    };
    let tag = EntityTag::from_digest(&digest(number)[..16]);
    let scopes = [number, number / 1_000].map(|scope| CacheScope::from(digest(!scope)));
    let entry = ValidatorEntry::new(Validators::from(tag).with_repeated(repeated));
    let entry = entry.with_scopes(scopes);
    let filled = pin!(store.fill(ValidatorKey::from(digest(number)), grant, entry));
    match filled.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(FillOutcome::Stored)) => {}
        other => panic!("{other:?}"),
    }
}

/// Returns one of a few policies.
fn policy(number: u64) -> RepeatedFields {
    let age = Duration::from_secs(60 + number % 3);
    RepeatedFields::new()
        .with_cache_control(&CacheControl::new().with_max_age(age))
        .with_vary([header::ACCEPT_ENCODING, header::ACCEPT_LANGUAGE])
}

/// Returns headers that no other response has.
fn unique(number: u64) -> RepeatedFields {
    let location = HeaderValue::from_str(&format!("/notes/{number:08}")).expect("a value");
    policy(number).with_content_location(location)
}

/// A hit allocates the tag that it returns, whose headers are shared. A miss allocates nothing.
#[test]
fn a_hit_allocates_its_tag_alone() {
    let store = MemoryValidatorStore::new();
    for number in 0..10_000 {
        fill(&store, number, policy(number));
    }
    // The second hit after a change finds that nothing has changed since.
    for round in 0..2 {
        let mut found = None;
        let hit = measure(|| found = Some(lookup(&store, 5_000, None)));
        assert!(matches!(found, Some(Lookup::Hit { .. })), "{found:?}");
        assert_eq!(hit.count_total, 1, "{round}");
    }
    let miss = measure(|| drop(lookup(&store, 10_000, None)));
    assert_eq!(miss.count_total, 0);
}

/// The bytes that the store counts are those that it takes, and an entry takes few.
#[test]
fn entries_take_the_memory_that_is_counted() {
    type Headers = fn(u64) -> RepeatedFields;
    let cases: [(&str, u64, Headers, i64); 4] = [
        ("none", 50_000, |_| RepeatedFields::new(), 200),
        ("shared", 50_000, policy, 200),
        ("unique", 50_000, unique, 400),
        // Most of them find a place in the tables of shared headers.
        ("few", 1_000, unique, 2_000),
    ];
    for (name, entries, headers, limit) in cases {
        let mut kept = None;
        let info = measure(|| {
            let store = MemoryValidatorStore::new().max_bytes(1 << 30);
            for number in 0..entries {
                fill(&store, number, headers(number));
            }
            kept = Some(store);
        });
        let store = kept.expect("a store");
        assert_eq!(store.len() as u64, entries);
        let counted = store.used_bytes() as i64;
        let each = counted / entries as i64;
        assert!(each < limit, "{name}: {each}");
        let difference = (info.bytes_current - counted).abs();
        let taken = info.bytes_current;
        assert!(difference * 20 <= counted, "{name}: {taken} of {counted}");
    }
}
