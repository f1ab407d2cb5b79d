//! Changes whose notifications are lost, and a cache that follows them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use deadpool_postgres::Pool;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};
use tower::{Layer, ServiceExt, service_fn};
use tower_conditional::{
    BoxError, ConditionalLayer, ValidatorCacheLayer,
    cache_tags::CacheTags,
    store::MemoryValidatorStore,
    validator_cache::{
        ChangeEvent::{self, Changed, Connected, Disconnected},
        ChangeFeed, ValidatorCache,
    },
};
use tower_conditional_testing::Postgres;

use crate::{
    changes::{PAGES, feed, next},
    support::{connection, pool, reason, run},
};

/// A feed that tells which events are in effect.
struct ObservedFeed<F> {
    feed: F,
    last: Option<ChangeEvent>,
    seen: mpsc::UnboundedSender<ChangeEvent>,
}

impl<F: ChangeFeed> ChangeFeed for ObservedFeed<F> {
    async fn next(&mut self) -> Option<ChangeEvent> {
        // Whoever asks for the next event has dealt with the last one.
        if let Some(event) = self.last.take() {
            let _ = self.seen.send(event);
        }
        self.last = self.feed.next().await;
        self.last.clone()
    }
}

/// A page in the database, whose tag a cache remembers.
struct Page {
    pool: Pool,
    cache: ValidatorCache<MemoryValidatorStore>,
    runs: Arc<AtomicU64>,
    seen: mpsc::UnboundedReceiver<ChangeEvent>,
}

impl Page {
    /// Creates the page, and follows the changes of its database.
    async fn followed(url: &str) -> Self {
        let pool = pool(url);
        run(&pool, PAGES).await;
        run(&pool, "INSERT INTO pages VALUES ('home', '1')").await;
        let cache = ValidatorCache::new(MemoryValidatorStore::new());
        let (sender, seen) = mpsc::unbounded_channel();
        let feed = ObservedFeed {
            feed: feed(url),
            last: None,
            seen: sender,
        };
        let follower = cache.clone();
        tokio::spawn(async move { follower.follow(feed).await });
        Self {
            pool,
            cache,
            runs: Arc::default(),
            seen,
        }
    }

    async fn event(&mut self) -> ChangeEvent {
        let event = timeout(Duration::from_secs(30), self.seen.recv()).await;
        event.expect("an event in time").expect("it never ends")
    }

    /// Reads the page with the tag of this content. Returns the status, and `true` if the handler
    /// ran.
    async fn read(&self, known: &str) -> Result<(StatusCode, bool), BoxError> {
        let (pool, runs) = (self.pool.clone(), Arc::clone(&self.runs));
        let handler = service_fn(move |_: Request<Full<Bytes>>| {
            runs.fetch_add(1, Ordering::Relaxed);
            let pool = pool.clone();
            async move {
                let client = connection(&pool).await;
                let row = client.query_one("SELECT content FROM pages", &[]).await?;
                let content: String = row.get(0);
                let response = Response::builder().header(header::ETAG, format!("\"{content}\""));
                Ok::<_, BoxError>(response.body(Full::<Bytes>::from(content))?)
            }
        });
        let tags = CacheTags::of(["page-home"])?;
        let layer = ValidatorCacheLayer::new(self.cache.clone()).tags(tags);
        let service = ConditionalLayer::new().layer(layer.layer(handler));
        let request = Request::get("/").header(header::IF_NONE_MATCH, format!("\"{known}\""));
        let before = self.runs.load(Ordering::Relaxed);
        let response = service.oneshot(request.body(Full::default())?).await?;
        let status = response.status();
        response.into_body().collect().await?;
        Ok((status, self.runs.load(Ordering::Relaxed) > before))
    }
}

const HIT: (StatusCode, bool) = (StatusCode::NOT_MODIFIED, false);
const CHECKED: (StatusCode, bool) = (StatusCode::NOT_MODIFIED, true);
const NEW: (StatusCode, bool) = (StatusCode::OK, true);

/// P-VC-scope: the cache forgets what a writer outside of the service changes.
#[tokio::test]
async fn a_notification_forgets_a_tag() -> Result<(), BoxError> {
    let mut page = Page::followed(&Postgres::shared().create_database()).await;
    assert_eq!(page.event().await, Connected);
    assert_eq!(page.read("1").await?, CHECKED);
    assert_eq!(page.read("1").await?, HIT);
    run(&page.pool, "UPDATE pages SET content = '2'").await;
    assert!(matches!(page.event().await, Changed(_)));
    assert_eq!(page.read("1").await?, NEW);
    assert_eq!(page.read("2").await?, HIT);
    Ok(())
}

