//! The layer around handlers that count how often they run.

mod alarms;
mod announcements;
mod bodies;
mod collapse;
mod disconnected;
mod feeds;
mod fills;
mod holds;
mod hostile;
mod keys;
mod leaders;
mod limited_reads;
mod operator;
mod outages;
mod outcomes;
mod peers;
mod places;
mod principals;
mod reads;
mod renewals;
mod response_targets;
mod sampler;
mod settings;
mod spellings;
mod step_store;
mod targets;
mod unanswered;
mod writes;

use std::{
    convert::Infallible,
    future::{Future, ready},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, UNIX_EPOCH},
};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header::ETAG, request::Parts};
use http_body_util::Full;
use step_store::{Fault, StepStore};
use tower::{Layer, Service, ServiceExt, service_fn, util::BoxCloneSyncService};

use super::{ValidatorCache, ValidatorCacheLayer};
use crate::{
    body::ResponseBody,
    cache_tags::CacheTags,
    clock::ManualClock,
    test_support::{Act, ScriptedBody, read_unchecked},
};

type HandlerResponse = Response<ScriptedBody>;
type TestResponse = Response<ResponseBody<ScriptedBody>>;
type TestService = BoxCloneSyncService<Request<Full<Bytes>>, TestResponse, Infallible>;

/// A cache, its store, and one state that every page shows and every write changes.
#[derive(Clone)]
struct Site {
    store: StepStore,
    cache: ValidatorCache<StepStore>,
    clock: ManualClock,
    version: Arc<AtomicUsize>,
    runs: Arc<AtomicUsize>,
}

impl Site {
    fn new() -> Self {
        let clock = ManualClock::new(UNIX_EPOCH + Duration::from_secs(1_800_000_000));
        let store = StepStore::new(&clock);
        Self {
            cache: ValidatorCache::new(store.clone()),
            store,
            clock,
            version: Arc::new(AtomicUsize::new(1)),
            runs: Arc::default(),
        }
    }

    /// Returns a layer without tags.
    fn layer(&self) -> ValidatorCacheLayer<StepStore> {
        ValidatorCacheLayer::new(self.cache.clone()).clock(self.clock.clone())
    }

    /// Returns a layer whose tag is the first segment of the path.
    fn tagged_layer(&self) -> ValidatorCacheLayer<StepStore> {
        self.layer().tags(first_segment)
    }

    /// Returns the current tag.
    fn tag(&self) -> String {
        format!("\"v{}\"", self.version.load(Ordering::SeqCst))
    }

    /// Returns a page with the current tag.
    fn page(&self) -> http::response::Builder {
        Response::builder().header(ETAG, self.tag())
    }

    /// Changes the state.
    fn write(&self) {
        self.version.fetch_add(1, Ordering::SeqCst);
    }

    /// Returns the number of runs since the last call.
    fn runs(&self) -> usize {
        self.runs.swap(0, Ordering::SeqCst)
    }

    /// Answers reads with a page, and performs writes.
    fn respond(&self, request: &Parts) -> HandlerResponse {
        if matches!(request.method.as_str(), "GET" | "HEAD") {
            return self.page().body(content("hello")).unwrap();
        }
        self.write();
        let response = Response::builder().status(StatusCode::NO_CONTENT);
        response.body(content("")).unwrap()
    }

    /// Returns the layer around [`respond`](Self::respond).
    fn service(&self, layer: &ValidatorCacheLayer<StepStore>) -> TestService {
        self.serve(layer, Self::respond)
    }

    /// Returns the layer around a handler that answers at once.
    fn serve(
        &self,
        layer: &ValidatorCacheLayer<StepStore>,
        respond: impl Fn(&Self, &Parts) -> HandlerResponse + Clone + Send + Sync + 'static,
    ) -> TestService {
        self.serve_async(layer, move |site, request| ready(respond(&site, &request)))
    }

    /// Returns the layer around a handler that waits.
    fn serve_async<F: Future<Output = HandlerResponse> + Send + 'static>(
        &self,
        layer: &ValidatorCacheLayer<StepStore>,
        respond: impl Fn(Self, Parts) -> F + Clone + Send + Sync + 'static,
    ) -> TestService {
        let site = self.clone();
        BoxCloneSyncService::new(layer.layer(service_fn(move |request: Request<_>| {
            site.runs.fetch_add(1, Ordering::SeqCst);
            let response = respond(site.clone(), request.into_parts().0);
            async { Ok::<_, Infallible>(response.await) }
        })))
    }

    /// Returns `true` if the client's tag is answered from the cache.
    async fn is_hit(&self, service: &TestService, path: &str, tag: &str) -> bool {
        let before = self.runs.load(Ordering::SeqCst);
        let is_304 = get_if(service, path, tag).await == StatusCode::NOT_MODIFIED;
        let has_run = self.runs.swap(before, Ordering::SeqCst) != before;
        assert_ne!(is_304, has_run, "{path} {tag}");
        is_304
    }

    /// Fills the entry of a path.
    async fn fill(&self, service: &TestService, path: &str) {
        get(service, path).await;
        assert!(self.is_hit(service, path, &self.tag()).await, "{path}");
        self.runs();
    }
}

fn first_segment(request: &Parts) -> CacheTags {
    let path = crate::target::of(request).path();
    let segment = path.split('/').nth(1).unwrap_or_default();
    CacheTags::of([segment]).expect("a tag")
}

/// Returns content of one frame and known length.
fn content(text: &str) -> ScriptedBody {
    let is_empty = text.is_empty();
    ScriptedBody::sized((!is_empty).then(|| Act::data(text)))
}

fn request(method: &str, path: &str, fields: &[(&str, &str)]) -> Request<Full<Bytes>> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(Full::default()).expect("a request")
}

/// Sends a request and leaves the body of the response unread.
async fn head(service: &TestService, request: Request<Full<Bytes>>) -> TestResponse {
    let mut service = service.clone();
    let service = service.ready().await.expect("a ready service");
    service.call(request).await.expect("a response")
}

/// Sends a request and reads the response to its end.
async fn send(service: &TestService, request: Request<Full<Bytes>>) -> Response<Vec<Act>> {
    head(service, request).await.map(read_unchecked)
}

async fn get(service: &TestService, path: &str) -> Response<Vec<Act>> {
    send(service, request("GET", path, &[])).await
}

/// Sends a `GET` with `If-None-Match`.
async fn get_if(service: &TestService, path: &str, tag: &str) -> StatusCode {
    let request = request("GET", path, &[("if-none-match", tag)]);
    send(service, request).await.status()
}

async fn put(service: &TestService, path: &str) -> StatusCode {
    send(service, request("PUT", path, &[])).await.status()
}
