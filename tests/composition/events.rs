//! The events of the feature `tracing`.

use std::{
    convert::Infallible,
    fmt,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http::{Request, Response, header::IF_MATCH};
use http_body_util::{Empty, Full};
use tower::{Layer, ServiceExt, service_fn};
use tower_conditional::{
    Audit, AuditLayer, CacheTagsLayer, ConditionalLayer, Current, PreconditionLayer, VersionTags,
    cache_tags::{CacheTags, TagField},
    source::{self, SelfGet},
};
#[cfg(feature = "tokio")]
use tower_conditional::{
    cache_tags::CacheTag,
    purge::{Purge, PurgeError, PurgeLimits, PurgeQueue},
};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
    subscriber::set_default,
};

/// Records the text of each event.
#[derive(Clone, Default)]
struct RecordedEvents(Arc<Mutex<Vec<String>>>);

impl Subscriber for RecordedEvents {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = event.metadata().level().to_string();
        event.record(&mut Text(&mut text));
        self.0.lock().unwrap().push(text);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

struct Text<'t>(&'t mut String);

impl Visit for Text<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push_str(&format!(" {field}={value:?}"));
    }
}

async fn handle(_: Request<Empty<Bytes>>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::from("done")))
}

#[tokio::test]
async fn an_unchecked_write_is_reported() {
    let notebook = RecordedEvents::default();
    let _subscribed = set_default(notebook.clone());
    let source = source::from_fn(async |_| VersionTags::plain().number(7));
    let service = PreconditionLayer::new(source).layer(service_fn(handle));
    let write = Request::put("/notes/1").header(IF_MATCH, "\"7\"");
    let response = service
        .oneshot(write.body(Empty::new()).unwrap())
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    let told = notebook.0.lock().unwrap().concat();
    assert!(told.starts_with("WARN"), "{told}");
    assert!(told.contains("PUT") && !told.contains("/notes"), "{told}");
    assert!(told.contains("updates can be lost"), "{told}");
}

