//! Clients of one site, and the check of each 304.

use std::{
    ops::AddAssign,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header::ETAG};
use http_body_util::{BodyExt, Full};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};
use tower::{Layer, ServiceExt, service_fn, util::BoxCloneService};
use tower_conditional::{
    ValidatorCacheLayer, body::ResponseBody, store::validators::ValidatorStore,
    validator_cache::ValidatorCache,
};

use crate::{
    seeded::Draw,
    site::{self, Content, MANNERS, Manner, PATHS, Versions},
    slow_store::SlowStore,
};

const CLIENTS: u64 = 8;

type Service = BoxCloneService<
    Request<Full<Bytes>>,
    Response<ResponseBody<Content>>,
    std::convert::Infallible,
>;

/// A site behind a cache.
pub(crate) struct World<S> {
    store: Arc<SlowStore<S>>,
    versions: Arc<Versions>,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) hits: u64,
    pub(crate) stale: u64,
    reads: u64,
    writes: u64,
    refused: u64,
    disconnected: u64,
    panicked: u64,
    faults: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.hits += other.hits;
        self.stale += other.stale;
        self.reads += other.reads;
        self.writes += other.writes;
        self.refused += other.refused;
        self.disconnected += other.disconnected;
        self.panicked += other.panicked;
        self.faults += other.faults;
    }
}

impl Counts {
    /// Returns `true` if everything but a stale 304 has happened so often.
    pub(crate) fn are_all_at_least(&self, least: u64) -> bool {
        let ends = [
            self.reads,
            self.writes,
            self.refused,
            self.disconnected,
            self.panicked,
            self.faults,
        ];
        ends.iter().all(|count| *count >= least)
    }
}

impl<S: ValidatorStore> World<S> {
    pub(crate) fn new(store: SlowStore<S>) -> Self {
        Self {
            store: Arc::new(store),
            versions: Arc::default(),
            counts: Arc::default(),
        }
    }

    fn service(&self, seed: u64) -> Service {
        let cache = ValidatorCache::new(Arc::clone(&self.store))
            .ttl(Duration::from_secs(5))
            .write_ttl(Duration::from_secs(1))
            .store_timeout(Duration::from_millis(20));
        let layer = ValidatorCacheLayer::new(cache)
            .tags(site::tags)
            .collapse(Duration::from_millis(5));
        let draw = Arc::new(Mutex::new(Draw::new(seed)));
        let versions = Arc::clone(&self.versions);
        let handler = service_fn(move |request| {
            let (versions, pauses) = (Arc::clone(&versions), Arc::clone(&draw));
            let manner = {
                let mut draw = draw.lock().unwrap();
                if draw.below(8) == 0 {
                    draw.pick(&MANNERS)
                } else {
                    Manner::AtOnce
                }
            };
            let pause = move || {
                let millis = pauses.lock().unwrap().below(4);
                async move {
                    if millis > 0 {
                        // The clock is paused, so this is a place in the order of steps.
                        sleep(Duration::from_millis(millis - 1)).await;
                    }
                }
            };
            async move { site::respond(&versions, request, manner, pause).await }
        });
        BoxCloneService::new(layer.layer(handler))
    }

    /// Sends requests until there were so many.
    pub(crate) async fn run(self, seed: u64, requests: u64) -> Counts {
        let service = self.service(seed);
        let mut clients = JoinSet::new();
        for client in 0..CLIENTS {
            let client = Client {
                service: service.clone(),
                versions: Arc::clone(&self.versions),
                counts: Arc::clone(&self.counts),
                draw: Draw::new(seed ^ ((client + 1) << 32)),
            };
            clients.spawn(client.run(requests / CLIENTS));
        }
        clients.join_all().await;
        let mut counts = *self.counts.lock().unwrap();
        counts.faults = self.store.faults();
        counts
    }
}

struct Client {
    service: Service,
    versions: Arc<Versions>,
    counts: Arc<Mutex<Counts>>,
    draw: Draw,
}

impl Client {
    async fn run(mut self, requests: u64) {
        for _ in 0..requests {
            self.request().await;
            let pause = match self.draw.below(500) {
                0 => 3_000,
                few @ 1..100 => few % 10,
                _ => 0,
            };
            // The clock is paused, so this moves it.
            sleep(Duration::from_millis(pause)).await;
        }
    }

    async fn request(&mut self) {
        let path = self.draw.pick(&PATHS);
        let is_read = self.draw.below(12) > 0;
        // Everything that was committed before now must be seen.
        let before = self.versions.of(path);
        let method = match is_read {
            true => "GET",
            false if self.draw.coin() => "PUT",
            false => "DELETE",
        };
        let mut request = Request::builder().uri(path).method(method);
        if is_read && self.draw.below(8) > 0 {
            // Every entry is one that the client has.
            request = request.header("if-none-match", "*");
        }
        let request = request.body(Full::default()).expect("a request");
        let patience = if self.draw.below(8) == 0 {
            self.draw.below(30)
        } else {
            10_000
        };
        let service = self.service.clone();
        let exchange = tokio::spawn(timeout(Duration::from_millis(patience), async move {
            let response = service.oneshot(request).await.expect("a response");
            let (head, content) = response.into_parts();
            let _ = content.collect().await;
            head
        }));
        let exchange = exchange.await;
        let mut counts = self.counts.lock().unwrap();
        *(if is_read {
            &mut counts.reads
        } else {
            &mut counts.writes
        }) += 1;
        match exchange {
            Err(_) => counts.panicked += 1,
            Ok(Err(_)) => counts.disconnected += 1,
            Ok(Ok(head)) if head.status == StatusCode::SERVICE_UNAVAILABLE => counts.refused += 1,
            Ok(Ok(head)) if head.status == StatusCode::NOT_MODIFIED => {
                let tag = head.headers[ETAG].to_str().expect("a tag");
                let version: u64 = tag.trim_matches('"').parse().expect("a version");
                counts.hits += 1;
                counts.stale += u64::from(version < before);
            }
            Ok(Ok(_)) => {}
        }
    }
}
