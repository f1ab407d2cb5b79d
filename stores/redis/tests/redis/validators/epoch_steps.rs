//! Single steps after a loss, and processes with other settings.

use std::time::{Duration, SystemTime};

use tower_conditional::{
    clock::Clock,
    store::validators::{FillOutcome, ValidatorStore, WriteEnd, WriteTarget},
};
use tower_conditional_redis::RedisValidatorStoreBuilder;
use tower_conditional_testing::{Engine, RedisServer};

use super::support::{MINUTE, Steps, TestStore, entry, key, reader, text_of, write};

/// A change while the clock is back must also count once the clock is right again.
#[tokio::test]
async fn a_change_counts_after_the_clock_was_set_back_and_forward() {
    for engine in Engine::tested() {
        let server = RedisServer::shared(engine);
        for change in ["invalidate", "end"] {
            let test = TestStore::open(server).await;
            test.store.fill_new(1, 1).await;
            let now = test.clock.now();
            test.clock.set(now - MINUTE);
            let target = WriteTarget::Key(key(1));
            if change == "end" {
                assert_eq!(
                    test.store.end(&write(2, [target])).await,
                    WriteEnd::IntentLost
                );
            } else {
                let made_void = test.store.invalidate(target).await;
                made_void.expect("an answer");
            }
            test.clock.set(now);
            assert_eq!(test.store.look(1).await, "miss", "{engine:?}, {change}");
        }
    }
}

/// A small step back does not end the epoch. Time stands still instead.
#[tokio::test]
async fn a_clock_that_is_set_back_by_a_second_stands_still() {
    let server = RedisServer::shared(Engine::Redis);
    let test = TestStore::open(server).await;
    let start = test.clock.now();
    test.store.fill_new(1, 1).await;
    test.clock.set(start - Duration::from_secs(1));
    assert_eq!(test.store.look(1).await, "hit");
    let grant = test.store.lease(2, 2).await;
    let origin = SystemTime::UNIX_EPOCH;
    assert_eq!(origin + grant.granted_at(), start);
    // The announcement runs out no earlier than it would have.
    test.store
        .begin(&write(3, [WriteTarget::Key(key(1))]))
        .await;
    test.clock.set(start + Duration::from_secs(30));
    assert_eq!(test.store.look(1).await, "written");
    test.pass(1);
    assert_eq!(test.store.look(1).await, "miss");
}

#[tokio::test]
async fn steps_after_a_loss_say_what_they_did() {
    for engine in Engine::tested() {
        let server = RedisServer::shared(engine);
        let test = TestStore::open(server).await;
        let grant = test.store.lease(1, 1).await;
        let intent = write(2, [WriteTarget::Key(key(2))]);
        test.store.begin(&intent).await;
        server.command(&["DEL", &test.writes()]);
        assert_eq!(test.store.put(1, grant, "late").await, FillOutcome::Refused);
        assert_eq!(test.store.look(1).await, "written");
        // Nothing was started yet.
        assert_eq!(server.command(&["EXISTS", &test.writes()]), "0");
        assert_eq!(test.store.end(&intent).await, WriteEnd::IntentLost);
        // A write that was never announced to this epoch.
        let unlisted = write(3, []);
        assert_eq!(test.store.end(&unlisted).await, WriteEnd::Ended);
    }
}

/// Only announcements of the epoch's processes can be lost, and the longest counts.
#[tokio::test]
async fn the_grace_period_is_the_longest_of_all_processes() {
    let server = RedisServer::shared(Engine::Redis);
    let test = TestStore::open_in_grace(server).await;
    let other = |builder: RedisValidatorStoreBuilder| builder.max_write_ttl(2 * MINUTE);
    let longer = test.open_beside(server, other).await;
    test.pass_grace().await;
    test.store.fill_new(1, 1).await;
    // The longer process may have announced a write that was lost.
    assert_eq!(longer.try_lease(2, 2).await, "written");
    assert_eq!(test.store.look(1).await, "written");
    test.clock.advance(MINUTE);
    // The entry is from the time that the longer process still waits for.
    assert_eq!(test.store.look(1).await, "miss");
    test.store.fill_new(1, 3).await;
    // The next epoch has the longer period at once.
    server.command(&["HSET", &test.writes(), "run", "1:another"]);
    assert_eq!(test.store.try_lease(1, 4).await, "written");
    test.clock.advance(2 * MINUTE - Duration::from_millis(1));
    assert_eq!(test.store.look(1).await, "written");
    test.pass(1);
    test.store.fill_new(1, 5).await;
}

