//! Stores whose server changes: a virtual address that moves, and Sentinel.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use redis::{
    AsyncConnectionConfig, Client,
    aio::{ConnectionLike, MultiplexedConnection},
    sentinel::{SentinelClient, SentinelServerType},
};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep},
};
use tower_conditional::{
    idempotency::{Admission, Update},
    store::{
        IdempotencyStore, Step, StoreErrorKind,
        validators::{ValidatorStore, WriteTarget},
    },
};
use tower_conditional_redis::{Reconnecting, RedisIdempotencyStore, RedisValidatorStore};
use tower_conditional_testing::{Engine, Protocol, RedisServer, TcpProxy, wait_until};

use crate::support::{PATIENT, builder, claim, id, key_name, patient, prefix, text_of};

/// The store works again by itself within this time.
const WITHIN: Duration = Duration::from_secs(60);

async fn connection_to(
    url: String,
    config: AsyncConnectionConfig,
) -> Reconnecting<MultiplexedConnection> {
    let client = Client::open(url).expect("a URL");
    let connection = Reconnecting::new(move || {
        let (client, config) = (client.clone(), config.clone());
        async move {
            client
                .get_multiplexed_async_connection_with_config(&config)
                .await
        }
    });
    connection.await.expect("a connection")
}

async fn complete<C>(store: &RedisIdempotencyStore<C>, number: u8)
where
    C: ConnectionLike + Clone + Send + Sync + 'static,
{
    let step = Step::new(id(number), claim(1).owner, 1);
    let completed = store.complete(step, Bytes::from_static(b"paid")).await;
    assert_eq!(completed.expect("an answer"), Update::Applied);
}

/// Repeats a claim as a client does, until the store answers.
async fn begin_again<C>(store: &RedisIdempotencyStore<C>, number: u8, owner: u8) -> Admission<Bytes>
where
    C: ConnectionLike + Clone + Send + Sync + 'static,
{
    let began = Instant::now();
    loop {
        match store.begin(id(number), claim(owner)).await {
            Ok(admission) => return admission,
            Err(error) => assert!(began.elapsed() < WITHIN, "{}", text_of(&error)),
        }
        // A real server comes back, and tells nobody.
        sleep(Duration::from_millis(10)).await;
    }
}

/// The old primary still answers, but is a replica now, and the address leads to the new one.
#[tokio::test]
async fn a_store_follows_an_address_that_moves_to_the_promoted_replica() {
    for engine in Engine::tested() {
        let old = RedisServer::start(engine);
        let new = old.start_replica();
        let proxy = TcpProxy::start(Protocol::Redis, old.port());
        let connection = connection_to(proxy.redis_url(), patient()).await;
        let store = builder(&prefix()).open(connection).await.expect("a store");
        let begun = begin_again(&store, 1, 1).await;
        assert!(matches!(begun, Admission::Started { .. }), "{begun:?}");
        complete(&store, 1).await;
        new.wait_until_in_sync_with(&old);

        new.promote();
        old.replicate(new.port());
        old.wait_until_in_sync_with(&new);
        proxy.set_server(new.port());
        // The connection still leads to the old primary, which refuses the step.
        let refused = store.begin(id(2), claim(1)).await.expect_err("read only");
        assert_eq!(refused.kind(), StoreErrorKind::NotApplied);
        // The next one is sent to the new primary.
        let begun = store.begin(id(2), claim(1)).await.expect("an answer");
        assert!(matches!(begun, Admission::Started { .. }), "{begun:?}");
        let replay = store.begin(id(1), claim(2)).await.expect("an answer");
        assert_eq!(replay, Admission::Replay(Bytes::from_static(b"paid")));
    }
}

