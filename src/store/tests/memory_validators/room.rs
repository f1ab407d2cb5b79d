//! The room of the store, and what it evicts.

use http::{HeaderValue, header::ACCEPT};

use super::{entry, fill, is_hit, key, lookup, scope};
use crate::{
    semantics::{
        field::HttpDate,
        validator::RepeatedFields,
        validator_cache::{FillOutcome, Lookup, WriteTarget},
    },
    store::{MemoryValidatorStore, ValidatorStore, validators::ValidatorEntry},
};

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
