//! The check of the server when a store is opened.

use std::time::Duration;

use tower_conditional_redis::{Error, ErrorKind, RedisIdempotencyStore, Risk};
use tower_conditional_testing::{Engine, RedisOptions, RedisServer};

use crate::support::{PATIENT, connection, text_of};

/// Opens a store with the risks that are accepted.
async fn open(server: &RedisServer, allowed: &[Risk]) -> Result<(), Error> {
    let mut builder = RedisIdempotencyStore::builder().timeout(PATIENT);
    for risk in allowed {
        builder = builder.allow(*risk);
    }
    builder.open(connection(server).await).await.map(drop)
}

async fn refusal(server: &RedisServer, allowed: &[Risk]) -> String {
    let refused = open(server, allowed).await.expect_err("a refusal");
    assert_eq!(refused.kind(), ErrorKind::Refused);
    refused.to_string()
}

#[tokio::test]
async fn a_server_that_may_lose_records_is_refused_by_name() {
    for engine in Engine::tested() {
        open(RedisServer::shared(engine), &[])
            .await
            .expect("a store");

        let server = RedisOptions::new(engine).in_memory();
        let server = server.config("maxmemory-policy", "allkeys-lru").start();
        let text = refusal(&server, &[]).await;
        assert_eq!(
            text,
            "the server cannot keep what the store promises: maxmemory-policy is \
             \"allkeys-lru\", so a full server drops records (set it to \"noeviction\", or allow \
             Risk::Eviction); appendonly is \"no\", so a restart loses records (set it to \
             \"yes\", or allow Risk::NoPersistence)"
        );
        let text = refusal(&server, &[Risk::Eviction]).await;
        assert!(
            !text.contains("Eviction") && text.contains("NoPersistence"),
            "{text}"
        );
        let text = refusal(&server, &[Risk::NoPersistence, Risk::Replica]).await;
        assert!(
            text.contains("Eviction") && !text.contains("NoPersistence"),
            "{text}"
        );
        let both = [Risk::Eviction, Risk::NoPersistence];
        open(&server, &both).await.expect("a store");

        server.command(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
        server.command(&["CONFIG", "SET", "appendonly", "yes"]);
        open(&server, &[]).await.expect("a store");
        // Records have a time to live, so this policy drops them too.
        server.command(&["CONFIG", "SET", "maxmemory-policy", "volatile-ttl"]);
        let text = refusal(&server, &[]).await;
        assert!(text.contains("\"volatile-ttl\""), "{text}");
    }
}

#[tokio::test]
async fn a_replica_is_refused_and_its_primary_is_not() {
    for engine in Engine::tested() {
        let primary = RedisServer::start(engine);
        let replica = primary.start_replica();
        let text = refusal(&replica, &[]).await;
        assert!(
            text.contains("the role of the server is \"slave\""),
            "{text}"
        );
        assert!(text.contains("allow Risk::Replica"), "{text}");
        open(&replica, &[Risk::Replica]).await.expect("a store");
        open(&primary, &[]).await.expect("a store");
        replica.promote();
        open(&replica, &[]).await.expect("a store");
    }
}

/// A user that may not run `INFO` is told so, and can accept that nothing is known.
#[tokio::test]
async fn a_server_of_which_nothing_is_known_is_refused() {
    for engine in Engine::tested() {
        let server = RedisServer::start(engine);
        server.command(&["ACL", "SETUSER", "default", "-info"]);
        let text = refusal(&server, &[Risk::Eviction]).await;
        assert!(
            text.contains("INFO fails with") && text.contains("permission"),
            "{text}"
        );
        assert!(text.contains("allow Risk::UnknownServer"), "{text}");
        open(&server, &[Risk::UnknownServer])
            .await
            .expect("a store");
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_an_error_of_the_connection() {
    let server = RedisServer::start(Engine::Redis);
    let connection = connection(&server).await;
    let builder = RedisIdempotencyStore::builder().timeout(Duration::from_millis(50));
    // No risk that is accepted makes up for an answer.
    let builder = builder.allow(Risk::UnknownServer);
    server.pause();
    let failed = builder.clone().open(connection.clone()).await;
    let failed = failed.expect_err("no answer");
    assert_eq!(failed.kind(), ErrorKind::Connection, "{failed}");
    assert!(
        text_of(&failed).contains("took too long"),
        "{}",
        text_of(&failed)
    );
    server.resume();
    server.kill();
    let failed = builder.open(connection).await.expect_err("no server");
    assert_eq!(failed.kind(), ErrorKind::Connection, "{failed}");
}

#[tokio::test]
async fn a_configuration_that_cannot_work_is_refused_before_anything_is_sent() {
    let server = RedisServer::start(Engine::Redis);
    let connection = connection(&server).await;
    server.kill();
    let open = async |prefix: &str, timeout| {
        let builder = RedisIdempotencyStore::builder();
        let builder = builder.prefix(prefix).timeout(timeout);
        let refused = builder.open(connection.clone()).await.expect_err("a fault");
        assert_eq!(refused.kind(), ErrorKind::InvalidConfig, "{refused}");
    };
    open("{shop}", PATIENT).await;
    open("", PATIENT).await;
    open("shop", Duration::ZERO).await;
}
