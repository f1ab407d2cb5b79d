//! Writes that go on without their client, and the caches that are purged after them.

use std::{
    convert::Infallible,
    mem,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router, body::Body, extract::State, response::IntoResponse, response::Response, routing::any,
};
use http::{Method, Request, StatusCode, header, request::Parts};
use tokio::sync::Notify;
use tower::{BoxError, Service, ServiceBuilder};
use tower_conditional::{
    CacheTagsLayer, IdempotencyLayer, PreconditionLayer, ValidatorCacheLayer,
    cache_tags::{CacheTags, TagField},
    detached::Detached,
    lock::KeyedLock,
    purge::{Purge, PurgeQueue},
    stack,
    store::{MemoryIdempotencyStore, MemoryValidatorStore},
    validator_cache::ValidatorCache,
};
use tower_http::timeout::TimeoutLayer;

use crate::support::{Fields, send};

const KEYED: Fields<'_> = &[("idempotency-key", "\"a\"")];

/// A handler that waits in the middle of its write, and the purges of a cache in front of it.
#[derive(Clone)]
struct Journal {
    entries: Arc<Mutex<Vec<String>>>,
    begun: Arc<Notify>,
    go_on: Arc<Notify>,
    status: StatusCode,
    /// The work that goes on without its client.
    unfinished: Detached,
    /// `true` if the handler itself detaches its write.
    detaches: bool,
    queue: PurgeQueue,
}

impl Journal {
    fn new(status: StatusCode) -> Self {
        let entries = Arc::<Mutex<Vec<String>>>::default();
        let purged = Arc::clone(&entries);
        let queue = PurgeQueue::new(move |purge: Purge| {
            let tags = purge.tags().map(ToString::to_string);
            let targets = purge.targets().map(ToString::to_string);
            let names: Vec<_> = tags.chain(targets).collect();
            purged.lock().unwrap().push(names.join(" "));
            async { Ok::<_, Infallible>(()) }
        });
        Self {
            entries,
            begun: Arc::default(),
            go_on: Arc::default(),
            status,
            unfinished: Detached::new(),
            detaches: false,
            queue,
        }
    }

    fn tags(&self) -> CacheTagsLayer<CacheTags> {
        CacheTagsLayer::new(CacheTags::of(["orders"]).unwrap())
            .fields([TagField::Xkey])
            .purge(self.queue.clone())
    }

    fn router(&self) -> Router {
        let router = Router::new().route("/", any(perform));
        router.with_state(self.clone())
    }

