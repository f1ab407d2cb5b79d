//! Readers during writes: no strong tag is on two contents.

use std::{
    collections::HashMap,
    env,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use serde_json::json;
use tokio::{
    task::JoinSet,
    time::{Instant, timeout},
};
use tower_conditional_testing::{Postgres, Replica};

use crate::{
    race::{Connection, Http},
    support::{File, notes, tag_of, three},
};

const WRITERS: usize = 12;
const READERS: usize = 12;

/// The shortest duration of each campaign, in seconds.
const SECONDS: &str = "TOWER_CONDITIONAL_LABELS_SECONDS";

const NOTE: &str = "/notes/1";
const PAGE: &str = "/pages/home";
/// The content that a write of the note or the page changes.
const READS: [&str; 4] = [NOTE, "/notes", NOTE, PAGE];

/// The time after which a campaign fails. On a busy machine a campaign is only slow.
const CAMPAIGN_TIMEOUT: Duration = Duration::from_secs(180);

/// The content of each tag, by path.
type ContentByTag = HashMap<(&'static str, String), Bytes>;

struct Campaign {
    end: Instant,
    labels: Mutex<ContentByTag>,
}

/// Issue 10, A.2, R-9110-8.8.1-a: one strong tag was once on two contents.
///
/// The test takes a second for each database. The long campaign takes 30 seconds each:
///
/// ```text
/// TOWER_CONDITIONAL_LABELS_SECONDS=30 cargo test -p tower-conditional-showcase labels
/// ```
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_tag_has_two_contents_in_memory() {
    let replica = Replica::start(&mut notes(&["--notes", "3"]));
    campaign(&[replica]).await;
}

/// Issue 10, A.2, R-9110-8.8.1-a, with three processes on one file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_tag_has_two_contents_on_sqlite() {
    let file = File::new("labels");
    campaign(&three(&["--notes", "3", "--database", file.path()])).await;
}

/// Issue 10, A.2, R-9110-8.8.1-a, with three processes on one database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_tag_has_two_contents_on_postgres() {
    let url = Postgres::shared().create_database();
    campaign(&three(&["--notes", "3", "--postgres", &url])).await;
}

async fn campaign(replicas: &[Replica]) {
    let seconds = env::var(SECONDS).map_or(1, |seconds| seconds.parse().unwrap());
    let seconds = Duration::from_secs(seconds);
    let campaign = Arc::new(Campaign {
        end: Instant::now() + seconds,
        labels: Mutex::default(),
    });
    let mut clients = JoinSet::new();
    for client in 0..WRITERS + READERS {
        let server = replicas[client % replicas.len()].address();
        let campaign = Arc::clone(&campaign);
        if client < WRITERS {
            clients.spawn(write(server, client, campaign));
        } else {
            clients.spawn(read(server, campaign));
        }
    }
    let all = timeout(seconds + CAMPAIGN_TIMEOUT, clients.join_all()).await;
    all.expect("each is read between writes");
}

impl Campaign {
    /// Returns `true` after the duration, once each path was read between writes.
    fn is_over(&self) -> bool {
        if Instant::now() < self.end {
            return false;
        }
        let labels = self.labels.lock().unwrap();
        let tags = |path| labels.keys().filter(|(of, _)| *of == path).count();
        READS.into_iter().all(|path| tags(path) > 1)
    }

    /// Checks that each response has a tag, and that one tag has one content.
    fn take(&self, path: &'static str, response: Response<Bytes>) {
        // The database was busy for too long, so nothing was read.
        if response.status().is_server_error() {
            return;
        }
        assert_eq!(response.status(), StatusCode::OK, "{path}: {response:?}");
        let tag = tag_of(&response);
        assert!(!tag.starts_with("W/"), "{path}: {tag}");
        let content = response.into_body();
        let mut labels = self.labels.lock().unwrap();
        let known = labels.entry((path, tag)).or_insert_with(|| content.clone());
        assert_eq!(*known, content, "two contents of {path} with one tag");
    }
}

/// Writes a text that no other write has, to the note and to the page in turn.
async fn write(server: SocketAddr, writer: usize, campaign: Arc<Campaign>) {
    let mut connection = Connection::open(server, Http::One).await;
    for number in 0.. {
        if campaign.is_over() {
            return;
        }
        let text = format!("{writer}: {number}");
        let (path, content) = match number % 2 {
            0 => (NOTE, json!({ "title": text }).to_string()),
            _ => (PAGE, text),
        };
        let request = Request::put(path).header(header::IF_MATCH, "*");
        let request = request.body(Full::from(content)).unwrap();
        let response = connection.exchange(request).await.expect("an answer");
        // The response to the write of a page has no content.
        if response.status() != StatusCode::NO_CONTENT {
            campaign.take(path, response);
        }
    }
}

async fn read(server: SocketAddr, campaign: Arc<Campaign>) {
    let mut connection = Connection::open(server, Http::One).await;
    for path in READS.into_iter().cycle() {
        if campaign.is_over() {
            return;
        }
        let request = Request::builder().method(Method::GET).uri(path);
        let request = request.body(Full::default()).unwrap();
        let response = connection.exchange(request).await.expect("an answer");
        campaign.take(path, response);
    }
}
