//! Settings, servers that are refused, guarantees and rights.

use std::time::Duration;

use tower_conditional::store::validators::{Guarantee, ValidatorStore, WriteEnd, WriteTarget};
use tower_conditional_redis::{ErrorKind, RedisValidatorStore, Risk};
use tower_conditional_testing::{Engine, RedisOptions, RedisServer};

use super::support::{MINUTE, PATIENT, Steps, builder, connect, key, new_clock, new_prefix, write};
use crate::support::connection_of;

/// The documented rights are enough.
#[tokio::test]
async fn the_documented_rights_are_enough() {
    let docs = include_str!("../../../src/validators/mod.rs");
    let rights = docs.split_once("/// ACL SETUSER shop on >PASSWORD ~{shop}:* ");
    let (_, rights) = rights.expect("documented rights");
    let rights = rights.lines().next().expect("a line");
    for engine in Engine::tested() {
        let server = RedisOptions::new(engine).in_memory().start();
        let prefix = new_prefix();
        let keys = format!("~{{{prefix}}}:*");
        let mut rule = vec!["ACL", "SETUSER", "shop", "on", ">secret", &keys];
        rule.extend(rights.split(' '));
        server.command(&rule);
        let clock = new_clock();
        let url = server.url().replace("redis://", "redis://shop:secret@");
        let client = redis::Client::open(url).expect("a URL");
        let connection = connection_of(client).await;
        let store = builder(&prefix, &clock)
            .open(connection)
            .await
            .expect("a store");
        assert_eq!(store.try_lease(1, 1).await, "written");
        clock.advance(MINUTE);
        store.fill_new(1, 1).await;
        let intent = write(2, [WriteTarget::Key(key(1)), WriteTarget::All]);
        store.begin(&intent).await;
        assert_eq!(store.try_lease(1, 3).await, "written");
        assert_eq!(store.end(&intent).await, WriteEnd::Ended);
        let grant = store.lease(1, 4).await;
        store.release(key(1), grant).await.expect("an answer");
        clock.advance(10 * MINUTE);
        let made_void = store.invalidate(WriteTarget::All).await;
        made_void.expect("an answer");
    }
}

#[tokio::test]
async fn the_guarantee_is_that_of_the_deployment() {
    let server = RedisOptions::new(Engine::Redis).in_memory().start();
    let builder = || {
        RedisValidatorStore::builder()
            .timeout(PATIENT)
            .prefix("guarantee")
    };
    let bounded = builder().max_entry_ttl(Duration::from_secs(7));
    let bounded = bounded.open(connect(&server).await).await.expect("a store");
    assert_eq!(
        bounded.guarantee(),
        Guarantee::Bounded(Duration::from_secs(7))
    );
    let strict = builder().without_failover();
    let strict = strict.open(connect(&server).await).await.expect("a store");
    assert_eq!(strict.guarantee(), Guarantee::Strict);
    let _replica = server.start_replica();
    let refused = builder()
        .without_failover()
        .open(connect(&server).await)
        .await;
    let refused = refused.expect_err("an error");
    assert_eq!(refused.kind(), ErrorKind::Refused);
    assert!(refused.to_string().contains("Risk::Failover"), "{refused}");
    let allowed = builder().without_failover().allow(Risk::Failover);
    let allowed = allowed.open(connect(&server).await).await.expect("a store");
    assert_eq!(allowed.guarantee(), Guarantee::Strict);
    // An eviction policy and no persistence are no risk here.
    server.command(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    builder()
        .open(connect(&server).await)
        .await
        .expect("a store");
}

/// The steps read `INFO`, so a store whose user may not can never work.
#[tokio::test]
async fn a_user_without_info_is_refused_in_any_case() {
    let server = RedisOptions::new(Engine::Redis).in_memory().start();
    server.command(&["ACL", "SETUSER", "default", "-info"]);
    let opened = RedisValidatorStore::builder().timeout(PATIENT);
    let opened = opened.allow(Risk::UnknownServer);
    let refused = opened.open(connect(&server).await).await;
    let refused = refused.expect_err("an error");
    assert_eq!(refused.kind(), ErrorKind::Refused);
    let text = refused.to_string();
    assert!(text.contains("INFO fails with"), "{text}");
    assert!(!text.contains("allow Risk"), "{text}");
}

#[tokio::test]
async fn invalid_settings_are_refused() {
    let server = RedisServer::shared(Engine::Redis);
    let builder = || RedisValidatorStore::builder().prefix(new_prefix());
    let cases = [
        (
            builder().max_entry_ttl(Duration::from_secs(301)),
            "invalid configuration: invalid max_entry_ttl of 301s: it must be between 1 ms and 300s",
        ),
        (
            builder().max_entry_ttl(Duration::ZERO),
            "invalid configuration: invalid max_entry_ttl of 0ns: it must be between 1 ms and 300s",
        ),
        (
            builder().max_write_ttl(Duration::ZERO),
            "invalid configuration: invalid max_write_ttl of 0ns: it must be between 1 ms and \
             86400s",
        ),
        (
            builder().prefix("a{b"),
            "invalid configuration: invalid prefix \"a{b\": braces choose the slot of a cluster, \
             so leave them out",
        ),
    ];
    for (builder, expected) in cases {
        let refused = builder
            .open(connect(server).await)
            .await
            .expect_err("an error");
        assert_eq!(refused.to_string(), expected);
        assert_eq!(refused.kind(), ErrorKind::InvalidConfig);
    }
}
