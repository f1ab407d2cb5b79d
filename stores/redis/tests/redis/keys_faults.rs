//! Servers that stop, restart, are demoted or forget their scripts.

use std::time::Duration;

use bytes::Bytes;
use redis::{Client, aio::ConnectionManager};
use tokio::time::Instant;
use tower_conditional::{
    idempotency::{Admission, Resolution, SealReason, Update},
    store::{IdempotencyStore, Step, StoreErrorKind},
};
use tower_conditional_redis::{ErrorKind, RedisIdempotencyStore, RedisIdempotencyStoreBuilder};
use tower_conditional_testing::{Engine, RedisServer, wait_until};

use crate::support::{
    PATIENT, builder, claim, connection, connection_of, id, prefix, store, text_of,
};

fn step(number: u8, owner: u8, fence: u64) -> Step {
    Step::new(id(number), claim(owner).owner, fence)
}

async fn started(store: &RedisIdempotencyStore<ConnectionManager>, number: u8) {
    let begun = store.begin(id(number), claim(1)).await.expect("an answer");
    assert!(
        matches!(begun, Admission::Started { fence: 1, .. }),
        "{begun:?}"
    );
}

async fn completed(store: &RedisIdempotencyStore<ConnectionManager>, number: u8) {
    started(store, number).await;
    let response = Bytes::from_static(b"paid");
    let completed = store.complete(step(number, 1, 1), response).await;
    assert_eq!(completed.expect("an answer"), Update::Applied);
}

/// Waits until the connection is there again.
async fn reachable(store: &RedisIdempotencyStore<ConnectionManager>) {
    let began = Instant::now();
    while let Err(error) = store.inspect(id(0)).await {
        assert!(began.elapsed() < PATIENT, "{error}");
        tokio::task::yield_now().await;
    }
}

/// A step whose script is missing sends it, in the same step.
#[tokio::test]
async fn scripts_that_were_flushed_are_sent_again() {
    for engine in Engine::tested() {
        let server = RedisServer::start(engine);
        let (store, _) = store(&server).await;
        let flush = || server.command(&["SCRIPT", "FLUSH"]);
        let second = Duration::from_secs(1);
        flush();
        completed(&store, 1).await;
        flush();
        started(&store, 2).await;
        flush();
        let renewed = store.renew(step(2, 1, 1), second).await;
        assert_eq!(renewed.expect("an answer"), Update::Applied);
        flush();
        let sealed = store.seal(step(2, 1, 1), SealReason::Policy).await;
        assert_eq!(sealed.expect("an answer"), Update::Applied);
        flush();
        let released = store.release(step(1, 1, 1)).await;
        assert_eq!(released.expect("an answer"), Update::Lost);
        flush();
        let resolved = store.resolve(id(1), 1, Resolution::Release).await;
        assert_eq!(resolved.expect("an answer"), Update::Lost);
        flush();
        assert!(store.inspect(id(1)).await.expect("an answer").is_some());
        flush();
        let replay = store.begin(id(1), claim(2)).await.expect("an answer");
        assert_eq!(replay, Admission::Replay(Bytes::from_static(b"paid")));
    }
}

/// P-ID-durable-first: what was acknowledged is there after a crash of the server.
#[tokio::test]
async fn records_survive_a_server_that_is_killed() {
    for engine in Engine::tested() {
        let server = RedisServer::start(engine);
        let (store, _) = store(&server).await;
        completed(&store, 1).await;
        started(&store, 2).await;
        server.kill_and_restart();
        reachable(&store).await;
        let replay = store.begin(id(1), claim(2)).await.expect("an answer");
        assert_eq!(replay, Admission::Replay(Bytes::from_static(b"paid")));
        let second = store.begin(id(2), claim(2)).await.expect("an answer");
        assert!(matches!(second, Admission::InFlight { .. }), "{second:?}");
        // The attempt goes on, too.
        let done = store.complete(step(2, 1, 1), Bytes::new()).await;
        assert_eq!(done.expect("an answer"), Update::Applied);
    }
}

/// The docs say so: without its data, the server lets a retry run a second time.
#[tokio::test]
async fn a_server_that_lost_its_data_starts_a_key_again() {
    let server = RedisServer::start(Engine::Redis);
    let (store, _) = store(&server).await;
    completed(&store, 1).await;
    started(&store, 2).await;
    server.kill_and_restart_empty();
    reachable(&store).await;
    started(&store, 1).await;
    let late = store.complete(step(2, 1, 1), Bytes::new()).await;
    assert_eq!(late.expect("an answer"), Update::Lost);
}

/// The docs say so: a replica that lacks a record lets a retry run a second time.
#[tokio::test]
async fn a_promoted_replica_lacks_what_it_had_not_received() {
    for engine in Engine::tested() {
        let primary = RedisServer::start(engine);
        let (store, prefix) = store(&primary).await;
        completed(&store, 1).await;
        let replica = primary.start_replica();
        // The link is cut before the second record is written.
        replica.promote();
        completed(&store, 2).await;
        primary.kill();
        let other = builder(&prefix).open(connection(&replica).await).await;
        let other = other.expect("a store");
        let replay = other.begin(id(1), claim(2)).await.expect("an answer");
        assert_eq!(replay, Admission::Replay(Bytes::from_static(b"paid")));
        started(&other, 2).await;
    }
}

