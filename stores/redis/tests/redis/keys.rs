//! The rules of all stores, round trips and large responses.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tower::{Layer, ServiceExt, service_fn};
use tower_conditional::{
    IdempotencyLayer,
    body::RequestBody,
    idempotency::{Admission, Retention, Update},
    store::{IdempotencyStore, Step, contract},
};
use tower_conditional_testing::{Engine, RedisServer};

use crate::support::{
    builder, claim, clock_at, id, in_memory, key_name, patient, prefix, store, store_with_clock,
};

/// P-ID-fencing, P-ID-lease, P-ID-takeover: the rules of all stores.
#[tokio::test(flavor = "multi_thread")]
async fn the_store_keeps_the_rules() {
    for engine in Engine::tested() {
        let server = RedisServer::shared(engine);
        let clock = clock_at(1_800_000_000_000);
        let (store, _) = store_with_clock(server, &clock).await;
        let pass = |time| {
            clock.advance(time);
            std::future::ready(())
        };
        let (store, unit) = (Arc::new(store), Duration::from_secs(10));
        let checked = contract::check_self_freeing(&store, unit, pass).await;
        checked.unwrap_or_else(|violation| panic!("{engine:?}: {violation}"));
    }
}

fn started(admission: &Admission<Bytes>) -> u64 {
    match admission {
        Admission::Started { fence, .. } => *fence,
        other => panic!("the claim is not started: {other:?}"),
    }
}

/// The clock of the server counts without a clock of the test: leases are not over at once, and
/// a lease of zero is.
#[tokio::test]
async fn leases_are_measured_on_the_clock_of_the_server() {
    for engine in Engine::tested() {
        let server = RedisServer::shared(engine);
        let (store, _) = store(server).await;
        let first = store.begin(id(1), claim(1)).await.expect("an answer");
        assert_eq!(started(&first), 1);
        let second = store.begin(id(1), claim(2)).await.expect("an answer");
        match second {
            Admission::InFlight { retry_after } => {
                let lease = Duration::from_secs(30);
                assert!(retry_after > Duration::ZERO && retry_after <= lease);
            }
            other => panic!("{other:?}"),
        }
        let over = claim(1).with_lease(Duration::ZERO);
        store.begin(id(2), over).await.expect("an answer");
        let second = store.begin(id(2), claim(2)).await.expect("an answer");
        assert_eq!(second, Admission::Unknown { fence: 1 });
    }
}

/// The number of scripts that the server ran by `command` since its start.
fn calls(server: &RedisServer, command: &str) -> u64 {
    let stats = server.info(&format!("cmdstat_{command}"));
    let stats = stats.unwrap_or_default();
    let calls = stats
        .split(',')
        .find_map(|part| part.strip_prefix("calls="));
    calls.map_or(0, |calls| calls.parse().expect("a number"))
}

/// Two round trips for a request that runs, and one for its replay.
#[tokio::test]
async fn a_first_run_takes_two_round_trips_and_a_replay_one() {
    for engine in Engine::tested() {
        let server = in_memory(engine);
        let (store, _) = store(&server).await;
        let layer = IdempotencyLayer::for_anyone(store);
        let service = layer.layer(service_fn(async |_: Request<RequestBody<Full<Bytes>>>| {
            let mut response = Response::new(Full::from("paid"));
            *response.status_mut() = StatusCode::CREATED;
            Ok::<_, std::convert::Infallible>(response)
        }));
        let post = async |key: &str| {
            let request = Request::post("/payments").header("idempotency-key", key);
            let request = request.body(Full::default()).expect("a request");
            let response = service.clone().oneshot(request).await.expect("a response");
            let is_replay = response.headers().contains_key("idempotent-replayed");
            let body = response.into_body().collect().await.expect("a body");
            assert_eq!(body.to_bytes(), "paid");
            is_replay
        };
        let counted = || calls(&server, "evalsha") + calls(&server, "eval");

        // The first use of each script takes another round trip, which sends its code.
        assert!(!post("\"first\"").await);
        assert_eq!((calls(&server, "evalsha"), calls(&server, "eval")), (2, 2));
        let before = counted();
        assert!(!post("\"second\"").await);
        assert_eq!(counted() - before, 2);
        assert!(post("\"second\"").await);
        assert_eq!(counted() - before, 3);
    }
}

