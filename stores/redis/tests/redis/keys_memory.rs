//! The memory of records, and a server that has none left.

use bytes::Bytes;
use tower_conditional::{
    idempotency::{Admission, SealReason, Update},
    store::{IdempotencyStore, Step, StoreErrorKind},
};
use tower_conditional_testing::{Engine, RedisOptions, RedisServer};

use crate::support::{claim, id, in_memory, key_name, store, text_of};

fn usage(server: &RedisServer, key: &str) -> usize {
    let usage = server.command(&["MEMORY", "USAGE", key]);
    usage.parse().expect("a number of bytes")
}

/// The figures in the docs of the store.
#[tokio::test]
async fn a_record_takes_about_300_bytes_and_its_response() {
    for engine in Engine::tested() {
        let server = in_memory(engine);
        let (store, prefix) = store(&server).await;
        let key = key_name(&prefix, 1);
        store.begin(id(1), claim(1)).await.expect("an answer");
        let begun = usage(&server, &key);
        let step = Step::new(id(1), claim(1).owner, 1);
        let response = Bytes::from(vec![b'x'; 10_000]);
        let completed = store.complete(step, response).await;
        assert_eq!(completed.expect("an answer"), Update::Applied);
        let completed = usage(&server, &key);
        // The tables of the server add up to 100 bytes for a key.
        assert!((150..300).contains(&begun), "{begun}");
        let in_docs = 10_000 + begun;
        assert!(
            (10_000..in_docs * 5 / 4).contains(&completed),
            "{completed}"
        );
    }
}

/// A full server takes no new key. But what an attempt has done is recorded: its effect has
/// happened, and a retry must not run.
#[tokio::test]
async fn a_full_server_refuses_claims_and_records_what_was_done() {
    for engine in Engine::tested() {
        let server = RedisOptions::new(engine).start();
        let (store, prefix) = store(&server).await;
        for number in 1..=5 {
            store.begin(id(number), claim(1)).await.expect("an answer");
        }
        server.command(&["CONFIG", "SET", "maxmemory", "1"]);

        let refused = store.begin(id(9), claim(1)).await.expect_err("no memory");
        assert_eq!(refused.kind(), StoreErrorKind::NotApplied);
        let text = text_of(&refused);
        assert!(text.contains("maxmemory") || text.contains("OOM"), "{text}");
        assert_eq!(server.command(&["EXISTS", &key_name(&prefix, 9)]), "0");

        let step = |number| Step::new(id(number), claim(1).owner, 1);
        let lease = std::time::Duration::from_secs(60);
        assert_eq!(
            store.renew(step(1), lease).await.expect("an answer"),
            Update::Applied
        );
        let response = Bytes::from(vec![7; 100_000]);
        let completed = store.complete(step(1), response.clone()).await;
        assert_eq!(completed.expect("an answer"), Update::Applied);
        let sealed = store.seal(step(2), SealReason::Policy).await;
        assert_eq!(sealed.expect("an answer"), Update::Applied);
        assert_eq!(
            store.release(step(3)).await.expect("an answer"),
            Update::Applied
        );
        let over = store.renew(step(4), std::time::Duration::ZERO).await;
        assert_eq!(over.expect("an answer"), Update::Applied);
        // A claim that finds a record writes nothing, or is refused.
        let replay = store.begin(id(1), claim(2)).await.expect("an answer");
        assert!(replay == Admission::Replay(response), "{engine:?}");
        let sealed = store.begin(id(2), claim(2)).await.expect("an answer");
        assert_eq!(sealed, Admission::Sealed(SealReason::Policy));
        assert!(store.begin(id(3), claim(2)).await.is_err());
        let unknown = store.begin(id(4), claim(2)).await.expect("an answer");
        assert_eq!(unknown, Admission::Unknown { fence: 1 });
        let in_flight = store.begin(id(5), claim(2)).await.expect("an answer");
        assert!(
            matches!(in_flight, Admission::InFlight { .. }),
            "{in_flight:?}"
        );

        server.command(&["CONFIG", "SET", "maxmemory", "0"]);
        for number in [3, 9] {
            let begun = store.begin(id(number), claim(2)).await.expect("an answer");
            assert!(matches!(begun, Admission::Started { .. }), "{begun:?}");
        }
    }
}
