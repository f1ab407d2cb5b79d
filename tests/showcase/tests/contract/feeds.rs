//! `/events`: the changes of notes, as server-sent events.

use std::fs;

use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    client::conn::http2,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tower_conditional_sqlite::rusqlite::Connection;
use tower_conditional_testing::create_directory;

use crate::support::{BOTH, Http, Server, in_time};

/// An open feed, and the events that have arrived.
struct Feed {
    response: Response<Incoming>,
    text: String,
}

impl Feed {
    fn new(response: Response<Incoming>) -> Self {
        assert_eq!(response.status(), 200);
        for (name, value) in [
            ("content-type", "text/event-stream"),
            ("cache-control", "no-store"),
            ("x-accel-buffering", "no"),
        ] {
            assert_eq!(response.headers()[name], value);
        }
        for absent in ["etag", "content-encoding"] {
            assert!(!response.headers().contains_key(absent), "{absent}");
        }
        Self {
            response,
            text: String::new(),
        }
    }

    async fn open(notes: &Server, http: Http) -> Self {
        let fields = [("if-none-match", "\"x\""), ("accept-encoding", "gzip")];
        let mut feed = Self::new(notes.open(http, "GET", "/events", &fields, "").await);
        // The subscription exists once the first line has arrived.
        assert!(in_time(feed.block()).await.starts_with(':'));
        feed
    }

    /// Returns the next event or comment.
    async fn block(&mut self) -> String {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let block = block.to_owned();
                self.text = rest.to_owned();
                return block;
            }
            let frame = self.response.frame().await.expect("more").unwrap();
            let data = frame.into_data().unwrap();
            self.text.push_str(str::from_utf8(&data).unwrap());
        }
    }

    /// Returns the name and the data of the next event.
    async fn event(&mut self) -> (String, Value) {
        // Comments never end, so the whole wait has a timeout.
        let event = in_time(async {
            loop {
                let block = self.block().await;
                if !block.starts_with(':') {
                    return block;
                }
            }
        });
        let event = event.await;
        let (name, data) = event.split_once('\n').expect("two lines");
        let name = name.strip_prefix("event: ").expect("a name");
        let data = data.strip_prefix("data: ").expect("data");
        (name.to_owned(), serde_json::from_str(data).unwrap())
    }
}

/// Each of two clients gets each change, over both versions of HTTP.
#[tokio::test]
async fn feeds_send_each_change_at_once() {
    let notes = Server::showcase(&[]).await;
    let mut feeds = Vec::new();
    for http in BOTH {
        feeds.push(Feed::open(&notes, http).await);
    }
    for http in BOTH {
        let created = notes
            .send(http, "POST", "/notes", &[], "{\"title\":\"t\"}")
            .await;
        let (id, path) = (&created.json()["id"], created.field("location").unwrap());
        let first = [("if-match", created.tag())];
        let text = "{\"text\":\"x\"}";
        let updated = notes.send(http, "PATCH", path, &first, text).await;
        let second = [("if-match", updated.tag())];
        // A refused write is not announced.
        for (fields, body) in [(&first, text), (&second, "nonsense")] {
            notes.send(http, "PATCH", path, fields, body).await;
        }
        notes.send(http, "DELETE", path, &second, "").await;

        for feed in &mut feeds {
            for data in [
                serde_json::json!({ "change": "created", "id": id, "version": 1 }),
                serde_json::json!({ "change": "updated", "id": id, "version": 2 }),
                serde_json::json!({ "change": "deleted", "id": id }),
            ] {
                assert_eq!(feed.event().await, ("note".to_owned(), data));
            }
        }
    }
}

/// A comment comes each second, so a client and its proxies see that the connection is alive.
#[tokio::test]
async fn a_quiet_feed_has_comments() {
    let notes = Server::showcase(&[]).await;
    for http in BOTH {
        let mut feed = Feed::open(&notes, http).await;
        assert!(in_time(feed.block()).await.starts_with(':'));
    }
}

/// A client that does not read is told the number of changes that it has missed, and gets the last
/// ones.
#[tokio::test]
async fn a_slow_client_is_told_what_it_missed() {
    let notes = Server::showcase(&[]).await;
    let io = TokioIo::new(TcpStream::connect(&notes.address).await.unwrap());
    let mut client = http2::Builder::new(TokioExecutor::new());
    // The server may send these bytes until the client reads.
    client.initial_stream_window_size(100);
    let (mut sender, connection) = client.handshake(io).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get(format!("http://{}/events", notes.address));
    let request = request.body(Full::<Bytes>::default()).unwrap();
    let mut feed = Feed::new(in_time(sender.send_request(request)).await.unwrap());

    let mut tag = notes.get(Http::Two, "/notes/1", &[]).await.tag().to_owned();
    for round in 2..=400 {
        let body = format!("{{\"text\":\"{round}\"}}");
        let current = [("if-match", &*tag)];
        let written = notes
            .send(Http::Two, "PATCH", "/notes/1", &current, &body)
            .await;
        assert_eq!(written.json()["version"], round);
        tag = written.tag().to_owned();
    }
    let (mut version, mut missed) = (1, 0);
    while version < 400 {
        let (name, data) = feed.event().await;
        if name == "missed" {
            missed += data.as_i64().expect("a number");
            version += data.as_i64().expect("a number");
        } else {
            version += 1;
            assert_eq!(data["version"], version);
        }
    }
    assert!(missed > 0);
}

/// P-ID-disconnect: a write whose client leaves before its end is done, and is announced.
#[tokio::test]
async fn a_write_without_its_client_is_announced() {
    let folder = create_directory("feeds");
    let file = folder.join("notes.db");
    let notes = Server::showcase(&["--notes", "0", "--database", file.to_str().unwrap()]).await;
    let mut feed = Feed::open(&notes, Http::One).await;
    // No write can end before this lock is released.
    let database = Connection::open(&file).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();

    let request = "POST /notes HTTP/1.1\r\nHost: x\r\nContent-Length: 13\r\n\r\n{\"title\":\"t\"}";
    let mut client = TcpStream::connect(&notes.address).await.unwrap();
    client.write_all(request.as_bytes()).await.unwrap();
    notes.wait_for_runs("POST /notes", 1).await;
    client.shutdown().await.unwrap();
    // The service has noticed that, and drops the request.
    let mut response = Vec::new();
    in_time(client.read_to_end(&mut response)).await.unwrap();
    assert!(response.is_empty());

    database.execute_batch("COMMIT").unwrap();
    let data = serde_json::json!({ "change": "created", "id": 1, "version": 1 });
    assert_eq!(feed.event().await, ("note".to_owned(), data));
    fs::remove_dir_all(folder).unwrap();
}