#[tokio::test]
async fn a_response_of_a_mebibyte_of_any_bytes_is_replayed() {
    for engine in Engine::tested() {
        let server = RedisServer::shared(engine);
        let (store, _) = store(server).await;
        let response: Bytes = (0..1 << 20).map(|byte: u32| byte as u8).collect();
        for (number, response) in [(1, response), (2, Bytes::new())] {
            let begun = store.begin(id(number), claim(1)).await.expect("an answer");
            let step = Step::new(id(number), claim(1).owner, started(&begun));
            let completed = store.complete(step, response.clone()).await;
            assert_eq!(completed.expect("an answer"), Update::Applied);
            let replay = store.begin(id(number), claim(2)).await.expect("an answer");
            assert!(replay == Admission::Replay(response), "{engine:?}");
        }
    }
}

#[tokio::test]
async fn a_record_is_one_key_that_the_server_frees_after_its_retention() {
    for engine in Engine::tested() {
        let server = RedisServer::shared(engine);
        let (store, prefix) = store(server).await;
        let retention = Retention::default().with_tombstone(Duration::from_secs(3_600));
        let first = claim(1).with_retention(retention);
        let begun = store.begin(id(7), first).await.expect("an answer");
        let key = key_name(&prefix, 7);
        assert_eq!(server.command(&["KEYS", &format!("{prefix}*")]), key);
        let left = || -> u64 {
            let left = server.command(&["PTTL", &key]);
            left.parse().expect("milliseconds")
        };
        // The retention and the tombstone, the lease, and a minute.
        let (kept, lease, minute) = (86_400_000 + 3_600_000, 30_000, 60_000);
        assert!((kept + lease..=kept + lease + minute).contains(&left()));
        let step = Step::new(id(7), claim(1).owner, started(&begun));
        let renewed = store.renew(step, Duration::from_secs(300)).await;
        assert_eq!(renewed.expect("an answer"), Update::Applied);
        assert!((kept + 300_000..=kept + 300_000 + minute).contains(&left()));
        let completed = store.complete(step, Bytes::new()).await;
        assert_eq!(completed.expect("an answer"), Update::Applied);
        assert!((kept..=kept + minute).contains(&left()));
        let batch = std::num::NonZeroUsize::MIN;
        assert_eq!(store.purge(batch).await.expect("an answer"), 0);
    }
}

#[tokio::test]
async fn stores_with_other_prefixes_share_nothing_and_clones_share_everything() {
    let server = RedisServer::shared(Engine::Redis);
    let (store, _) = store(server).await;
    let (other, _) = crate::support::store(server).await;
    let clone = store.clone();
    started(&store.begin(id(1), claim(1)).await.expect("an answer"));
    started(&other.begin(id(1), claim(2)).await.expect("an answer"));
    let second = clone.begin(id(1), claim(2)).await.expect("an answer");
    assert!(matches!(second, Admission::InFlight { .. }), "{second:?}");
}

/// Longer times are cut to 1,000 years, and do not fail.
#[tokio::test]
async fn the_longest_times_are_accepted() {
    for engine in Engine::tested() {
        let server = RedisServer::shared(engine);
        let (store, _) = store(server).await;
        let retention = Retention::new(Duration::MAX);
        let longest = claim(1)
            .with_lease(Duration::MAX)
            .with_retention(retention.with_tombstone(Duration::MAX));
        started(&store.begin(id(1), longest).await.expect("an answer"));
        let second = store.begin(id(1), claim(2)).await.expect("an answer");
        assert!(matches!(second, Admission::InFlight { .. }), "{second:?}");
    }
}

/// The answers of the other version of the protocol are read, too. A connection of another type
/// makes a store of another type.
#[tokio::test]
async fn a_connection_may_speak_the_third_version_of_the_protocol() {
    for engine in Engine::tested() {
        let server = in_memory(engine);
        let url = format!("{}/?protocol=resp3", server.url());
        let client = redis::Client::open(url).expect("a URL");
        let connection = client
            .get_multiplexed_async_connection_with_config(&patient())
            .await;
        let clock = clock_at(1_800_000_000_000);
        let builder = builder(&prefix()).clock(clock.clone());
        let opened = builder.open(connection.expect("a connection")).await;
        let store = Arc::new(opened.expect("a store"));
        let pass = |time| {
            clock.advance(time);
            std::future::ready(())
        };
        let checked = contract::check_self_freeing(&store, Duration::from_secs(10), pass).await;
        checked.unwrap_or_else(|violation| panic!("{engine:?}: {violation}"));
        let shown = format!("{store:?}");
        assert!(
            shown.starts_with("RedisIdempotencyStore { prefix: \"test-"),
            "{shown}"
        );
    }
}
