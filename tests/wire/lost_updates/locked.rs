//! With a lock, around handlers that do not compare.

use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use tower::{Layer, ServiceExt};
use tower_conditional::{PreconditionLayer, lock::KeyedLock, source::SelfGet};

use super::{NOTE, creates, updates};
use crate::support::{
    Notes, Server,
    race::{Http, Race},
};

const ROUNDS: usize = 200;

async fn assert_no_lost_update(server: &Server, notes: &Notes, lock: &KeyedLock) {
    let race = Race {
        rounds: ROUNDS,
        ..updates(server)
    };
    race.run().await.assert_one_winner_each();
    // Who was refused did not run.
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
async fn do_not_happen_with_a_source() {
    let (notes, lock) = (Notes::with(NOTE, "first"), KeyedLock::new());
    let layer = PreconditionLayer::new(notes.source()).lock(lock.clone());
    let server = Server::start(notes.router().layer(layer)).await;
    assert_no_lost_update(&server, &notes, &lock).await;
}

/// R-9110-13.1-a, R-9110-13.1.1-b: nothing but the service itself knows the state.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn do_not_happen_with_self_get() {
    let (notes, lock) = (Notes::with(NOTE, "first"), KeyedLock::new());
    let layer = PreconditionLayer::self_get(SelfGet::new()).lock(lock.clone());
    let service = layer.layer(notes.router());
    let service = service.map_request(|request: Request<Incoming>| request.map(Body::new));
    let server = Server::start(service).await;
    assert_no_lost_update(&server, &notes, &lock).await;
}

/// R-9110-13.1.2-g, R-9110-13.1-a: of 32 who create the same, one does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn do_not_happen_to_what_is_created() {
    let (notes, lock) = (Notes::default(), KeyedLock::new());
    let layer = PreconditionLayer::new(notes.source()).lock(lock.clone());
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