/// A primary that was demoted refuses steps. Nobody takes its answer for a claim.
#[tokio::test]
async fn a_server_that_was_demoted_refuses_every_write() {
    for engine in Engine::tested() {
        let primary = RedisServer::start(engine);
        let (store, _) = store(&primary).await;
        completed(&store, 1).await;
        started(&store, 2).await;
        let replica = primary.start_replica();
        replica.promote();
        primary.replicate(replica.port());
        primary.wait_until_in_sync_with(&replica);
        let refused = store.begin(id(3), claim(1)).await.expect_err("read only");
        assert_eq!(refused.kind(), StoreErrorKind::NotApplied);
        assert!(
            text_of(&refused).contains("read only"),
            "{}",
            text_of(&refused)
        );
        let refused = store.complete(step(2, 1, 1), Bytes::new()).await;
        assert_eq!(
            refused.expect_err("read only").kind(),
            StoreErrorKind::NotApplied
        );
        primary.promote();
        let done = store.complete(step(2, 1, 1), Bytes::new()).await;
        assert_eq!(done.expect("an answer"), Update::Applied);
    }
}

/// Opens a store whose timeout is short for a busy machine.
async fn open_patiently(
    builder: RedisIdempotencyStoreBuilder,
    connection: ConnectionManager,
) -> RedisIdempotencyStore<ConnectionManager> {
    let began = Instant::now();
    loop {
        match builder.clone().open(connection.clone()).await {
            Ok(store) => return store,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
                assert!(began.elapsed() < PATIENT, "{error}");
            }
        }
    }
}

/// A server that hangs is an ambiguous step after the timeout. The claim may count: the same
/// owner asks again.
#[tokio::test]
async fn a_server_that_hangs_is_given_up_after_the_timeout() {
    for engine in Engine::tested() {
        let server = RedisServer::start(engine);
        let prefix = prefix();
        let timeout = Duration::from_millis(150);
        let hasty = builder(&prefix).timeout(timeout);
        let hasty = open_patiently(hasty, connection(&server).await).await;
        let opened = builder(&prefix).open(connection(&server).await).await;
        let patient = opened.expect("a store");

        // The server has the script, so that the next claim is one message.
        completed(&patient, 2).await;
        server.pause();
        let asked = Instant::now();
        let error = hasty.begin(id(1), claim(1)).await.expect_err("a timeout");
        assert_eq!(error.kind(), StoreErrorKind::Ambiguous);
        assert!(asked.elapsed() >= timeout);
        assert!(asked.elapsed() < Duration::from_secs(10));
        server.resume();

        // The claim that timed out was delivered, and belongs to its owner.
        wait_until("the claim on the server", || {
            server.command(&["DBSIZE"]) == "2"
        });
        let second = patient.begin(id(1), claim(2)).await.expect("an answer");
        assert!(matches!(second, Admission::InFlight { .. }), "{second:?}");
        started(&patient, 1).await;
    }
}

/// A server that is gone gives an error, and the store works once it is back.
#[tokio::test]
async fn a_server_that_was_stopped_is_used_again_once_it_is_back() {
    for engine in Engine::tested() {
        let server = RedisServer::start(engine);
        let (store, _) = store(&server).await;
        completed(&store, 1).await;
        server.stop();
        for _ in 0..3 {
            let error = store.begin(id(1), claim(2)).await.expect_err("no server");
            assert_eq!(error.kind(), StoreErrorKind::Ambiguous);
        }
        server.restart();
        reachable(&store).await;
        let replay = store.begin(id(1), claim(2)).await.expect("an answer");
        assert_eq!(replay, Admission::Replay(Bytes::from_static(b"paid")));
    }
}

/// The rights in the docs of the store are enough, and those of other prefixes are not.
#[tokio::test]
async fn the_rights_in_the_docs_are_enough() {
    for engine in Engine::tested() {
        let server = RedisServer::start(engine);
        let rights = "on >secret ~shop:* +evalsha +eval +info +time +get +set +pexpire";
        let mut command = vec!["ACL", "SETUSER", "shop"];
        command.extend(rights.split_whitespace());
        server.command(&command);
        let url = format!("redis://shop:secret@127.0.0.1:{}", server.port());
        let client = Client::open(url).expect("a URL");
        let open = async |prefix: &str| {
            let connection = connection_of(client.clone()).await;
            let opened = builder(prefix).open(connection).await;
            opened.expect("a store")
        };
        let store = open("shop").await;
        completed(&store, 1).await;
        let renewed = store.renew(step(1, 1, 1), Duration::from_secs(1)).await;
        assert_eq!(renewed.expect("an answer"), Update::Lost);
        assert!(store.inspect(id(1)).await.expect("an answer").is_some());
        let resolved = store.resolve(id(1), 1, Resolution::Seal).await;
        assert_eq!(resolved.expect("an answer"), Update::Lost);
        let other = open("other").await;
        let refused = other.begin(id(1), claim(1)).await.expect_err("no right");
        assert_eq!(refused.kind(), StoreErrorKind::Ambiguous);
        assert_eq!(server.command(&["KEYS", "other*"]), "");
    }
}
