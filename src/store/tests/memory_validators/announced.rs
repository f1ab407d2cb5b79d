//! Announced writes in a full store.

use std::time::Duration;

use super::{entry, fill, is_hit, key, lookup, scope, write};
use crate::{
    semantics::validator_cache::{FillOutcome, Lookup, WriteEnd, WriteTarget},
    store::{MemoryValidatorStore, ValidatorStore, tests::clock},
};

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
