//! The format of values, which later versions have to read.

use std::time::Duration;

use redis::{Cmd, aio::ConnectionManager};
use tower_conditional::store::validators::{Lookup, ValidatorStore, WriteEnd, WriteTarget};
use tower_conditional_testing::{Engine, RedisOptions, RedisServer};

use super::{
    memory::calls,
    support::{Steps, TestStore, connect, entry, key, reader, scope, write},
};

/// Values of version 1, in hex. The time is 1,800,000,060 seconds, and the stamp is 32 zeros.
const LEASE: &str = "01d920303030303030303030303030303030303030303030303030303030303030303000cf000001a3185d3a60b000000000000000010000000000000000cf000001a3185d6170";
const ENTRY: &str = "01d920303030303030303030303030303030303030303030303030303030303030303000cf000001a3185d3a60b000000000000000010000000000000000cf000001a3185e24c0d94005050505050505050505050505050505050505050505050505050505050505050606060606060606060606060606060606060606060606060606060606060606ad01000000080500000003226122";
const WRITES: &str = "0200cf000001a3185daf91b000000000000000010000000000000000cf000001a3185daf91b000000000000000020000000000000000cf000001a3185daf91";

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<_> = hex
        .chars()
        .map(|digit| digit.to_digit(16).expect("hex"))
        .collect();
    digits
        .chunks(2)
        .map(|pair| (pair[0] * 16 + pair[1]) as u8)
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn value(connection: &mut ConnectionManager, command: &[&[u8]]) -> Vec<u8> {
    let mut sent = Cmd::new();
    for argument in command {
        sent.arg(*argument);
    }
    sent.query_async(connection).await.expect("an answer")
}

/// Returns a store whose epoch has a stamp of zeros.
async fn fixed(server: &RedisServer) -> TestStore {
    let test = TestStore::open(server).await;
    server.command(&["HSET", &test.writes(), "stamp", &"0".repeat(32)]);
    test
}

async fn set(connection: &mut ConnectionManager, name: String, hex: &str) {
    let mut set = Cmd::new();
    set.arg("SET").arg(name).arg(bytes(hex));
    let set: String = set.query_async(connection).await.expect("an answer");
    assert_eq!(set, "OK");
}

#[tokio::test]
async fn values_are_written_as_the_fixtures_are() {
    for engine in Engine::tested() {
        let server = RedisServer::shared(engine);
        let mut connection = connect(server).await;
        let test = fixed(server).await;
        let grant = test.store.lease(1, 1).await;
        let name = test.entry(1);
        let lease = value(&mut connection, &[b"GET", name.as_bytes()]).await;
        assert_eq!(hex(&lease), LEASE, "{engine:?}");
        let entry = entry("a").with_scopes([scope(5), scope(6)]);
        test.store
            .fill(key(1), grant, entry)
            .await
            .expect("an answer");
        let entry = value(&mut connection, &[b"GET", name.as_bytes()]).await;
        assert_eq!(hex(&entry), ENTRY, "{engine:?}");
        for number in [1, 2] {
            test.store
                .begin(&write(number, [WriteTarget::Scope(scope(6))]))
                .await;
        }
        let field = [b"s", &[6; 32][..]].concat();
        let name = test.writes();
        let writes = value(&mut connection, &[b"HGET", name.as_bytes(), &field]).await;
        assert_eq!(hex(&writes), WRITES, "{engine:?}");
    }
}

#[tokio::test]
async fn recorded_values_are_read() {
    for engine in Engine::tested() {
        let server = RedisServer::shared(engine);
        let mut connection = connect(server).await;
        let test = fixed(server).await;
        set(&mut connection, test.entry(1), LEASE).await;
        set(&mut connection, test.entry(2), ENTRY).await;
        assert_eq!(test.store.try_lease(1, 2).await, "taken");
        let grant = test.store.lease(1, 1).await;
        test.store.put(1, grant, "b").await;
        assert_eq!(test.store.look(1).await, "hit");
        test.pass(1);
        match test.store.lookup(key(2), None).await.expect("an answer") {
            Lookup::Hit {
                entry: found,
                age,
                ttl,
            } => {
                assert_eq!(found.encode(), entry("a").validators.encode());
                assert_eq!(
                    (age, ttl),
                    (Duration::from_secs(1), Duration::from_secs(59))
                );
            }
            other => panic!("{other:?}"),
        }
        // The same with another version.
        let other = ENTRY.replacen("01", "02", 1);
        set(&mut connection, test.entry(3), &other).await;
        assert_eq!(test.store.look(3).await, "miss");
        let field = [b"s", &[6; 32][..]].concat();
        let (name, writes) = (test.writes(), bytes(WRITES));
        let mut add = Cmd::new();
        add.arg("HSET").arg(&name).arg(&field).arg(&writes);
        let added: i64 = add.query_async(&mut connection).await.expect("an answer");
        assert_eq!(added, 1);
        let mut add = Cmd::new();
        add.arg("ZADD")
            .arg(test.prune())
            .arg("1900000000000")
            .arg(&field);
        let added: i64 = add.query_async(&mut connection).await.expect("an answer");
        assert_eq!(added, 1);
        // The scope of the entry is written, and its writes can end.
        assert_eq!(test.store.look(2).await, "written");
        for number in [1, 2] {
            let intent = write(number, [WriteTarget::Scope(scope(6))]);
            assert_eq!(test.store.end(&intent).await, WriteEnd::Ended);
        }
        assert_eq!(test.store.look(2).await, "miss");
    }
}

/// An entry whose validators another version has encoded is no entry, so a reader replaces it.
#[tokio::test]
async fn an_entry_of_another_encoding_is_replaced() {
    for engine in Engine::tested() {
        let server = RedisServer::shared(engine);
        let mut connection = connect(server).await;
        let test = fixed(server).await;
        let other = ENTRY.replace("ad01000000", "ad02000000");
        assert_ne!(other, ENTRY);
        set(&mut connection, test.entry(1), &other).await;
        assert_eq!(test.store.look(1).await, "miss", "{engine:?}");
        let found = test.store.lookup(key(1), Some(reader(1))).await;
        let Lookup::Leased { grant, found_stale } = found.expect("an answer") else {
            panic!("{engine:?}: the entry blocks its key");
        };
        assert!(found_stale, "{engine:?}");
        assert_eq!(test.store.try_lease(1, 2).await, "taken", "{engine:?}");
        test.store.put(1, grant, "b").await;
        assert_eq!(test.store.try_lease(1, 2).await, "hit", "{engine:?}");
    }
}

/// A lookup without a lease leaves such an entry to others, and asks the server once.
#[tokio::test]
async fn an_entry_of_another_encoding_is_a_miss_without_a_lease() {
    for engine in Engine::tested() {
        let server = RedisOptions::new(engine).in_memory().start();
        let mut connection = connect(&server).await;
        let test = fixed(&server).await;
        let other = ENTRY.replace("ad01000000", "ad02000000");
        set(&mut connection, test.entry(1), &other).await;
        // The server gets the script.
        assert_eq!(test.store.look(1).await, "miss", "{engine:?}");
        let before = calls(&server);
        assert_eq!(test.store.look(1).await, "miss", "{engine:?}");
        assert_eq!(calls(&server) - before, 1, "{engine:?}");
    }
}
