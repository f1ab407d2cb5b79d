//! Remembered tags: no 304 is stale, whoever writes, disconnects or panics.

use std::{
    collections::HashMap,
    convert::Infallible,
    panic::resume_unwind,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::{
    task::{JoinSet, yield_now},
    time::timeout,
};
use tower::{ServiceBuilder, service_fn};
use tower_conditional::{
    ConditionalLayer, EtagLayer, ValidatorCacheLayer, cache_tags::CacheTags,
    store::MemoryValidatorStore, validator_cache::ValidatorCache,
};

use crate::support::{
    Client, Server,
    race::{Connection, Http},
};

const PATHS: [&str; 4] = ["/p/1", "/p/2", "/p/3", "/p/4"];

/// One state that all pages show. Its version only grows.
#[derive(Clone, Default)]
struct Pages(Arc<PageState>);

#[derive(Default)]
struct PageState {
    version: AtomicU64,
    /// Decides which requests fail.
    requests: AtomicUsize,
    reads: AtomicUsize,
    /// The versions of the tags that readers have seen.
    tags: Mutex<HashMap<Bytes, u64>>,
}

impl Pages {
    fn version(&self) -> u64 {
        self.0.version.load(Ordering::SeqCst)
    }

    async fn respond(self, request: Request<Incoming>, fails: bool) -> Response<Full<Bytes>> {
        let number = self.0.requests.fetch_add(1, Ordering::SeqCst);
        yield_now().await;
        let mut response = Response::new(Full::default());
        if request.method() == "GET" {
            self.0.reads.fetch_add(1, Ordering::SeqCst);
            *response.body_mut() = Full::from(self.version().to_string());
            yield_now().await;
            return response;
        }
        if fails && number % 7 == 0 {
            // Without a message.
            resume_unwind(Box::new("before the commit"));
        }
        self.0.version.fetch_add(1, Ordering::SeqCst);
        for _ in 0..number % 5 {
            yield_now().await;
        }
        if fails {
            match number % 11 {
                0 => resume_unwind(Box::new("after the commit")),
                1..4 => *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
                _ => {}
            }
        }
        response
    }

    async fn serve(&self, fails: bool) -> Server {
        let cache = ValidatorCache::new(MemoryValidatorStore::new());
        let pages = self.clone();
        let handler = service_fn(move |request| {
            let response = pages.clone().respond(request, fails);
            async { Ok::<_, Infallible>(response.await) }
        });
        let tags = CacheTags::of(["pages"]).unwrap();
        Server::start(
            ServiceBuilder::new()
                .layer(ConditionalLayer::new())
                .layer(ValidatorCacheLayer::new(cache).tags(tags))
                .layer(EtagLayer::new())
                .service(handler),
        )
        .await
    }

    /// Reads pages, and returns the number of 304s. Checks each of them.
    async fn read(self, server: std::net::SocketAddr, http: Http, reads: usize) -> usize {
        let mut connection = Connection::open(server, http).await;
        let mut tag: Option<header::HeaderValue> = None;
        let mut hits = 0;
        for number in 0..reads {
            let mut request = Request::get(PATHS[number % PATHS.len()]);
            if let Some(tag) = &tag {
                request = request.header(header::IF_NONE_MATCH, tag);
            }
            // A write that was committed before now must be seen, acknowledged or not.
            let before = self.version();
            let request = request.body(Full::default()).unwrap();
            let response = connection
                .exchange(request)
                .await
                .expect("an answer to GET");
            let current = response.headers()[header::ETAG].clone();
            let seen = Bytes::copy_from_slice(current.as_bytes());
            let version = if response.status() == StatusCode::NOT_MODIFIED {
                assert_eq!(Some(&current), tag.as_ref());
                hits += 1;
                self.0.tags.lock().unwrap()[&seen]
            } else {
                let version = str::from_utf8(response.body()).unwrap().parse().unwrap();
                self.0.tags.lock().unwrap().insert(seen, version);
                version
            };
            assert!(
                version >= before,
                "{} of {version} after {before}",
                response.status()
            );
            tag = Some(current);
        }
        hits
    }

    /// Writes pages, and disconnects after a while that differs each time.
    async fn write(self, server: std::net::SocketAddr, http: Http, writes: u64) -> usize {
        let mut acknowledged = 0;
        let mut connection = Connection::open(server, http).await;
        for number in 0..writes {
            let request = Request::put(PATHS[number as usize % PATHS.len()]);
            let request = request.body(Full::from("next")).unwrap();
            let patience = match number % 3 {
                0 => Duration::from_micros(number * 37 % 2_000),
                _ => Duration::from_secs(30),
            };
            match timeout(patience, connection.exchange(request)).await {
                Ok(Ok(response)) => acknowledged += usize::from(response.status().is_success()),
                // Nobody knows what has become of the write.
                Ok(Err(_)) | Err(_) => connection = Connection::open(server, http).await,
            }
        }
        acknowledged
    }
}

/// R-9111-4.4-a, R-9111-4.4-b, R-9111-4.4-e: 24 readers and 6 writers, of which some disconnect and
/// some panic. No 304 is stale.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_304_is_stale() {
    let pages = Pages::default();
    let server = pages.serve(true).await;
    let http = |client: usize| {
        if client % 2 == 0 {
            Http::One
        } else {
            Http::Two
        }
    };
    let mut writers = JoinSet::new();
    for client in 0..6 {
        writers.spawn(pages.clone().write(server.address(), http(client), 60));
    }
    let mut readers = JoinSet::new();
    for client in 0..24 {
        readers.spawn(pages.clone().read(server.address(), http(client), 200));
    }
    let acknowledged: usize = writers.join_all().await.iter().sum();
    let hits: usize = readers.join_all().await.iter().sum();
    assert!(acknowledged > 60, "{acknowledged}");
    assert!(hits > 500, "{hits}");
    // Some of the 304s were made by the handler's tag.
    let reads = pages.0.reads.load(Ordering::SeqCst);
    assert!(reads + hits / 2 < 24 * 200, "{reads} runs, {hits} 304s");
}

