//! Replicas of the orders, their stores, and a client.

use std::{
    collections::BTreeMap,
    env, fs,
    future::{Future, poll_fn},
    net::SocketAddr,
    pin::pin,
    process::{self, Command},
    task::Poll,
    time::Duration,
};

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::TokioExecutor,
};
use nix::{
    sys::signal::{self, Signal},
    unistd::Pid,
};
use tokio::{io::AsyncWriteExt, net::TcpStream, task::JoinHandle, time::timeout};
use tower_conditional::BoxError;
use tower_conditional_testing::{Postgres, Replica};

const HOST: &str = "orders.test";

/// A store that replicas share. A file is removed after its test.
pub(crate) struct Store {
    argument: String,
    file: Option<String>,
}

impl Store {
    pub(crate) fn memory() -> Self {
        Self {
            argument: "memory".to_owned(),
            file: None,
        }
    }

    pub(crate) fn sqlite(test: &str) -> Self {
        let name = format!("tower-conditional-retries-{test}-{}.db", process::id());
        let path = env::temp_dir().join(name).into_os_string();
        let path = path.into_string().expect("a text");
        Self {
            argument: format!("sqlite:{path}"),
            file: Some(path),
        }
    }

    pub(crate) fn postgres() -> Self {
        Self::at(Postgres::shared().create_database())
    }

    /// Returns the store behind a URL of PostgreSQL.
    pub(crate) fn at(url: String) -> Self {
        Self {
            argument: url,
            file: None,
        }
    }

    /// Returns the two stores that survive a process, for a test of this name.
    pub(crate) fn durable(test: &str) -> [Self; 2] {
        [Self::sqlite(test), Self::postgres()]
    }

    /// Returns the URL of PostgreSQL or the path of the file.
    pub(crate) fn location(&self) -> &str {
        self.file.as_deref().unwrap_or(&self.argument)
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.file.is_some()
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Replica {
        let mut command = Command::new(env!("CARGO_BIN_EXE_orders"));
        command.args(["--store", &self.argument]).args(arguments);
        Replica::start(&mut command)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            for suffix in ["", "-wal", "-shm"] {
                let _ = fs::remove_file(format!("{file}{suffix}"));
            }
        }
    }
}

/// Starts a replica and a client of it.
pub(crate) fn started(store: &Store, arguments: &[&str]) -> (Replica, Client) {
    let replica = store.start(arguments);
    let client = Client::of(&replica);
    (replica, client)
}

pub(crate) fn send_signal(replica: &Replica, signal: Signal) {
    let process = i32::try_from(replica.id()).expect("a process");
    signal::kill(Pid::from_raw(process), signal).expect("a running process");
}

/// The parts of a response that tests compare.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content: String,
    pub(crate) is_replay: bool,
}

impl Answer {
    /// Returns the type of a problem, or the first word of other content.
    pub(crate) fn kind(&self) -> &str {
        let content = match self.content.split_once("idempotency/#") {
            Some((_, problem)) => problem,
            None => &self.content,
        };
        let end = content.find(['"', ' ', '\n']);
        &content[..end.unwrap_or(content.len())]
    }

    /// Returns the number in a confirmation.
    #[track_caller]
    pub(crate) fn order(&self) -> i64 {
        assert_eq!((self.status, self.kind()), (201, "order"), "{self:?}");
        let number = self.content.split_ascii_whitespace().nth(1);
        number.expect("a number").parse().expect("a number")
    }

    #[track_caller]
    pub(crate) fn assert(&self, status: u16, kind: &str) {
        assert_eq!((self.status, self.kind()), (status, kind), "{self:?}");
    }
}

/// A client of one replica, which keeps its connections. Clones share them.
#[derive(Clone)]
pub(crate) struct Client {
    http: legacy::Client<HttpConnector, Full<Bytes>>,
    address: SocketAddr,
}

impl Client {
    pub(crate) fn of(replica: &Replica) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self {
            http: legacy::Client::builder(TokioExecutor::new()).build(connector),
            address: replica.address(),
        }
    }

    /// Sends an order with this key.
    pub(crate) async fn order(&self, key: &str) -> Result<Answer, BoxError> {
        self.order_with(key, "").await
    }

    /// Sends an order with this key and content, which may name another answer.
    pub(crate) async fn order_with(
        &self,
        key: &str,
        content: &'static str,
    ) -> Result<Answer, BoxError> {
        let request = Request::post(format!("http://{}/orders", self.address))
            // All replicas are one host, as behind a load balancer.
            .header(header::HOST, HOST)
            .header("idempotency-key", format!("\"{key}\""))
            .body(Full::from(content))?;
        let response = in_time(self.http.request(request)).await?;
        let (head, body) = response.into_parts();
        let content = in_time(body.collect()).await?.to_bytes();
        Ok(Answer {
            status: head.status.as_u16(),
            content: String::from_utf8(content.into())?,
            is_replay: head.headers.contains_key("idempotent-replayed"),
        })
    }

    /// Sends an order in a task.
    pub(crate) fn spawn_order(
        &self,
        key: &str,
        content: &'static str,
    ) -> JoinHandle<Result<Answer, BoxError>> {
        let (client, key) = (self.clone(), key.to_owned());
        tokio::spawn(async move { client.order_with(&key, content).await })
    }

    /// Returns the numbers of the orders that were placed, by key.
    pub(crate) async fn placed(&self) -> BTreeMap<String, Vec<i64>> {
        let uri = format!("http://{}/orders", self.address);
        let request = Request::get(uri).body(Full::default()).expect("a request");
        let response = in_time(self.http.request(request)).await.expect("a list");
        assert_eq!(response.status(), StatusCode::OK);
        let content = in_time(response.into_body().collect()).await;
        let content = content.expect("a list").to_bytes();
        let mut placed = BTreeMap::<_, Vec<_>>::new();
        for line in std::str::from_utf8(&content).expect("a text").lines() {
            let (number, key) = line.split_once(' ').expect("two words");
            let numbers = placed.entry(key.to_owned()).or_default();
            numbers.push(number.parse().expect("a number"));
        }
        placed
    }
}

/// Sends an order on a connection that can be cut.
pub(crate) async fn send_order(replica: &Replica, key: &str) -> TcpStream {
    let request = format!(
        "POST /orders HTTP/1.1\r\nhost: {HOST}\r\nidempotency-key: \"{key}\"\r\ncontent-length: 0\r\n\r\n"
    );
    let stream = TcpStream::connect(replica.address()).await;
    let mut stream = stream.expect("a connection");
    stream
        .write_all(request.as_bytes())
        .await
        .expect("it is sent");
    stream
}

/// Polls a future so many times, and drops it. Returns its output if that was enough.
pub(crate) async fn poll_times<F: Future>(future: F, times: usize) -> Option<F::Output> {
    let (mut future, mut polls) = (pin!(future), 0);
    let polled = poll_fn(|cx| {
        if polls == times {
            return Poll::Ready(None);
        }
        polls += 1;
        future.as_mut().poll(cx).map(Some)
    });
    polled.await
}

/// Fails the test instead of hanging. Nothing here takes this long without a fault.
pub(crate) async fn in_time<F: Future>(future: F) -> F::Output {
    let limit = Duration::from_secs(60);
    timeout(limit, future).await.expect("an answer in time")
}
