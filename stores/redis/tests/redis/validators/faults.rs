//! Faults of servers and of data, and rights.

use std::time::Duration;

use tokio::time::timeout;
use tower_conditional::store::{
    StoreErrorKind,
    validators::{FillOutcome, ValidatorStore, WriteEnd, WriteTarget},
};
use tower_conditional_testing::{Engine, RedisOptions, RedisServer};

use super::support::{
    MINUTE, PATIENT, Steps, TestStore, builder, connect, key, reader, scope, write,
};

#[tokio::test]
async fn scripts_that_were_flushed_are_sent_again() {
    for engine in Engine::tested() {
        let server = RedisServer::shared(engine);
        let test = TestStore::open(server).await;
        let intent = write(2, [WriteTarget::All]);
        let flush = || server.command(&["SCRIPT", "FLUSH"]);
        flush();
        let grant = test.store.lease(1, 1).await;
        flush();
        assert_eq!(test.store.put(1, grant, "a").await, FillOutcome::Stored);
        flush();
        test.store.begin(&intent).await;
        flush();
        assert_eq!(test.store.end(&intent).await, WriteEnd::Ended);
        flush();
        let made_void = test.store.invalidate(WriteTarget::All).await;
        made_void.expect("an answer");
        flush();
        let released = test.store.release(key(1), grant).await;
        released.expect("an answer");
    }
}

#[tokio::test]
async fn a_timeout_is_ambiguous() {
    let server = RedisOptions::new(Engine::Redis).in_memory().start();
    let test = TestStore::open(&server).await;
    let brief = Duration::from_millis(200);
    // A busy machine may need several attempts.
    let store = bounded("a store", async || {
        let builder = builder(&test.prefix, &test.clock).timeout(brief);
        builder.open(connect(&server).await).await.ok()
    })
    .await;
    let intent = write(2, [WriteTarget::All]);
    // The server has the scripts then.
    test.store.begin(&intent).await;
    let _ = test.store.end(&intent).await;
    test.store.fill_new(1, 1).await;
    server.pause();
    let found = store.lookup(key(1), Some(reader(2))).await.map(drop);
    let begun = store.begin_write(intent.clone()).await;
    let ended = store.end_write(intent).await.map(drop);
    server.resume();
    for answer in [found, begun, ended] {
        assert_eq!(
            answer.expect_err("an error").kind(),
            StoreErrorKind::Ambiguous
        );
    }
    // The steps were delivered nevertheless.
    let is_void = async || (test.store.look(1).await != "hit").then_some(());
    bounded("a delivered write", is_void).await;
}

/// Repeats a step until it has a result, and fails after a time.
async fn bounded<T>(expected: &str, step: impl AsyncFn() -> Option<T>) -> T {
    let repeated = async {
        loop {
            if let Some(result) = step().await {
                return result;
            }
        }
    };
    let result = timeout(PATIENT, repeated).await;
    result.unwrap_or_else(|_| panic!("{expected} is missing"))
}

/// A full server forgets nothing that is announced: it refuses announcements instead.
#[tokio::test]
async fn a_full_server_refuses_announcements() {
    for engine in Engine::tested() {
        let server = RedisOptions::new(engine).in_memory().start();
        let test = TestStore::open(&server).await;
        test.store.fill_new(1, 1).await;
        server.command(&["CONFIG", "SET", "maxmemory", "1"]);
        let refused = test.store.begin_write(write(2, [WriteTarget::All])).await;
        assert_eq!(
            refused.expect_err("an error").kind(),
            StoreErrorKind::NotApplied
        );
        assert_eq!(test.store.look(1).await, "hit");
        server.command(&["CONFIG", "SET", "maxmemory", "0"]);
        test.store.begin(&write(2, [WriteTarget::All])).await;
        assert_eq!(test.store.look(1).await, "written");
    }
}

