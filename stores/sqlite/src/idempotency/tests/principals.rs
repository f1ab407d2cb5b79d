//! One principal against another, and services that share a machine.

use std::{
    convert::Infallible,
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tower::{Layer, ServiceExt, service_fn};
use tower_conditional::{
    IdempotencyLayer,
    body::RequestBody,
    clock::ManualClock,
    idempotency::{Admission, Attempt, IdempotencyKey, KeyScope, Resolution, Update},
    store::IdempotencyStore,
};

use super::{RecordId, SqliteIdempotencyStore, claim, id, step};
use crate::{Database, test_support::TempFile};

type Request = http::Request<RequestBody<Full<Bytes>>>;

/// The user of the session, which authentication has found.
#[derive(Clone)]
struct SessionUser(&'static str);

async fn store() -> SqliteIdempotencyStore {
    let store = SqliteIdempotencyStore::new(Database::in_memory().unwrap());
    store.install().await.unwrap();
    store
}

/// Sends a request as a user. Returns the status, if it is a replay, and the content.
async fn send(
    store: &SqliteIdempotencyStore,
    runs: &Arc<AtomicUsize>,
    user: Option<&'static str>,
) -> (StatusCode, bool, Bytes) {
    let layer = IdempotencyLayer::new(store.clone(), |request: &http::request::Parts| {
        request.extensions.get::<SessionUser>().map(|user| user.0)
    });
    let runs = Arc::clone(runs);
    let service = layer.layer(service_fn(move |request: Request| {
        runs.fetch_add(1, Ordering::SeqCst);
        let attempt = request.extensions().get::<Attempt>().unwrap();
        let user = attempt.scope().principal().unwrap().to_owned();
        async move { Ok::<_, Infallible>(Response::new(Full::from(user))) }
    }));
    let mut request = http::Request::post("/payments")
        .header("idempotency-key", "\"a\"")
        .body(Full::default())
        .unwrap();
    if let Some(user) = user {
        request.extensions_mut().insert(SessionUser(user));
    }
    let answer = service.oneshot(request).await.unwrap();
    let status = answer.status();
    let replayed = answer.headers().contains_key("idempotent-replayed");
    (
        status,
        replayed,
        answer.into_body().collect().await.unwrap().to_bytes(),
    )
}

/// Equal keys of two users are two records, whatever their names have in them.
#[tokio::test]
async fn equal_keys_of_two_users_are_two_records() {
    let (store, runs) = (store().await, Arc::default());
    let users = ["ada", "Ada", "ada ", "ada/", "\0ada", "ad", "adaa"];
    for user in users {
        let first = send(&store, &runs, Some(user)).await;
        assert_eq!(first, (StatusCode::OK, false, Bytes::from(user)));
    }
    for user in users {
        let retry = send(&store, &runs, Some(user)).await;
        assert_eq!(retry, (StatusCode::OK, true, Bytes::from(user)));
    }
    assert_eq!(runs.load(Ordering::SeqCst), users.len());
}

/// P-ID-auth-order: after the end of a session, a retry gets no recorded response.
#[tokio::test]
async fn an_ended_session_gets_no_recorded_response() {
    let (store, runs) = (store().await, Arc::default());
    send(&store, &runs, Some("ada")).await;
    for nobody in [None, Some("")] {
        let (status, replayed, content) = send(&store, &runs, nobody).await;
        assert_eq!((status, replayed), (StatusCode::FORBIDDEN, false));
        assert!(!content.windows(3).any(|part| part == b"ada"));
    }
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

/// An operator who settles the key of one user leaves the same key of another as it is.
#[tokio::test]
async fn settling_a_key_leaves_those_of_other_users() {
    let store = store().await;
    let key = IdempotencyKey::new("a").unwrap();
    let [ada, bob] = ["ada", "bob"].map(|user| RecordId::new(&KeyScope::of_principal(user), &key));
    let lost = claim("a", 1).with_lease(Duration::ZERO);
    for user in [ada, bob] {
        store.begin(user, lost).await.unwrap();
    }
    let settled = store.resolve(ada, 1, Resolution::Seal).await.unwrap();
    assert_eq!(settled, Update::Applied);
    assert!(store.inspect(bob).await.unwrap().unwrap().is_unknown);
    // An old fence does not settle the key again.
    let again = store.resolve(ada, 1, Resolution::Release).await.unwrap();
    assert_eq!(again, Update::Lost);
}

/// A purge removes no record that is still read, of whichever user.
#[tokio::test]
async fn a_purge_leaves_records_that_are_read() {
    let (store, runs) = (store().await, Arc::default());
    for user in ["ada", "bob"] {
        send(&store, &runs, Some(user)).await;
    }
    assert_eq!(store.purge(NonZeroUsize::MAX).await.unwrap(), 0);
    let retry = send(&store, &runs, Some("bob")).await;
    assert_eq!(retry, (StatusCode::OK, true, Bytes::from("bob")));
}

/// The clock is set back by a day: nothing runs again, and a lease lasts longer.
#[tokio::test]
async fn a_clock_that_is_set_back_runs_nothing_again() {
    let day = Duration::from_secs(24 * 60 * 60);
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH + 3 * day);
    let store = store().await.clock(clock.clone());
    for number in [1, 2] {
        store.begin(id(number), claim("a", 1)).await.unwrap();
    }
    let completed = store.complete(step(1, 1, 1), Bytes::from("paid")).await;
    assert_eq!(completed.unwrap(), Update::Applied);
    clock.set(SystemTime::UNIX_EPOCH + 2 * day);
    let replay = store.begin(id(1), claim("a", 2)).await.unwrap();
    assert_eq!(replay, Admission::Replay(Bytes::from("paid")));
    let taking_over = claim("a", 2).with_takeover(true);
    let begun = store.begin(id(2), taking_over).await.unwrap();
    assert!(matches!(begun, Admission::InFlight { .. }), "{begun:?}");
    assert_eq!(store.purge(NonZeroUsize::MAX).await.unwrap(), 0);
}

/// A clock before 1970 stands still for the store, which still runs each request once.
#[tokio::test]
async fn a_clock_before_1970_runs_nothing_twice() {
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH - Duration::from_secs(1000));
    let store = store().await.clock(clock.clone());
    store.begin(id(1), claim("a", 1)).await.unwrap();
    clock.set(SystemTime::UNIX_EPOCH - Duration::from_secs(10));
    let begun = store.begin(id(1), claim("a", 2)).await.unwrap();
    assert!(matches!(begun, Admission::InFlight { .. }), "{begun:?}");
    let completed = store.complete(step(1, 1, 1), Bytes::from("paid")).await;
    assert_eq!(completed.unwrap(), Update::Applied);
    let replay = store.begin(id(1), claim("a", 2)).await.unwrap();
    assert_eq!(replay, Admission::Replay(Bytes::from("paid")));
}

/// Each file is a store of its own.
#[tokio::test]
async fn files_keep_the_keys_of_services_apart() {
    let files = [TempFile::new(), TempFile::new()];
    let runs = Arc::default();
    for file in &files {
        let store = SqliteIdempotencyStore::new(Database::open(file).unwrap());
        store.install().await.unwrap();
        let first = send(&store, &runs, Some("ada")).await;
        assert_eq!(first, (StatusCode::OK, false, Bytes::from("ada")));
    }
}