/// R-9111-4.4-d: a write, then at once a read on another connection: the new tag, 1,000 times.
#[tokio::test]
async fn a_write_is_seen_on_another_connection_at_once() {
    let pages = Pages::default();
    let server = pages.serve(false).await;
    for mut writer in Client::both(&server).await {
        for mut reader in Client::both(&server).await {
            let mut tag = reader.request("GET", "/p/1", &[]).await.tag().to_owned();
            for round in 0..250 {
                let case = (writer.version(), reader.version(), round);
                let known = format!("if-none-match: {tag}");
                let read = reader.request("GET", "/p/1", &[&known]).await;
                assert_eq!((read.status, read.tag()), (304, &*tag), "{case:?}");
                let written = writer.send("PUT", "/p/1", &[], "next").await;
                assert_eq!(written.status, 200, "{case:?}");
                let read = reader.request("GET", "/p/1", &[&known]).await;
                assert_eq!(read.status, 200, "{case:?}");
                assert_eq!(
                    read.body,
                    pages.version().to_string().as_bytes(),
                    "{case:?}"
                );
                assert_ne!(read.tag(), tag, "{case:?}");
                tag = read.tag().to_owned();
            }
        }
    }
}

/// R-9111-3-a, R-9111-3.5-b, R-9111-4-a, R-9111-4.3.2-a, R-9111-5.2.1.5-a: requests that the cache
/// must not answer run the handler, also if there is an entry.
#[tokio::test]
async fn other_requests_run_the_handler() {
    let pages = Pages::default();
    let server = pages.serve(false).await;
    for mut client in Client::both(&server).await {
        let tag = client.request("GET", "/p/1", &[]).await.tag().to_owned();
        let known = format!("if-none-match: {tag}");
        let current = format!("if-match: {tag}");
        let runs = || pages.0.reads.swap(0, Ordering::SeqCst);
        runs();
        assert_eq!(client.request("GET", "/p/1", &[&known]).await.status, 304);
        assert_eq!(client.request("HEAD", "/p/1", &[&known]).await.status, 304);
        assert_eq!(runs(), 0, "{}", client.version());
        for (path, fields, status) in [
            ("/p/1", &[&*known, "authorization: Basic YTpi"][..], 304),
            ("/p/1", &[&*known, "cookie: session=1"], 304),
            ("/p/1", &[&*known, "cache-control: no-store"], 304),
            ("/p/1", &[&*known, "cache-control: no-cache"], 304),
            ("/p/1", &[&*current], 200),
            ("/p/1", &["if-match: \"x\""], 412),
            ("/p/1?q=1", &[&*known], 304),
            ("/p/%31", &[&*known], 304),
            ("/P/1", &[&*known], 304),
        ] {
            let reply = client.request("GET", path, fields).await;
            // The tag is that of the content, which all pages share.
            assert_eq!(reply.status, status, "{path} {fields:?}");
            assert_eq!(runs(), 1, "{} {path} {fields:?}", client.version());
        }
        client.send("PUT", "/p/1", &[], "next").await;
    }
}

/// R-9111-3.3-a, R-9111-4.1-b, R-9111-4.4-c: broken content, an undeclared header and another
/// origin. The unit tests of the layer have each case of them.
#[tokio::test]
async fn broken_content_and_other_origins_are_left_alone() {
    use crate::support::{Hint, Scripted, broken, data};
    let reads = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&reads);
    let handler = service_fn(move |request: Request<Incoming>| {
        let first = count.fetch_add(1, Ordering::SeqCst) == 0;
        let response = Response::builder().header("etag", "\"v1\"");
        let (response, body) = match request.uri().path() {
            "/broken" if first => (
                response,
                Scripted::new([data("ab"), broken()], Hint::Unknown),
            ),
            "/language" => (
                response.header("vary", "accept-language"),
                Scripted::new([], Hint::Exact),
            ),
            "/post" => (
                response.header("location", "http://other.test/kept"),
                Scripted::new([], Hint::Exact),
            ),
            _ => (response, Scripted::new([data("abcd")], Hint::Unknown)),
        };
        async { Ok::<_, Infallible>(response.body(body).unwrap()) }
    });
    let cache = ValidatorCache::new(MemoryValidatorStore::new());
    let tags = |request: &http::request::Parts| CacheTags::of([request.uri.path()]).unwrap();
    let layer = ValidatorCacheLayer::new(cache).tags(tags);
    let server = Server::start(ServiceBuilder::new().layer(layer).service(handler)).await;
    let known = "if-none-match: \"v1\"";
    let mut broken = crate::support::H1::connect(&server).await;
    broken.send("GET", "/broken", &[]).await;
    assert!(broken.reply("GET").await.is_err());
    for mut client in Client::both(&server).await {
        let hits = async |client: &mut Client, path: &str| {
            client.request("GET", path, &[known]).await.status == 304
        };
        if client.version() == "HTTP/1.1" {
            assert!(!hits(&mut client, "/broken").await);
        }
        for _ in 0..2 {
            assert!(!hits(&mut client, "/language").await);
        }
        hits(&mut client, "/kept").await;
        assert!(hits(&mut client, "/kept").await);
        client.send("POST", "/post", &[], "x").await;
        assert!(hits(&mut client, "/kept").await, "{}", client.version());
    }
}
