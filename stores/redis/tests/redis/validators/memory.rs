//! Memory of the server, and round trips.

use std::time::Duration;

use tower_conditional::store::validators::{ValidatorStore, WriteTarget};
use tower_conditional_testing::{Engine, RedisOptions, RedisServer};

use super::support::{Steps, TestStore, entry, key, reader, scope, write};

/// Returns a new target.
fn target(number: u32) -> WriteTarget {
    let mut bytes = [9; 32];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    WriteTarget::Key(bytes.into())
}

fn number(text: &str) -> usize {
    text.parse()
        .unwrap_or_else(|_| panic!("{text:?} is no number"))
}

#[tokio::test]
async fn records_of_old_writes_are_removed() {
    for engine in Engine::tested() {
        let server = RedisOptions::new(engine).in_memory().start();
        let test = TestStore::open(&server).await;
        let size = || number(&server.command(&["HLEN", &test.writes()]));
        for step in 0..100 {
            let targets = (step * 1000..(step + 1) * 1000).map(target);
            let intent = write(u64::from(step), targets);
            test.store.begin(&intent).await;
            let _ = test.store.end(&intent).await;
        }
        assert_eq!(size(), 100_006);
        // The announcements ended, and five minutes later they count no more.
        test.pass(303);
        for step in 0..50 {
            let targets = (200_000 + step * 1000..200_000 + (step + 1) * 1000).map(target);
            test.store.begin(&write(u64::from(step), targets)).await;
        }
        assert!(size() < 55_000, "{engine:?}: {}", size());
        test.pass(400);
        // The smallest changes also remove more than they add.
        let before = size();
        for _ in 0..100 {
            test.store
                .invalidate(WriteTarget::All)
                .await
                .expect("an answer");
        }
        assert_eq!(size(), before + 1 - 100 * 18);
        let members = number(&server.command(&["ZCARD", &test.prune()]));
        assert_eq!(members, size() - 6);
    }
}

/// The figures of the documentation.
#[tokio::test]
async fn an_entry_and_a_written_target_take_the_documented_memory() {
    let server = RedisOptions::new(Engine::Redis).in_memory().start();
    let test = TestStore::open(&server).await;
    let used = |name: &str| number(&server.command(&["MEMORY", "USAGE", name, "SAMPLES", "0"]));
    let tag = "0123456789abcdef0123456789abcdef";
    let grant = test.store.lease(1, 1).await;
    let lease = used(&test.entry(1));
    let filled = entry(tag).with_scopes([scope(1)]);
    test.store
        .fill(key(1), grant, filled)
        .await
        .expect("an answer");
    let entry = used(&test.entry(1));
    for step in 0..10 {
        let intent = write(
            step,
            (step as u32 * 1000..(step as u32 + 1) * 1000).map(target),
        );
        test.store.begin(&intent).await;
        let _ = test.store.end(&intent).await;
    }
    let written = (used(&test.writes()) + used(&test.prune())) / 10_000;
    assert!((150..250).contains(&lease), "a lease takes {lease} bytes");
    assert!((250..350).contains(&entry), "an entry takes {entry} bytes");
    assert!(
        (180..280).contains(&written),
        "a target takes {written} bytes"
    );
}

#[tokio::test]
async fn keys_are_freed_by_the_server() {
    let server = RedisServer::shared(Engine::Redis);
    let test = TestStore::open(server).await;
    let left = || number(&server.command(&["PTTL", &test.entry(1)]));
    let grant = test.store.lease(1, 1).await;
    assert!((60_000..=62_000).contains(&left()), "{}", left());
    test.store.put(1, grant, "a").await;
    assert!((60_000..=62_000).contains(&left()), "{}", left());
    // A longer lease stays for as long.
    let made_void = test.store.invalidate(WriteTarget::All).await;
    made_void.expect("an answer");
    let longer = reader(2).with_ttl(Duration::from_secs(100));
    let found = test.store.lookup(key(1), Some(longer)).await;
    found.expect("an answer");
    assert!((100_000..=102_000).contains(&left()), "{}", left());
    let keys = server.command(&["KEYS", &format!("{{{}}}*", test.prefix)]);
    assert_eq!(keys.lines().count(), 3, "{keys}");
}

/// The number of scripts that the server was asked to run.
pub(super) fn calls(server: &RedisServer) -> usize {
    let calls_of = |name: &str| {
        let stats = server.info(&format!("cmdstat_{name}")).unwrap_or_default();
        let calls = stats
            .split(',')
            .find_map(|part| part.strip_prefix("calls="));
        calls.map_or(0, number)
    };
    calls_of("evalsha") + calls_of("eval")
}

#[tokio::test]
async fn each_step_is_one_round_trip() {
    for engine in Engine::tested() {
        let server = RedisOptions::new(engine).in_memory().start();
        let test = TestStore::open(&server).await;
        let intent = write(2, [WriteTarget::All, WriteTarget::Key(key(1))]);
        for round in 0..2 {
            let before = calls(&server);
            let grant = test.store.lease(1, 10 + round).await;
            test.store.put(1, grant, "a").await;
            assert_eq!(test.store.look(1).await, "hit");
            test.store.begin(&intent).await;
            let _ = test.store.end(&intent).await;
            let grant = test.store.lease(1, 20 + round).await;
            test.store.release(key(1), grant).await.expect("an answer");
            let made_void = test.store.invalidate(WriteTarget::All).await;
            made_void.expect("an answer");
            // A script is sent once more before the server has it.
            if round == 1 {
                assert_eq!(calls(&server) - before, 8, "{engine:?}");
            }
        }
    }
}
