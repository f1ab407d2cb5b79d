//! Answers of single steps.

use std::{sync::Arc, time::Duration};

use tower_conditional::store::validators::{
    FillOutcome, Grant, LeaseRequest, Lookup, ValidatorStore, WriteEnd, WriteIntent, WriteTarget,
};
use tower_conditional_testing::{Engine, RedisServer};

use super::support::{MINUTE, Steps, TestStore, entry, key, operation, text_of, write};

#[tokio::test]
async fn a_hit_has_the_entry_its_age_and_the_rest_of_its_life() {
    for engine in Engine::tested() {
        let test = TestStore::open(RedisServer::shared(engine)).await;
        let grant = test.store.lease(1, 1).await;
        test.clock.advance(Duration::from_millis(1_500));
        // Longer than an entry may live.
        let filled = entry("a\u{e4}").with_ttl(Duration::from_secs(3600));
        let expected = filled.validators.encode();
        test.store
            .fill(key(1), grant, filled)
            .await
            .expect("an answer");
        test.clock.advance(Duration::from_millis(250));
        match test.store.lookup(key(1), None).await.expect("an answer") {
            Lookup::Hit { entry, age, ttl } => {
                assert_eq!(entry.encode(), expected);
                assert_eq!(age, Duration::from_millis(1_750));
                assert_eq!(ttl, MINUTE - age);
            }
            other => panic!("{other:?}"),
        }
        test.clock.advance(MINUTE - Duration::from_millis(1_751));
        assert_eq!(test.store.look(1).await, "hit");
        test.clock.advance(Duration::from_millis(1));
        assert_eq!(test.store.look(1).await, "miss");
    }
}

/// The answer is lost. A second delivery does not change it.
#[tokio::test]
async fn a_repeated_lookup_has_the_same_grant_at_any_time() {
    for engine in Engine::tested() {
        let test = TestStore::open(RedisServer::shared(engine)).await;
        let first = test.store.lease(1, 1).await;
        test.pass(9);
        // A change of another key.
        test.store
            .begin(&write(2, [WriteTarget::Key(key(2))]))
            .await;
        assert_eq!(test.store.lease(1, 1).await, first);
        assert_eq!(test.store.put(1, first, "a").await, FillOutcome::Stored);
    }
}

#[tokio::test]
async fn more_writers_than_are_listed_are_waited_for() {
    for engine in Engine::tested() {
        let test = TestStore::open(RedisServer::shared(engine)).await;
        let target = WriteTarget::Key(key(1));
        test.store.fill_new(1, 1).await;
        for number in 0..300 {
            test.store.begin(&write(100 + number, [target])).await;
        }
        // The first 256 are listed.
        for number in 0..256 {
            assert_eq!(
                test.store.end(&write(100 + number, [target])).await,
                WriteEnd::Ended
            );
        }
        assert_eq!(test.store.look(1).await, "written");
        for number in 256..300 {
            assert_eq!(
                test.store.end(&write(100 + number, [target])).await,
                WriteEnd::Ended
            );
        }
        // Nobody can end those that are not listed.
        test.pass(30);
        assert_eq!(test.store.look(1).await, "written");
        test.pass(1);
        assert_eq!(test.store.look(1).await, "miss");
        test.store.fill_new(1, 2).await;
    }
}

#[tokio::test]
async fn a_write_has_any_number_of_targets() {
    for engine in Engine::tested() {
        let test = TestStore::open(RedisServer::shared(engine)).await;
        test.store.fill_new(1, 1).await;
        let none = write(2, []);
        test.store.begin(&none).await;
        assert_eq!(test.store.end(&none).await, WriteEnd::Ended);
        assert_eq!(test.store.look(1).await, "hit");
        for count in [1_u32, 1_000, 10_000] {
            let others = (1..count).map(|number| {
                let mut bytes = [9; 32];
                bytes[..4].copy_from_slice(&number.to_be_bytes());
                WriteTarget::Key(bytes.into())
            });
            let targets = others.chain([WriteTarget::Key(key(1))]);
            let many = write(u64::from(count) + 10, targets);
            test.store.begin(&many).await;
            assert_eq!(test.store.look(1).await, "written", "{count}");
            assert_eq!(test.store.end(&many).await, WriteEnd::Ended);
            test.store.fill_new(1, u64::from(count) + 20).await;
        }
    }
}

#[tokio::test]
async fn a_target_that_is_named_twice_counts_once() {
    let test = TestStore::open(RedisServer::shared(Engine::Redis)).await;
    let mut intent = write(1, []);
    intent.targets = Arc::new([WriteTarget::All, WriteTarget::All]);
    test.store.begin(&intent).await;
    let once = write(1, [WriteTarget::All]);
    assert_eq!(test.store.end(&once).await, WriteEnd::Ended);
    test.store.fill_new(1, 2).await;
}

#[tokio::test]
async fn a_longer_announcement_is_refused_and_not_sent() {
    let test = TestStore::open(RedisServer::shared(Engine::Redis)).await;
    let ttl = MINUTE + Duration::from_millis(1);
    let intent = WriteIntent::new(operation(1), [WriteTarget::All], ttl);
    let refused = test.store.begin_write(intent).await.expect_err("an error");
    assert_eq!(
        text_of(&refused),
        "the store did not apply the step: the announcement of 60.001s is longer than 60s: set \
         max_write_ttl of the store"
    );
    assert_eq!(test.store.max_write_ttl(), Some(MINUTE));
    test.store.fill_new(1, 1).await;
}

#[tokio::test]
async fn the_longest_times_are_accepted() {
    for engine in Engine::tested() {
        let test = TestStore::open(RedisServer::shared(engine)).await;
        let longest = LeaseRequest::new(operation(1)).with_ttl(Duration::MAX);
        let found = test.store.lookup(key(1), Some(longest)).await;
        let Ok(Lookup::Leased { grant, .. }) = found else {
            panic!("{found:?}");
        };
        assert_eq!(test.store.try_lease(1, 2).await, "taken");
        let entry = entry("a").with_ttl(Duration::MAX);
        let filled = test.store.fill(key(1), grant, entry).await;
        assert_eq!(filled.expect("an answer"), FillOutcome::Stored);
        // A grant that no store of this kind has given.
        let strange = Grant::new(operation(1), u64::MAX, Duration::MAX);
        assert_eq!(test.store.put(1, strange, "b").await, FillOutcome::Refused);
        let released = test.store.release(key(1), strange).await;
        released.expect("an answer");
        assert_eq!(test.store.look(1).await, "hit");
    }
}