/// A process that has another entry limit does not use entries that are too old for it.
#[tokio::test]
async fn each_process_has_its_own_limit_of_entries() {
    let server = RedisServer::shared(Engine::Redis);
    let test = TestStore::open(server).await;
    let other =
        |builder: RedisValidatorStoreBuilder| builder.max_entry_ttl(Duration::from_secs(10));
    let shorter = test.open_beside(server, other).await;
    test.store.fill_new(1, 1).await;
    test.pass(9);
    assert_eq!(shorter.look(1).await, "hit");
    test.pass(1);
    assert_eq!(test.store.look(1).await, "hit");
    assert_eq!(shorter.look(1).await, "miss");
    test.pass(50);
    assert_eq!(test.store.look(1).await, "miss");
}

/// A connection that still points to a primary of before gets no answer from its old data.
#[tokio::test]
async fn a_replica_answers_nothing() {
    for engine in Engine::tested() {
        let (server, primary) = (RedisServer::start(engine), RedisServer::start(engine));
        let test = TestStore::open(&server).await;
        test.store.fill_new(1, 1).await;
        let grant = test.store.lease(2, 2).await;
        server.replicate(primary.port());
        let store = &test.store;
        let found = store.lookup(key(1), None).await.map(drop);
        let leased = store.lookup(key(1), Some(reader(3))).await.map(drop);
        let filled = store.fill(key(2), grant, entry("a")).await.map(drop);
        let begun = store.begin_write(write(4, [WriteTarget::All])).await;
        let ended = store
            .end_write(write(4, [WriteTarget::All]))
            .await
            .map(drop);
        let made_void = store.invalidate(WriteTarget::All).await;
        for answer in [found, leased, filled, begun, ended, made_void] {
            let error = answer.expect_err("an error");
            assert!(
                text_of(&error).to_lowercase().contains("replica"),
                "{}",
                text_of(&error)
            );
        }
    }
}

#[tokio::test]
async fn records_of_another_format_are_of_another_epoch() {
    let server = RedisServer::shared(Engine::Redis);
    let test = TestStore::open(server).await;
    test.store.fill_new(1, 1).await;
    let run = server.command(&["HGET", &test.writes(), "run"]);
    let later = run.replacen("1:", "2:", 1);
    server.command(&["HSET", &test.writes(), "run", &later]);
    assert_eq!(test.store.look(1).await, "written");
    test.store.begin(&write(2, [])).await;
    assert_eq!(server.command(&["HGET", &test.writes(), "run"]), run);
    test.clock.advance(MINUTE);
    assert_eq!(test.store.look(1).await, "miss");
    // A record that cannot be read may be an announcement.
    server.command(&["HSET", &test.writes(), "a", "\u{7f}"]);
    assert_eq!(test.store.look(1).await, "written");
    assert_eq!(test.store.try_lease(1, 3).await, "written");
    assert_eq!(server.command(&["HEXISTS", &test.writes(), "a"]), "0");
}

/// An entry of before is void, too, if its time is after the grace period of the new epoch.
#[tokio::test]
async fn an_entry_from_the_future_of_a_new_epoch_is_void() {
    let test = TestStore::open(RedisServer::shared(Engine::Redis)).await;
    test.store.fill_new(1, 1).await;
    test.clock
        .set(test.clock.now() - MINUTE - Duration::from_secs(10));
    assert_eq!(test.store.try_lease(1, 2).await, "written");
    test.clock.advance(MINUTE);
    assert_eq!(test.store.look(1).await, "miss");
    test.pass(10);
    assert_eq!(test.store.look(1).await, "miss");
}