/// Issue 12: the path is that of the client, with the prefix. An observer has it, and the log has
/// not.
#[cfg(feature = "axum")]
#[tokio::test]
async fn a_write_below_a_prefix_is_reported_with_its_whole_path() {
    use axum::{Router, body::Body, routing::put};
    use tower_conditional::{
        ObserveLayer,
        observe::{Event, Exchange, Observer},
    };

    #[derive(Clone, Default)]
    struct UncheckedPaths(Arc<Mutex<Vec<String>>>);

    impl Observer for UncheckedPaths {
        fn exchange(&self, _: &Exchange<'_>) {}

        fn event(&self, event: &Event<'_>) {
            if let Event::UncheckedWrite { method, path, .. } = event {
                self.0.lock().unwrap().push(format!("{method} {path}"));
            }
        }
    }

    let notebook = RecordedEvents::default();
    let _subscribed = set_default(notebook.clone());
    let guard = PreconditionLayer::handler_checks();
    let notes = Router::new().route("/notes/{id}", put(|| async {}).route_layer(guard));
    let paths = UncheckedPaths::default();
    let observe = ObserveLayer::new(paths.clone());
    let app = Router::new().nest("/api", notes).layer(observe);
    let write = Request::put("/api/notes/1").header(IF_MATCH, "\"7\"");
    let response = app.oneshot(write.body(Body::empty()).unwrap()).await;
    assert_eq!(response.unwrap().status(), 200);
    assert_eq!(*paths.0.lock().unwrap(), ["PUT /api/notes/1"]);
    let told = notebook.0.lock().unwrap().concat();
    assert!(told.contains("PUT") && !told.contains("/notes"), "{told}");
}

#[tokio::test]
async fn a_source_that_fails_is_reported() {
    let notebook = RecordedEvents::default();
    let _subscribed = set_default(notebook.clone());
    let source = source::from_fn(async |_| Err::<Current, _>("the database is gone"));
    let service = ConditionalLayer::new()
        .source(source)
        .layer(service_fn(handle));
    let read = Request::get("/notes/1").body(Empty::new()).unwrap();
    assert_eq!(service.oneshot(read).await.unwrap().status(), 200);
    let told = notebook.0.lock().unwrap().concat();
    assert!(told.starts_with("WARN"), "{told}");
    assert!(told.contains("the current state is not known"), "{told}");
    assert!(told.contains("the source of validators failed"), "{told}");
}

/// Issue 10, B.3: `Cache-Groups` need not carry more than 32 tags. The service's own `GET` replaces
/// the failed source, so no response shows the failure.
#[tokio::test]
async fn a_source_that_fails_beside_a_self_get_is_reported() {
    let notebook = RecordedEvents::default();
    let _subscribed = set_default(notebook.clone());
    let source =
        source::from_fn(async |_| Err::<Current, _>(std::io::Error::other("no connection")));
    let reads = service_fn(async |_: Request<Empty<Bytes>>| {
        let tag = VersionTags::plain().number(7);
        let response = Response::builder().header("etag", tag.as_header_value());
        Ok::<_, Infallible>(response.body(Full::<Bytes>::from("seven")).unwrap())
    });
    let layer = PreconditionLayer::new(source).with_self_get(SelfGet::of(reads));
    let service = layer.layer(service_fn(handle));
    let request = Request::put("/").header(IF_MATCH, "\"6\"");
    let request = request.body(Empty::new()).unwrap();
    assert_eq!(service.oneshot(request).await.unwrap().status(), 412);
    let told = notebook.0.lock().unwrap().join("\n");
    assert!(told.contains("the current state is not known"), "{told}");
}

#[tokio::test]
async fn tags_that_a_cache_may_not_read_are_reported() {
    let notebook = RecordedEvents::default();
    let _subscribed = set_default(notebook.clone());
    for (most, field, is_told) in [
        (32, TagField::CacheGroups, false),
        (33, TagField::CacheGroups, true),
        (33, TagField::Xkey, false),
    ] {
        let tags = CacheTags::of((0..most).map(|at| at.to_string())).unwrap();
        let layer = CacheTagsLayer::new(tags).fields([field]);
        for write in [false, true] {
            let service = layer.layer(service_fn(handle));
            let method = if write { "PUT" } else { "GET" };
            let request = Request::builder()
                .method(method)
                .uri("/notes")
                .body(Empty::new());
            service.oneshot(request.unwrap()).await.unwrap();
            let told = std::mem::take(&mut *notebook.0.lock().unwrap()).concat();
            assert_eq!(
                told.contains("more cache tags"),
                is_told,
                "{most} {method} {told}"
            );
            assert_eq!(told.contains("cache-groups"), is_told, "{told}");
        }
    }
}

#[cfg(feature = "tokio")]
#[tokio::test]
async fn a_dropped_or_failed_purge_is_reported() {
    let notebook = RecordedEvents::default();
    let _subscribed = set_default(notebook.clone());
    let limits = PurgeLimits::new()
        .max_queued(1)
        .and_then(|limits| limits.max_attempts(1));
    let purger = |_: Purge| async { Err::<(), _>("the cache is gone") };
    let queue = PurgeQueue::with_limits(purger, limits.unwrap());

    let tag = CacheTag::new("article-7").unwrap();
    let target = http::Uri::from_static("/home?token=secret");
    let home = || Purge::new().with_tags([&tag]).with_target(target.clone());
    // An observer of the queue gets the names.
    let counts_the_purge = |told: &str| {
        told.contains("names=2") && !told.contains("article") && !told.contains("home")
    };
    let first = queue.enqueue(home());
    assert_eq!(queue.enqueue(home()).await, Err(PurgeError::Full));
    let told = notebook.0.lock().unwrap().concat();
    assert!(
        told.starts_with("WARN") && told.contains("too many purges"),
        "{told}"
    );
    assert!(counts_the_purge(&told), "{told}");
    notebook.0.lock().unwrap().clear();

    assert_eq!(first.await, Err(PurgeError::Failed));
    let told = notebook.0.lock().unwrap().concat();
    assert!(
        told.contains("ERROR") && told.contains("the cache is gone"),
        "{told}"
    );
    assert!(counts_the_purge(&told), "{told}");
}

#[tokio::test]
async fn a_finding_is_reported_once() {
    let notebook = RecordedEvents::default();
    let _subscribed = set_default(notebook.clone());
    let service =
        AuditLayer::new(Audit::new()).layer(service_fn(|_: Request<Empty<Bytes>>| async {
            let mut response = Response::new(Full::<Bytes>::from("hello"));
            let tag = http::HeaderValue::from_static("unquoted");
            response.headers_mut().insert("etag", tag);
            Ok::<_, Infallible>(response)
        }));
    for _ in 0..2 {
        let read = Request::get("/notes/1").body(Empty::new()).unwrap();
        service.clone().oneshot(read).await.unwrap();
    }
    let told = notebook.0.lock().unwrap();
    let [mistake, advice] = &told[..] else {
        panic!("{told:?}");
    };
    assert!(mistake.starts_with("WARN"), "{mistake}");
    assert!(advice.starts_with("INFO"), "{advice}");
    for part in ["invalid-tag", "RFC 9110", "visible characters"] {
        assert!(mistake.contains(part), "{mistake}");
    }
    assert!(advice.contains("no-policy"), "{advice}");
}

/// P-ID-replay-secrets: what happens to a key is reported with its record, and never with the key.
#[cfg(feature = "tokio")]
#[tokio::test]
async fn the_life_of_a_key_is_reported_without_the_key() {
    use futures_util::FutureExt;
    use tower_conditional::{
        IdempotencyLayer,
        idempotency::{Commit, IdempotencyKey, KeyScope, OnLostAttempt, OnUnrecorded, RecordId},
        store::MemoryIdempotencyStore,
    };

    let notebook = RecordedEvents::default();
    let _subscribed = set_default(notebook.clone());
    let layer = IdempotencyLayer::for_anyone(MemoryIdempotencyStore::new());
    let layer = layer
        .transactional(OnUnrecorded::Report)
        .on_lost_attempt(OnLostAttempt::Resume)
        .on_server_error(Commit::Seal);
    let handler = service_fn(|request: Request<_>| async move {
        let status = match request.uri().path() {
            "/sealed" => 500,
            "/lost" => panic!("lost"),
            _ => 200,
        };
        let response = Response::builder().status(status);
        Ok::<_, Infallible>(response.body(Full::<Bytes>::from("done")).unwrap())
    });
    let service = layer.layer(handler);
    let send = async |path: &str| {
        let request = Request::post(path).header("idempotency-key", format!("\"secret{path}\""));
        let request = request.body(Empty::<Bytes>::new()).unwrap();
        let sent = std::panic::AssertUnwindSafe(service.clone().oneshot(request));
        let _ = sent.catch_unwind().await;
        std::mem::take(&mut *notebook.0.lock().unwrap()).concat()
    };
    for (path, level, text) in [
        ("/orders", "WARN", "outside of its transaction"),
        ("/orders", "DEBUG", "was repeated"),
        ("/sealed", "INFO", "was sealed"),
        ("/lost", "WARN", "reason=\"the handler panicked\""),
    ] {
        let told = send(path).await;
        assert!(told.starts_with(level), "{told}");
        let key = IdempotencyKey::new(&format!("secret{path}")).unwrap();
        let record = RecordId::new(&KeyScope::of_anyone(), &key);
        let record = format!("record=RecordId({record})");
        assert!(told.contains(text) && told.contains(&record), "{told}");
        assert!(!told.contains("secret"), "{told}");
    }
}

/// A handler that overlooks a lost attempt, and a store without room.
#[cfg(feature = "tokio")]
#[tokio::test(start_paused = true)]
async fn mistakes_about_keys_are_reported() {
    use futures_util::FutureExt;
    use tower_conditional::{
        IdempotencyLayer, idempotency::OnLostAttempt, store::MemoryIdempotencyStore,
    };

    let notebook = RecordedEvents::default();
    let _subscribed = set_default(notebook.clone());
    let runs = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let handler = service_fn(move |_: Request<_>| {
        let is_first = runs.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
        async move {
            assert!(!is_first, "lost");
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("done")))
        }
    });
    let resuming = IdempotencyLayer::for_anyone(MemoryIdempotencyStore::new());
    let resuming = resuming.on_lost_attempt(OnLostAttempt::Resume);
    let resuming = resuming.layer(handler.clone());
    let full = IdempotencyLayer::for_anyone(MemoryIdempotencyStore::new().max_bytes(64 << 10));
    let full = full.layer(handler);
    let request = |key: usize| {
        let request = Request::post("/").header("idempotency-key", format!("\"{key}\""));
        request.body(Empty::<Bytes>::new()).unwrap()
    };
    let lost = std::panic::AssertUnwindSafe(resuming.clone().oneshot(request(0)));
    let _ = lost.catch_unwind().await;
    notebook.0.lock().unwrap().clear();
    assert_eq!(resuming.oneshot(request(0)).await.unwrap().status(), 500);
    let told = std::mem::take(&mut *notebook.0.lock().unwrap()).concat();
    assert!(
        told.starts_with("ERROR") && told.contains("without asking"),
        "{told}"
    );
    let mut is_full = false;
    for key in 0..5_000 {
        notebook.0.lock().unwrap().clear();
        is_full = full.clone().oneshot(request(key)).await.unwrap().status() == 503;
        if is_full {
            break;
        }
    }
    assert!(is_full);
    let told = notebook.0.lock().unwrap().concat();
    assert!(
        told.starts_with("WARN") && told.contains("step=\"begin\""),
        "{told}"
    );
}