/// P-VC-feed: a notification is lost, since the connection was cut.
#[tokio::test]
async fn a_lost_notification_does_no_harm() -> Result<(), BoxError> {
    let url = Postgres::shared().create_database();
    let mut page = Page::followed(&url).await;
    assert_eq!(page.event().await, Connected);
    assert_eq!(page.read("1").await?, CHECKED);
    assert_eq!(page.read("1").await?, HIT);

    let administrator = pool(&Postgres::shared().url());
    let database = url.rsplit('/').next().expect("a name");
    let allow = |allowed| format!("ALTER DATABASE {database} ALLOW_CONNECTIONS {allowed}");
    // The pool of the writers has its connection already.
    run(&administrator, &allow(false)).await;
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'feed'";
    run(&page.pool, cut).await;
    assert_eq!(page.event().await, Disconnected);
    run(&page.pool, "UPDATE pages SET content = '2'").await;
    // Without a connection, each read asks the handler.
    assert_eq!(page.read("1").await?, NEW);
    assert_eq!(page.read("2").await?, CHECKED);
    assert_eq!(page.read("2").await?, CHECKED);

    run(&administrator, &allow(true)).await;
    assert_eq!(page.event().await, Connected);
    assert_eq!(page.read("2").await?, CHECKED);
    assert_eq!(page.read("2").await?, HIT);
    run(&page.pool, "UPDATE pages SET content = '3'").await;
    assert!(matches!(page.event().await, Changed(_)));
    assert_eq!(page.read("2").await?, NEW);
    Ok(())
}

/// A network between a feed and its server. Once it is `dead`, it drops all bytes of its
/// connections, without a notice.
async fn network(server: u16, dead: Arc<AtomicBool>, replaced: [&'static str; 2]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(("127.0.0.1", server)).await;
            let (to_server, to_client) = (server.expect("a server"), client);
            let (from_server, to_server) = to_server.into_split();
            let (from_client, to_client) = to_client.into_split();
            tokio::spawn(forward(from_client, to_server, Arc::clone(&dead), replaced));
            tokio::spawn(forward(from_server, to_client, Arc::clone(&dead), ["", ""]));
        }
    });
    format!("postgres://postgres@127.0.0.1:{port}/postgres")
}

async fn forward(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    dead: Arc<AtomicBool>,
    [old, new]: [&'static str; 2],
) {
    let mut bytes = vec![0; 4096];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        let bytes = &mut bytes[..length];
        if !old.is_empty() {
            let found = bytes
                .windows(old.len())
                .position(|part| part == old.as_bytes());
            if let Some(start) = found {
                bytes[start..start + old.len()].copy_from_slice(new.as_bytes());
            }
        }
        if !dead.load(Ordering::SeqCst) && to.write_all(bytes).await.is_err() {
            return;
        }
    }
    if dead.load(Ordering::SeqCst) {
        std::future::pending().await
    }
}

/// Issue 16, hazard H10: nobody tells that the connection is dead.
#[tokio::test]
async fn a_dead_connection_is_noticed() {
    let dead = Arc::new(AtomicBool::new(false));
    let url = network(Postgres::shared().port(), Arc::clone(&dead), ["", ""]).await;
    let (failed, mut failures) = mpsc::unbounded_channel();
    let mut feed = feed(&url)
        .heartbeat(Duration::from_millis(100))
        .on_error(move |error| drop(failed.send(reason(error))));
    assert_eq!(next(&mut feed).await, Connected);
    dead.store(true, Ordering::SeqCst);
    assert_eq!(next(&mut feed).await, Disconnected);
    assert_eq!(
        failures.recv().await.as_deref(),
        Some("no answer within 100ms")
    );
    dead.store(false, Ordering::SeqCst);
    assert_eq!(next(&mut feed).await, Connected);
}

/// A pooler gives the connection to another session, which does not listen. Here the network
/// changes the name of the channel.
#[tokio::test]
async fn a_session_that_does_not_listen_is_noticed() {
    let dead = Arc::new(AtomicBool::new(false));
    let names = ["LISTEN \"changes\"", "LISTEN \"another\""];
    let url = network(Postgres::shared().port(), dead, names).await;
    let (failed, mut failures) = mpsc::unbounded_channel();
    let mut feed = feed(&url)
        .heartbeat(Duration::from_secs(1))
        .on_error(move |error| drop(failed.send(reason(error))));
    assert_eq!(next(&mut feed).await, Connected);
    // On a busy machine, a check that is answered too late is another reason.
    let late = "no answer within 1s";
    let mut reason = late.to_owned();
    let mut events = 0;
    while reason == late && events < 9 {
        events += 1;
        if next(&mut feed).await == Disconnected {
            reason = failures.recv().await.expect("a reason");
        }
    }
    assert!(
        reason.starts_with("the session no longer listens"),
        "{reason}"
    );
}

/// A notification that arrives before the answer to a check is an event. Here the network adds a
/// `NOTIFY` to each check, which the server sends on before it has answered.
#[tokio::test]
async fn a_notification_beside_a_check_is_kept() {
    let checks = [
        "SELECT pg_listening_channels()",
        "NOTIFY changes;SELECT'changes'",
    ];
    let server = Postgres::shared();
    // Another database than that of the tests beside it, whose channel has the same name.
    let own = server.create_database();
    let (_, database) = own.rsplit_once('/').expect("a database");
    let url = network(server.port(), Arc::default(), checks).await;
    let url = url.trim_end_matches("postgres").to_owned() + database;
    let mut feed = feed(&url).heartbeat(Duration::from_secs(1));
    assert_eq!(next(&mut feed).await, Connected);
    let mut late = 0;
    for _ in 0..2 {
        let mut event = next(&mut feed).await;
        // A busy machine may answer a check too late, and the feed connects again.
        while event == Disconnected && late < 4 {
            late += 1;
            assert_eq!(next(&mut feed).await, Connected);
            event = next(&mut feed).await;
        }
        assert_eq!(event, Connected, "everything may have changed");
    }
}
