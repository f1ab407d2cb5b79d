//! Three replicas, and a client for one of them.

use std::{
    env, fs,
    future::Future,
    net::SocketAddr,
    process::{self, Command},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::Full;
use tokio::time::timeout;
use tokio_postgres::NoTls;
use tower_conditional_testing::Replica;

use crate::race::{Connection, Http};

pub(crate) const PAGE: &str = "/pages/home";

/// Starts the showcase with these arguments, on a free port.
pub(crate) fn notes(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_showcase"));
    command.args(["--listen", "127.0.0.1:0"]).args(arguments);
    command
}

pub(crate) fn three(arguments: &[&str]) -> [Replica; 3] {
    [(); 3].map(|()| Replica::start(&mut notes(arguments)))
}

/// A database that is removed after its test.
pub(crate) struct File(String);

impl File {
    pub(crate) fn new(test: &str) -> Self {
        let name = format!("tower-conditional-{test}-{}.db", process::id());
        let path = env::temp_dir().join(name).into_os_string();
        Self(path.into_string().unwrap())
    }

    pub(crate) fn path(&self) -> &str {
        &self.0
    }
}

impl Drop for File {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{suffix}", self.0));
        }
    }
}

/// A kept connection to a replica.
pub(crate) struct Client(Connection);

/// A page with its tag.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Page {
    pub(crate) tag: String,
    pub(crate) text: String,
}

impl Client {
    pub(crate) async fn of(replica: &Replica) -> Self {
        Self::at(replica.address()).await
    }

    pub(crate) async fn at(address: SocketAddr) -> Self {
        Self(Connection::open(address, Http::One).await)
    }

    /// Reads the page. Returns `None` if the server has an error.
    pub(crate) async fn try_read(&mut self) -> Option<Page> {
        let request = Request::get(PAGE).body(Full::default()).unwrap();
        let response = in_time(self.0.exchange(request)).await.expect("an answer");
        if response.status().is_server_error() {
            return None;
        }
        assert_eq!(response.status(), StatusCode::OK);
        Some(Page {
            tag: tag_of(&response),
            text: String::from_utf8(response.into_body().into()).unwrap(),
        })
    }

    pub(crate) async fn read(&mut self) -> Page {
        self.try_read().await.expect("the page")
    }

    /// Writes the page if it has the tag.
    pub(crate) async fn write(&mut self, tag: &str, text: &str) -> hyper::Result<Response<Bytes>> {
        let request = Request::put(PAGE)
            .header(header::IF_MATCH, tag)
            .body(Full::from(text.to_owned()))
            .unwrap();
        in_time(self.0.exchange(request)).await
    }

    /// Checks that the page can be read and written, and that nobody else writes.
    pub(crate) async fn assert_writes(&mut self, text: &str) {
        let page = self.read().await;
        let written = self.write(&page.tag, text).await.expect("an answer");
        assert_eq!(written.status(), StatusCode::NO_CONTENT);
        let tag = tag_of(&written);
        let text = text.to_owned();
        assert_eq!(self.read().await, Page { tag, text });
    }
}

pub(crate) fn tag_of(response: &Response<Bytes>) -> String {
    let tag = response.headers().get(header::ETAG).expect("a tag");
    tag.to_str().unwrap().to_owned()
}

/// Fails the test instead of hanging. Nothing here takes this long without a fault.
pub(crate) async fn in_time<F: Future>(future: F) -> F::Output {
    timeout(Duration::from_secs(60), future)
        .await
        .expect("an answer in time")
}

/// Connects to the database directly.
pub(crate) async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Waits until a replica waits for a lock of another transaction.
pub(crate) async fn wait_until_blocked(database: &tokio_postgres::Client) {
    let sql = "SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    in_time(async { while database.query(sql, &[]).await.unwrap().is_empty() {} }).await;
}
