//! Two readers and two writers in every order that a seed draws, with a pause at every step.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, StatusCode, header::ETAG};
use http_body_util::{BodyExt, Full};
use tokio::task::yield_now;
use tower::{Layer, ServiceExt, service_fn};
use tower_conditional::{
    ValidatorCacheLayer, Validators,
    store::{
        MemoryValidatorStore, StoreError,
        validators::{
            FillOutcome, Grant, Guarantee, LeaseRequest, Lookup, ValidatorEntry, ValidatorKey,
            ValidatorStore, WriteEnd, WriteIntent, WriteTarget,
        },
    },
    validator_cache::ValidatorCache,
};

use crate::{
    naive::CacheAside,
    seeded::Draw,
    site::{self, MANNERS, Versions},
};

const SCHEDULES: u64 = 40_000;

/// Waits for one turn.
async fn pause() {
    let mut has_waited = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut has_waited, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A store with a pause before and after each step.
struct PausingStore<S>(S);

macro_rules! pausing {
    ($($name:ident($($argument:ident: $type:ty),*) -> $output:ty;)*) => {$(
        async fn $name(&self, $($argument: $type),*) -> Result<$output, StoreError> {
            pause().await;
            let answer = self.0.$name($($argument),*).await;
            pause().await;
            answer
        }
    )*};
}

impl<S: ValidatorStore> ValidatorStore for PausingStore<S> {
    pausing! {
        lookup(key: ValidatorKey, lease: Option<LeaseRequest>) -> Lookup<Validators>;
        release(key: ValidatorKey, grant: Grant) -> ();
        fill(key: ValidatorKey, grant: Grant, entry: ValidatorEntry) -> FillOutcome;
        begin_write(intent: WriteIntent) -> ();
        end_write(intent: WriteIntent) -> WriteEnd;
        invalidate(target: WriteTarget) -> ();
    }

    fn try_lookup(
        &self,
        _: ValidatorKey,
        _: Option<LeaseRequest>,
    ) -> Option<Result<Lookup<Validators>, StoreError>> {
        None
    }

    fn max_write_ttl(&self) -> Option<Duration> {
        self.0.max_write_ttl()
    }

    fn guarantee(&self) -> Guarantee {
        self.0.guarantee()
    }
}

/// Runs one schedule, and returns the number of 304s and of stale ones.
async fn run(seed: u64, store: impl ValidatorStore) -> (u64, u64) {
    let mut draw = Draw::new(seed);
    let versions = Arc::new(Versions::default());
    let cache = ValidatorCache::new(PausingStore(store)).namespace(seed.to_string());
    let layer = ValidatorCacheLayer::new(cache).tags(site::tags);
    let (state, mut manners) = (Arc::clone(&versions), Draw::new(seed ^ 1 << 40));
    let manners = Arc::new(std::sync::Mutex::new(move || manners.pick(&MANNERS[..3])));
    let service = layer.layer(service_fn(move |request| {
        let (versions, manner) = (Arc::clone(&state), manners.lock().unwrap()());
        async move { site::respond(&versions, request, manner, pause).await }
    }));
    let hits = Arc::new([const { AtomicU64::new(0) }; 2]);
    let mut actors: Vec<Pin<Box<dyn Future<Output = ()> + Send>>> = Vec::new();
    for actor in 0..4 {
        let (service, versions, hits) = (service.clone(), Arc::clone(&versions), Arc::clone(&hits));
        let (method, requests) = if actor < 2 { ("GET", 4) } else { ("PUT", 1) };
        // A write may begin at any of these pauses.
        let pauses = if actor < 2 { 0 } else { draw.below(60) };
        actors.push(Box::pin(async move {
            for _ in 0..pauses {
                pause().await;
            }
            for _ in 0..requests {
                let before = versions.of("/a/1");
                let request = Request::builder().uri("/a/1").method(method);
                let request = request.header("if-none-match", "*");
                let request: Request<Full<Bytes>> = request.body(Full::default()).unwrap();
                let response = service.clone().oneshot(request).await.expect("a response");
                if response.status() == StatusCode::NOT_MODIFIED {
                    let tag = response.headers()[ETAG].to_str().expect("a tag");
                    let version: u64 = tag.trim_matches('"').parse().expect("a version");
                    hits[0].fetch_add(1, Ordering::Relaxed);
                    hits[1].fetch_add(u64::from(version < before), Ordering::Relaxed);
                }
                let _ = response.into_body().collect().await;
                pause().await;
            }
        }));
    }
    // The turns. A client sometimes disconnects, and detached work has a turn sometimes.
    while !actors.is_empty() {
        let turn = draw.below(actors.len() as u64) as usize;
        let polled = actors[turn]
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        if polled.is_ready() || draw.below(200) == 0 {
            drop(actors.swap_remove(turn));
        }
        if draw.below(6) == 0 {
            yield_now().await;
        }
    }
    (
        hits[0].load(Ordering::Relaxed),
        hits[1].load(Ordering::Relaxed),
    )
}

/// R-9111-4.4-e, R-9111-4.4-b: 40,000 schedules of two readers and two writers have no stale 304.
#[tokio::test(start_paused = true)]
async fn no_schedule_has_a_stale_304() {
    let mut all = 0;
    let store = MemoryValidatorStore::new().max_bytes(1 << 20);
    for seed in 0..SCHEDULES {
        let (hits, stale) = run(seed, store.clone()).await;
        assert_eq!(stale, 0, "seed {seed}");
        all += hits;
    }
    assert!(all > SCHEDULES / 20, "{all}");
}

/// The control, with the same schedules.
#[tokio::test(start_paused = true)]
async fn schedules_find_stale_304s() {
    let mut all = 0;
    for seed in 0..SCHEDULES / 10 {
        all += run(seed, CacheAside::default()).await.1;
    }
    assert!(all > SCHEDULES / 200, "{all}");
}