    /// Each way in which a write goes on, with `outside` and then the tags around it.
    fn apps(&self, outside: impl Fn(Router) -> Router) -> [(&'static str, Router); 4] {
        let unfinished = || self.unfinished.clone();
        let keys =
            IdempotencyLayer::for_anyone(MemoryIdempotencyStore::new()).methods([Method::PUT]);
        let cache = ValidatorCache::new(MemoryValidatorStore::new()).detached(unfinished());
        let path = |request: &Parts| Some(request.uri.path().to_owned());
        let locks = PreconditionLayer::handler_checks().lock(KeyedLock::new(), path);
        let own = Self {
            detaches: true,
            ..self.clone()
        };
        [
            (
                "keys",
                self.router()
                    .layer(stack().idempotency(keys.detached(unfinished()))),
            ),
            (
                "validators",
                self.router()
                    .layer(stack().validators(ValidatorCacheLayer::new(cache))),
            ),
            ("lock", self.router().layer(locks.detached(unfinished()))),
            ("own", own.router()),
        ]
        .map(|(case, app)| (case, outside(app).layer(self.tags())))
    }

    /// Sends a write and leaves in its middle. Then the write goes on to its end.
    async fn leave_and_finish<S, B>(&self, app: &S)
    where
        S: Service<Request<Body>, Response = Response<B>, Error: Into<BoxError>> + Clone,
        B: http_body::Body<Error: Into<BoxError>>,
    {
        tokio::select! {
            biased;
            _ = send(app, "PUT", "/", KEYED) => panic!("it waits"),
            () = self.begun.notified() => {}
        }
        self.finish().await;
    }

    async fn finish(&self) {
        self.queue.flush().await;
        self.go_on.notify_one();
        self.unfinished.idle().await;
        self.queue.flush().await;
    }

    fn take(&self) -> Vec<String> {
        mem::take(&mut self.entries.lock().unwrap())
    }
}

async fn perform(State(journal): State<Journal>) -> Response {
    let write = {
        let journal = journal.clone();
        async move {
            journal.begun.notify_one();
            journal.go_on.notified().await;
            journal.entries.lock().unwrap().push("written".to_owned());
        }
    };
    if journal.detaches {
        journal.unfinished.finish(write).await;
    } else {
        write.await;
    }
    let mut response = (journal.status, [(header::LOCATION, "/7")]).into_response();
    let tags = CacheTags::of(["author"]).unwrap();
    response.extensions_mut().insert(tags);
    response
}

/// R-9111-4.4-a: a write is purged at its end, with all that its response names. Its client has left
/// before, which purges at once: the end may never come.
#[tokio::test]
async fn a_write_that_goes_on_is_purged_at_its_end() {
    let journal = Journal::new(StatusCode::CREATED);
    for (case, app) in journal.apps(|app| app) {
        journal.leave_and_finish(&app).await;
        // Nobody sees the response of a handler that was dropped.
        let purge = match case {
            "own" => "orders /",
            _ => "author orders / /7",
        };
        assert_eq!(journal.take(), ["orders /", "written", purge], "{case}");
    }
}

/// A buffer calls its service in a task of its own. The response is still polled inside of the tags.
#[tokio::test]
async fn a_write_behind_a_buffer_is_purged_at_its_end() {
    let journal = Journal::new(StatusCode::CREATED);
    let keys = IdempotencyLayer::for_anyone(MemoryIdempotencyStore::new()).methods([Method::PUT]);
    let app = ServiceBuilder::new()
        .layer(journal.tags())
        .buffer(1)
        .layer(keys.detached(journal.unfinished.clone()))
        .service(journal.router());
    journal.leave_and_finish(&app).await;
    let expected = ["orders /", "written", "author orders / /7"];
    assert_eq!(journal.take(), expected);
}

/// R-9111-4.4-a: nor do the tags inside of the buffer. They tell those outside that the write goes on.
#[tokio::test]
async fn tags_on_both_sides_of_a_buffer_are_purged_at_the_end() {
    let [outer, inner] = [(); 2].map(|()| Journal::new(StatusCode::CREATED));
    let keys = IdempotencyLayer::for_anyone(MemoryIdempotencyStore::new()).methods([Method::PUT]);
    let app = ServiceBuilder::new()
        .layer(outer.tags())
        .buffer(1)
        .layer(inner.tags())
        .layer(keys.detached(inner.unfinished.clone()))
        .service(inner.router());
    inner.leave_and_finish(&app).await;
    outer.queue.flush().await;
    let at_the_end = "author orders / /7";
    assert_eq!(inner.take(), ["orders /", "written", at_the_end]);
    assert_eq!(outer.take(), ["orders /", at_the_end]);
}

/// R-9111-4.4-b: a write that was refused at its end has changed nothing. Of work without a
/// response that is not known.
#[tokio::test]
async fn a_write_that_goes_on_and_is_refused_is_not_purged_again() {
    let journal = Journal::new(StatusCode::CONFLICT);
    for (case, app) in journal.apps(|app| app) {
        journal.leave_and_finish(&app).await;
        let purges = journal.take().split_off(2);
        assert_eq!(
            purges.len(),
            usize::from(case == "own"),
            "{case}: {purges:?}"
        );
    }
}

/// R-9111-4.4-b: after a timeout the write may have happened, and it may happen later.
#[tokio::test(start_paused = true)]
async fn a_write_that_outlives_a_timeout_is_purged_twice() {
    let journal = Journal::new(StatusCode::NO_CONTENT);
    let limit =
        TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, Duration::from_secs(1));
    for (case, app) in journal.apps(|app| app.layer(limit)) {
        let reply = send(&app, "PUT", "/", KEYED).await;
        assert_eq!(reply.status, 503, "{case}");
        journal.finish().await;
        let entries = journal.take();
        assert_eq!(entries.len(), 3, "{case}: {entries:?}");
        assert_eq!(
            (&*entries[0], &*entries[1]),
            ("orders /", "written"),
            "{case}"
        );
        assert!(entries[2].contains("orders /"), "{case}: {entries:?}");
        journal.begun.notified().await;
    }
}

/// R-9111-4.4-a: the purge of the first response may have been lost with its process, so a replay
/// purges too. The tags of the handler are not recorded.
#[tokio::test]
async fn a_replay_is_purged_without_the_handlers_tags() {
    let journal = Journal::new(StatusCode::CREATED);
    let [(_, app), ..] = journal.apps(|app| app);
    journal.leave_and_finish(&app).await;
    journal.take();
    let replay = send(&app, "PUT", "/", KEYED).await;
    assert_eq!(replay.field("idempotent-replayed"), Some("true"));
    journal.queue.flush().await;
    assert_eq!(journal.take(), ["orders / /7"]);
}
