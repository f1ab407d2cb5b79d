//! The lock, around handlers that do not compare.

use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use tokio::task::JoinSet;
use tower::{Layer, ServiceExt, limit::GlobalConcurrencyLimitLayer};
use tower_conditional::{PreconditionLayer, lock::KeyedLock, source::SelfGet};

use super::{NOTE, creates, updates};
use crate::support::{
    H1, H2, Notes, Server, by_path, in_time,
    race::{Http, Race},
};

const ROUNDS: usize = 200;

async fn assert_no_lost_update(server: &Server, notes: &Notes, lock: &KeyedLock) {
    let race = Race {
        rounds: ROUNDS,
        ..updates(server)
    };
    race.run().await.assert_one_winner_each();
    // The handler of a refused write did not run.
    assert_eq!(notes.writes(), ROUNDS);
    let over_http2 = Race {
        http: Http::Two,
        ..updates(server)
    };
    over_http2.run().await.assert_one_winner_each();
    assert!(lock.is_empty());
}

/// R-9110-13.1-a, R-9110-13.1.1-b
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_and_a_lock_lose_no_update() {
    let (notes, lock) = (Notes::with(NOTE, "first"), KeyedLock::new());
    let layer = PreconditionLayer::new(notes.source()).lock(lock.clone(), by_path);
    let server = Server::start(notes.router().layer(layer)).await;
    assert_no_lost_update(&server, &notes, &lock).await;
}

/// R-9110-13.1-a, R-9110-13.1.1-b: the service itself is the only source of the state.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn self_get_and_a_lock_lose_no_update() {
    let (notes, lock) = (Notes::with(NOTE, "first"), KeyedLock::new());
    let layer =
        PreconditionLayer::self_get(SelfGet::inner_tells_methods_apart().writers_may_read())
            .lock(lock.clone(), by_path);
    let service = layer.layer(notes.router());
    let service = service.map_request(|request: Request<Incoming>| request.map(Body::new));
    let server = Server::start(service).await;
    assert_no_lost_update(&server, &notes, &lock).await;
}

/// R-9110-13.1-a, P-TR-tower: the writer with the lock gets the only permit of an inner limit, for
/// the `GET` and for the write, while others wait.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_around_a_limit_of_one_loses_no_update() {
    let notes = Notes::with(NOTE, "first");
    let limit = GlobalConcurrencyLimitLayer::new(1);
    let service = limit.layer(notes.router());
    let inner =
        PreconditionLayer::self_get(SelfGet::inner_tells_methods_apart().writers_may_read())
            .lock(KeyedLock::new(), by_path);
    let named = PreconditionLayer::self_get(SelfGet::of(service.clone()).writers_may_read())
        .lock(KeyedLock::new(), by_path);
    let into_body = |request: Request<Incoming>| request.map(Body::new);
    let inner = Server::start(inner.layer(service.clone()).map_request(into_body)).await;
    let named = Server::start(named.layer(service).map_request(into_body)).await;
    for server in [inner, named] {
        updates(&server).run().await.assert_one_winner_each();
    }
}

/// R-9110-13.1.2-g, R-9110-13.1-a: of 32 writers that create the same resource, one succeeds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_creator_wins() {
    let (notes, lock) = (Notes::default(), KeyedLock::new());
    let layer = PreconditionLayer::new(notes.source()).lock(lock.clone(), by_path);
    let server = Server::start(notes.router().layer(layer)).await;
    for http in [Http::One, Http::Two] {
        let before = notes.writes();
        let race = Race {
            http,
            path: format!("/created/{http:?}/{{round}}"),
            ..creates(&server)
        };
        let report = race.run().await;
        report.assert_one_winner_each();
        for round in &report.rounds {
            assert_eq!(round.statuses, [(201, 1), (412, 31)].into());
        }
        assert_eq!(notes.writes(), before + race.rounds);
    }
    assert!(lock.is_empty());
}

/// R-9110-13.1-a: the streams of one connection are independent writers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_loses_no_update_on_one_connection() {
    let (notes, lock) = (Notes::with(NOTE, "first"), KeyedLock::new());
    let layer = PreconditionLayer::new(notes.source()).lock(lock.clone(), by_path);
    let server = Server::start(notes.router().layer(layer)).await;
    let mut h2 = H2::connect(&server).await;
    for round in 1..=20 {
        let current = h2.request("GET", NOTE, &[]).await.tag().to_owned();
        let mut streams = JoinSet::new();
        for _ in 0..32 {
            let (mut h2, current) = (h2.clone(), format!("if-match: {current}"));
            streams.spawn(async move { h2.exchange("PUT", NOTE, &[&current], "next").await });
        }
        let mut statuses: Vec<_> = in_time(streams.join_all())
            .await
            .iter()
            .map(|reply| reply.status)
            .collect();
        statuses.sort_unstable();
        assert_eq!((statuses[0], statuses[1], statuses[31]), (200, 412, 412));
        assert_eq!(notes.writes(), round);
    }
    assert!(lock.is_empty());
}

/// R-9110-13.1-a: pipelined writes are performed one after the other.
#[tokio::test]
async fn a_lock_loses_no_update_in_a_pipeline() {
    let (notes, lock) = (Notes::with(NOTE, "first"), KeyedLock::new());
    let layer = PreconditionLayer::new(notes.source()).lock(lock, by_path);
    let server = Server::start(notes.router().layer(layer)).await;
    let mut h1 = H1::connect(&server).await;
    let put = |tag: &str, text: &str| {
        let length = text.len();
        format!(
            "PUT {NOTE} HTTP/1.1\r\nhost: test\r\nif-match: {tag}\r\n\
             content-length: {length}\r\n\r\n{text}"
        )
    };
    let pipeline = [
        ("\"1\"", "a"),
        ("\"1\"", "b"),
        ("\"2\"", "c"),
        ("\"2\"", "d"),
    ];
    let requests = pipeline.map(|(tag, text)| put(tag, text)).concat();
    h1.write(requests.as_bytes()).await;
    for (status, tag) in [
        (200, "\"2\""),
        (412, "\"2\""),
        (200, "\"3\""),
        (412, "\"3\""),
    ] {
        let reply = in_time(h1.reply("PUT")).await.unwrap();
        assert_eq!((reply.status, reply.tag()), (status, tag));
    }
    assert_eq!(notes.text(NOTE).unwrap(), "c");
}
