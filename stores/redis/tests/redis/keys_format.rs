//! Recorded values of format 1, and values that are no records.

use std::time::Duration;

use bytes::Bytes;
use redis::{Cmd, aio::ConnectionManager};
use tower_conditional::{
    idempotency::{Admission, Fingerprint, Owner, Resolution, SealReason},
    store::{IdempotencyStore, Step, StoreError, StoreErrorKind},
};
use tower_conditional_redis::RedisIdempotencyStore;
use tower_conditional_testing::{Engine, RedisServer};

use crate::{
    record::{StoredRecord, set_value, value},
    support::{claim, clock_at, connection, id, key_name, store_with_clock, text_of},
};

const NOW: u64 = 1_800_000_000_000;

/// A completed record, as version 0.1.0 wrote it on 2026-11-29. It must be read for ever.
const COMPLETED_1: &str = "9c01d92101ababababababababababababababababababababababababababababababababb001010101\
    0101010101010101010101010101000100ce05265c0000cf000001a31d82ac00a7017061696400ff";

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2);
    let byte = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).expect("digits");
        u8::from_str_radix(pair, 16).expect("a byte")
    };
    digits.map(byte).collect()
}

/// The identity of the request in the fixture. Its digest does not depend on the library.
fn fingerprint() -> Fingerprint {
    let mut bytes = [0xab; 33];
    bytes[0] = 1;
    Fingerprint::from(bytes)
}

#[tokio::test]
async fn a_record_of_format_1_is_read_and_written_as_ever() {
    for engine in Engine::tested() {
        let server = RedisServer::shared(engine);
        let (store, prefix) = store_with_clock(server, &clock_at(NOW)).await;
        let connection = connection(server).await;
        let first = tower_conditional::idempotency::Claim::new(fingerprint(), Owner::from([1; 16]));
        let response = Bytes::from_static(b"\x01paid\0\xff");

        store.begin(id(1), first).await.expect("an answer");
        let step = Step::new(id(1), first.owner, 1);
        let completed = store.complete(step, response.clone()).await;
        assert!(completed.is_ok());
        let written = value(&connection, &key_name(&prefix, 1)).await;
        let written = written.expect("a value");
        let hex: String = written.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, COMPLETED_1, "{engine:?}");

        set_value(&connection, &key_name(&prefix, 2), &bytes(COMPLETED_1)).await;
        let replay = store.begin(id(2), first).await.expect("an answer");
        assert_eq!(replay, Admission::Replay(response));
    }
}

async fn set_list(connection: &ConnectionManager, key: &str) {
    let mut command = Cmd::new();
    command.arg("RPUSH").arg(key).arg("an element");
    let answer = command.query_async(&mut connection.clone()).await;
    let _: u64 = answer.expect("an answer");
}

/// The errors of all steps on the record 1.
async fn errors(store: &RedisIdempotencyStore<ConnectionManager>) -> Vec<StoreError> {
    let step = Step::new(id(1), claim(1).owner, 1);
    vec![
        store.begin(id(1), claim(1)).await.expect_err("no record"),
        store
            .renew(step, Duration::from_secs(1))
            .await
            .expect_err("no record"),
        store
            .complete(step, Bytes::new())
            .await
            .expect_err("no record"),
        store.release(step).await.expect_err("no record"),
        store
            .seal(step, SealReason::Policy)
            .await
            .expect_err("no record"),
        store.inspect(id(1)).await.expect_err("no record"),
        store
            .resolve(id(1), 1, Resolution::Release)
            .await
            .expect_err("no record"),
    ]
}

/// Values of another program, of a later version, and damaged ones. They stay as they are.
#[tokio::test]
async fn a_value_that_is_no_record_is_corrupt_and_is_kept() {
    let packed = bytes(COMPLETED_1);
    let changed = |change: fn(&mut StoredRecord)| {
        let mut record = StoredRecord::unpack(&bytes(COMPLETED_1));
        change(&mut record);
        record.pack()
    };
    let mut later = packed.clone();
    assert_eq!(later[1], 1);
    later[1] = 2;
    let cut = (1..packed.len()).map(|length| packed[..length].to_vec());
    let mut values = vec![
        b"".to_vec(),
        b"1".to_vec(),
        b"{\"status\":201}".to_vec(),
        // MessagePack: nil, an empty array, an empty map, an array that lacks its elements.
        vec![0xc0],
        vec![0x90],
        vec![0x80],
        vec![0xdd, 0xff, 0xff, 0xff, 0xff],
        later,
        [&packed[..], &[0x01]].concat(),
        [&packed[..], &packed[..]].concat(),
        changed(|record| record.owner = Vec::new()),
        changed(|record| record.fingerprint = vec![1; 34]),
        changed(|record| record.state = 4),
        changed(|record| record.takes_over = 2),
        changed(|record| record.expires = u64::MAX),
        changed(|record| record.fence = 1 << 53),
    ];
    values.extend(cut);
    for engine in Engine::tested() {
        let server = RedisServer::shared(engine);
        let (store, prefix) = store_with_clock(server, &clock_at(NOW)).await;
        let (connection, key) = (connection(server).await, key_name(&prefix, 1));
        for bad in &values {
            set_value(&connection, &key, bad).await;
            for error in errors(&store).await {
                assert_eq!(
                    error.kind(),
                    StoreErrorKind::Corrupt,
                    "{bad:x?}: {}",
                    text_of(&error)
                );
                let text = text_of(&error);
                assert!(
                    text.contains(&key) && text.contains("delete the value"),
                    "{text}"
                );
            }
            assert_eq!(value(&connection, &key).await.as_ref(), Some(bad));
        }
        server.command(&["DEL", &key]);
        set_list(&connection, &key).await;
        for error in errors(&store).await {
            assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{}", text_of(&error));
        }
        assert_eq!(server.command(&["LRANGE", &key, "0", "-1"]), "an element");
    }
}

/// A reason that a later version added is not taken for another one.
#[tokio::test]
async fn a_seal_of_an_unknown_reason_is_corrupt() {
    let server = RedisServer::shared(Engine::Redis);
    let (store, prefix) = store_with_clock(server, &clock_at(NOW)).await;
    let connection = connection(server).await;
    let mut record = StoredRecord::unpack(&bytes(COMPLETED_1));
    (record.state, record.detail) = (2, 99);
    set_value(&connection, &key_name(&prefix, 1), &record.pack()).await;
    let first = tower_conditional::idempotency::Claim::new(fingerprint(), Owner::from([1; 16]));
    let begun = store.begin(id(1), first).await.expect_err("no reason");
    assert_eq!(begun.kind(), StoreErrorKind::Corrupt);
    let inspected = store.inspect(id(1)).await.expect_err("no reason");
    assert_eq!(inspected.kind(), StoreErrorKind::Corrupt);
}