/// A server that is gone is an error, and is used again once it is back.
#[tokio::test]
async fn a_store_follows_a_server_that_comes_back() {
    for engine in Engine::tested() {
        let server = RedisServer::start(engine);
        let connection = connection_to(server.url(), patient()).await;
        let store = builder(&prefix()).open(connection).await.expect("a store");
        begin_again(&store, 1, 1).await;
        complete(&store, 1).await;
        server.kill();
        for _ in 0..3 {
            let error = store.begin(id(1), claim(2)).await.expect_err("no server");
            assert_eq!(error.kind(), StoreErrorKind::Ambiguous);
        }
        server.restart();
        let replay = begin_again(&store, 1, 2).await;
        assert_eq!(replay, Admission::Replay(Bytes::from_static(b"paid")));
    }
}

/// A server that vanishes without a word is noticed by the timeout of the client.
#[tokio::test]
async fn a_store_leaves_a_server_that_does_not_answer() {
    let old = RedisServer::start(Engine::Redis);
    let new = old.start_replica();
    let proxy = TcpProxy::start(Protocol::Redis, old.port());
    let brief = patient().set_response_timeout(Some(Duration::from_millis(500)));
    let connection = connection_to(proxy.redis_url(), brief).await;
    let store = builder(&prefix()).open(connection).await.expect("a store");
    begin_again(&store, 1, 1).await;
    new.wait_until_in_sync_with(&old);
    old.pause();
    new.promote();
    proxy.set_server(new.port());
    let begun = begin_again(&store, 2, 1).await;
    assert!(matches!(begun, Admission::Started { .. }), "{begun:?}");
    assert_eq!(new.command(&["DBSIZE"]), "2");
}

#[tokio::test]
async fn keys_and_validators_work_again_after_a_fail_over_by_sentinel() {
    for engine in Engine::tested() {
        let primary = RedisServer::start(engine);
        let replica = primary.start_replica();
        let sentinel = primary.start_sentinel();
        let kind = SentinelServerType::Master;
        let client = SentinelClient::build(vec![sentinel.url()], "shop".to_owned(), None, kind);
        let client = Arc::new(Mutex::new(client.expect("a client")));
        let connection = Reconnecting::new(move || {
            let client = Arc::clone(&client);
            async move {
                let mut client = client.lock().await;
                client.get_async_connection_with_config(&patient()).await
            }
        });
        let connection = connection.await.expect("a connection");
        let prefix = prefix();
        let keys = RedisIdempotencyStore::builder().prefix(&*prefix);
        let keys = keys.timeout(PATIENT).open(connection.clone()).await;
        let keys = keys.expect("a store");
        let validators = RedisValidatorStore::builder().prefix(&*prefix);
        let validators = validators.timeout(PATIENT).open(connection).await;
        let validators = validators.expect("a store");
        begin_again(&keys, 1, 1).await;
        complete(&keys, 1).await;
        replica.wait_until_in_sync_with(&primary);

        sentinel.fail_over();
        // Until then the old primary takes writes, which are lost.
        wait_until("a primary that is demoted", || {
            primary.info("role").as_deref() == Some("slave")
        });
        let replay = begin_again(&keys, 1, 2).await;
        assert_eq!(replay, Admission::Replay(Bytes::from_static(b"paid")));
        let begun = begin_again(&keys, 2, 1).await;
        assert!(matches!(begun, Admission::Started { .. }), "{begun:?}");
        let made_void = validators.invalidate(WriteTarget::All).await;
        made_void.expect("an answer");
        let (claimed, written) = (key_name(&prefix, 2), format!("{{{prefix}}}:writes"));
        assert_eq!(replica.command(&["EXISTS", &claimed, &written]), "2");
    }
}

#[tokio::test]
async fn an_address_where_nobody_listens_is_an_error() {
    let server = RedisServer::start(Engine::Redis);
    let url = server.url();
    drop(server);
    let client = Client::open(url).expect("a URL");
    let connected = Reconnecting::new(move || {
        let client = client.clone();
        async move { client.get_multiplexed_async_connection().await }
    });
    let error = connected.await.expect_err("no server");
    assert_eq!(error.kind(), tower_conditional_redis::ErrorKind::Connection);
    assert!(text_of(&error).contains("refused"), "{}", text_of(&error));
}
