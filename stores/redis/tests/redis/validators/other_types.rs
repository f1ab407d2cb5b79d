//! Values of other types under the names of the store, which some other program has written.

use tower_conditional::store::{
    StoreErrorKind,
    validators::{FillOutcome, ValidatorStore, WriteEnd, WriteTarget},
};
use tower_conditional_testing::{Engine, RedisOptions, RedisServer};

use super::support::{MINUTE, Steps, TestStore, key, write};

#[tokio::test]
async fn a_value_of_another_type_is_no_entry() {
    for engine in Engine::tested() {
        let server = RedisServer::shared(engine);
        let test = TestStore::open(server).await;
        let name = test.entry(1);
        let replace = |command: &[&str]| {
            server.command(&["DEL", &name]);
            server.command(command);
        };
        for command in [
            ["LPUSH", &name, "a"].as_slice(),
            &["SADD", &name, "a"],
            &["HSET", &name, "a", "b"],
        ] {
            let context = format!("{engine:?}, {}", command[0]);
            let grant = test.store.lease(1, 1).await;
            replace(command);
            assert_eq!(test.store.look(1).await, "miss", "{context}");
            let filled = test.store.put(1, grant, "old").await;
            assert_eq!(filled, FillOutcome::Refused, "{context}");
            let released = test.store.release(key(1), grant).await;
            released.expect("an answer");
            assert_eq!(server.command(&["EXISTS", &name]), "1", "{context}");
            // A lease takes its place.
            test.store.fill_new(1, 2).await;

            // A reader during a write removes it.
            replace(command);
            let intent = write(3, [WriteTarget::Key(key(1))]);
            test.store.begin(&intent).await;
            assert_eq!(test.store.try_lease(1, 4).await, "written", "{context}");
            assert_eq!(server.command(&["EXISTS", &name]), "0", "{context}");
            assert_eq!(test.store.end(&intent).await, WriteEnd::Ended, "{context}");
        }
    }
}

/// The records are lost, so each kind of step does what it does after an eviction.
#[tokio::test]
async fn a_value_of_another_type_in_place_of_the_writes_ends_the_epoch() {
    for engine in Engine::tested() {
        let server = RedisServer::shared(engine);
        for which in ["writes", "prune"] {
            let context = format!("{engine:?}, {which}");
            let test = TestStore::open(server).await;
            let name = match which {
                "writes" => test.writes(),
                _ => test.prune(),
            };
            let replace = || {
                server.command(&["DEL", &name]);
                assert_eq!(server.command(&["SETNX", &name, "a"]), "1", "{context}");
            };
            test.store.fill_new(1, 1).await;
            let grant = test.store.lease(2, 2).await;
            replace();
            let intent = write(3, [WriteTarget::All]);
            test.store.begin(&intent).await;
            assert_eq!(test.store.end(&intent).await, WriteEnd::Ended, "{context}");
            // A grace period begins, and nothing of before counts after it.
            assert_eq!(test.store.try_lease(9, 9).await, "written", "{context}");
            test.clock.advance(MINUTE);
            assert_eq!(test.store.look(1).await, "miss", "{context}");
            let filled = test.store.put(2, grant, "old").await;
            assert_eq!(filled, FillOutcome::Refused, "{context}");
            test.store.fill_new(1, 4).await;

            let intent = write(5, [WriteTarget::Key(key(5))]);
            test.store.begin(&intent).await;
            replace();
            let ended = test.store.end(&intent).await;
            assert_eq!(ended, WriteEnd::IntentLost, "{context}");
            replace();
            let made_void = test.store.invalidate(WriteTarget::All).await;
            made_void.expect("an answer");
            test.clock.advance(MINUTE);
            test.store.fill_new(1, 6).await;
        }
    }
}

#[tokio::test]
async fn readers_start_an_epoch_over_a_value_of_another_type() {
    for engine in Engine::tested() {
        let server = RedisServer::shared(engine);
        let test = TestStore::open(server).await;
        test.store.fill_new(1, 1).await;
        let grant = test.store.lease(2, 2).await;
        server.command(&["SET", &test.writes(), "a"]);
        // These change nothing.
        assert_eq!(test.store.look(1).await, "written", "{engine:?}");
        let filled = test.store.put(2, grant, "old").await;
        assert_eq!(filled, FillOutcome::Refused, "{engine:?}");
        assert_eq!(server.command(&["GET", &test.writes()]), "a", "{engine:?}");
        assert_eq!(test.store.try_lease(1, 3).await, "written", "{engine:?}");
        test.clock.advance(MINUTE);
        test.store.fill_new(1, 4).await;
    }
}

/// An error for another reason tells nothing of a value.
#[tokio::test]
async fn a_read_that_is_forbidden_is_an_error() {
    for engine in Engine::tested() {
        let server = RedisOptions::new(engine).in_memory().start();
        let test = TestStore::open(&server).await;
        test.store.fill_new(1, 1).await;
        for command in ["get", "hmget", "zcard"] {
            let context = format!("{engine:?}, {command}");
            server.command(&["ACL", "SETUSER", "default", &format!("-{command}")]);
            let failed = match command {
                "zcard" => test.store.begin_write(write(2, [WriteTarget::All])).await,
                _ => test.store.lookup(key(1), None).await.map(drop),
            };
            let error = failed.expect_err(&context);
            assert_eq!(error.kind(), StoreErrorKind::Ambiguous, "{context}");
            server.command(&["ACL", "SETUSER", "default", &format!("+{command}")]);
            assert_eq!(test.store.look(1).await, "hit", "{context}");
        }
    }
}