/// A write that is done makes no target slow, and an operator can make entries void.
#[tokio::test]
async fn a_full_server_ends_writes_and_invalidates() {
    for engine in Engine::tested() {
        let server = RedisOptions::new(engine).in_memory().start();
        let test = TestStore::open(&server).await;
        let intent = write(2, [WriteTarget::Key(key(1)), WriteTarget::Scope(scope(1))]);
        test.store.begin(&intent).await;
        test.store.fill_new(3, 3).await;
        server.command(&["CONFIG", "SET", "maxmemory", "1"]);
        assert_eq!(test.store.end(&intent).await, WriteEnd::Ended, "{engine:?}");
        assert_eq!(test.store.look(1).await, "miss", "{engine:?}");
        let made_void = test.store.invalidate(WriteTarget::Key(key(3))).await;
        made_void.expect("an answer");
        assert_eq!(test.store.look(3).await, "miss", "{engine:?}");
        // Nothing that grows is allowed.
        let leased = test.store.lookup(key(4), Some(reader(4))).await;
        leased.expect_err("an error");
        let begun = test.store.begin_write(write(5, [WriteTarget::All])).await;
        begun.expect_err("an error");
        // The first command of both steps changes nothing, and a full server accepts it.
        let flags = server.command(&["COMMAND", "INFO", "PERSIST"]);
        assert!(flags.contains("write"), "{engine:?}: {flags}");
        assert!(!flags.contains("denyoom"), "{engine:?}: {flags}");
    }
}

/// Whatever a server evicts, no answer is stale.
#[tokio::test]
async fn evicted_keys_make_no_answer_stale() {
    for engine in Engine::tested() {
        let server = RedisServer::shared(engine);
        for evicted in ["writes", "prune", "entry", "lease"] {
            let context = format!("{engine:?}, {evicted}");
            let test = TestStore::open(server).await;
            let (filled, leased) = (key(1), key(2));
            let earlier = write(8, [WriteTarget::Key(key(8))]);
            test.store.begin(&earlier).await;
            assert_eq!(test.store.end(&earlier).await, WriteEnd::Ended);
            test.store.fill_new(1, 1).await;
            let grant = test.store.lease(2, 2).await;
            let targets = [filled, leased].map(WriteTarget::Key);
            let intent = write(3, targets);
            test.store.begin(&intent).await;
            let name = match evicted {
                "writes" => test.writes(),
                "prune" => test.prune(),
                "entry" => test.entry(1),
                _ => test.entry(2),
            };
            assert_eq!(server.command(&["DEL", &name]), "1", "{context}");
            assert_eq!(test.store.look(1).await, "written", "{context}");
            assert_eq!(test.store.put(2, grant, "old").await, FillOutcome::Refused);
            let is_known = matches!(evicted, "entry" | "lease");
            let expected = if is_known {
                WriteEnd::Ended
            } else {
                WriteEnd::IntentLost
            };
            assert_eq!(test.store.end(&intent).await, expected, "{context}");
            if !is_known {
                // The records are gone, and a grace period begins.
                assert_eq!(test.store.try_lease(9, 9).await, "written", "{context}");
                test.clock.advance(MINUTE);
            }
            assert_eq!(test.store.look(1).await, "miss", "{context}");
            test.store.fill_new(1, 4).await;
            // The next change ends nothing.
            let made_void = test.store.invalidate(WriteTarget::Key(key(7))).await;
            made_void.expect("an answer");
            assert_eq!(test.store.look(1).await, "hit", "{context}");
            // Both keys are there again.
            let fields = server.command(&["HLEN", &test.writes()]);
            let members = server.command(&["ZCARD", &test.prune()]);
            let fields: usize = fields.parse().expect("a number");
            assert_eq!(members, (fields - 6).to_string(), "{context}");
        }
    }
}

#[tokio::test]
async fn foreign_bytes_are_no_entry() {
    for engine in Engine::tested() {
        let server = RedisServer::shared(engine);
        let test = TestStore::open(server).await;
        for foreign in [
            "",
            "abc",
            "\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}",
            "\u{2}",
            "{}",
        ] {
            server.command(&["SET", &test.entry(1), foreign]);
            assert_eq!(test.store.look(1).await, "miss", "{foreign:?}");
            test.store.fill_new(1, 1).await;
            let made_void = test.store.invalidate(WriteTarget::Key(key(1))).await;
            made_void.expect("an answer");
        }
    }
}
