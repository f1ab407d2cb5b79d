//! Remembered tags: no 304 is stale, whoever writes, disconnects or panics.

mod passed_by;

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
        if fails && number.is_multiple_of(7) {
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
        if client.is_multiple_of(2) {
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
    // However slow the machine is, some reads have no write beside them.
    for client in 0..24 {
        readers.spawn(pages.clone().read(server.address(), http(client), 40));
    }
    let hits: usize = readers.join_all().await.iter().sum();
    assert!(acknowledged > 60, "{acknowledged}");
    assert!(hits > 500, "{hits}");
    // Some of the 304s were made by the handler's tag.
    let reads = pages.0.reads.load(Ordering::SeqCst);
    assert!(reads + hits / 2 < 24 * 240, "{reads} runs, {hits} 304s");
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
                let written = writer.request("PUT", "/p/1", &[]).await;
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