/// Sends reads whose response has these headers through a cache, and returns the events.
#[cfg(feature = "tokio")]
async fn events_of_reads(status: u16, fields: &'static [(&str, &str)]) -> Vec<String> {
    use tower_conditional::{
        ValidatorCacheLayer, store::MemoryValidatorStore, validator_cache::ValidatorCache,
    };

    let notebook = RecordedEvents::default();
    let _subscribed = set_default(notebook.clone());
    let cache = ValidatorCache::new(MemoryValidatorStore::new());
    let handler = service_fn(move |_: Request<Empty<Bytes>>| {
        let mut response = Response::builder().status(status);
        for (name, value) in fields {
            response = response.header(*name, *value);
        }
        let response = response.body(Full::<Bytes>::from("hello")).unwrap();
        std::future::ready(Ok::<_, Infallible>(response))
    });
    let service = ValidatorCacheLayer::new(cache).layer(handler);
    for _ in 0..3 {
        let read = Request::get("/").header("if-none-match", "\"v1\"");
        let read = service.clone().oneshot(read.body(Empty::new()).unwrap());
        assert_eq!(read.await.unwrap().status(), status);
    }
    let told = notebook.0.lock().unwrap();
    told.clone()
}

/// R-9111-4.1-b: a header in `Vary` that is not declared is reported once, since each response to
/// the route has it.
#[cfg(feature = "tokio")]
#[tokio::test]
async fn an_undeclared_vary_is_reported_once() {
    let told = events_of_reads(200, &[("etag", "\"v1\""), ("vary", "x-theme")]).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("WARN"), "{told:?}");
    assert!(told[0].contains("x-theme"), "{told:?}");
}

/// Mistakes after which nothing is remembered are reported once, and decisions are not.
#[cfg(feature = "tokio")]
#[tokio::test]
async fn the_first_response_that_is_not_remembered_is_reported() {
    type Case = (u16, &'static [(&'static str, &'static str)], &'static str);
    let surprising: [Case; 4] = [
        (200, &[], "no valid entity tag"),
        (200, &[("etag", "\"v2\""), ("set-cookie", "a=b")], "cookie"),
        (
            200,
            &[("etag", "\"v2\""), ("cache-control", "private")],
            "private",
        ),
        (304, &[("etag", "\"v1\"")], "status"),
    ];
    for (status, fields, reason) in surprising {
        let told = events_of_reads(status, fields).await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("INFO"), "{told:?}");
        assert!(told[0].contains(reason), "{told:?}");
    }
    let wanted = events_of_reads(200, &[("etag", "\"v2\""), ("cache-control", "no-store")]).await;
    assert_eq!(wanted, [""; 0]);
    assert_eq!(events_of_reads(404, &[]).await, [""; 0]);
}
