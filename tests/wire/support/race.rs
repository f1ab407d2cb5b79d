//! Many writers that start from the same state, in rounds.
//!
//! The race only needs the addresses of the servers, which may be other processes.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    net::TcpStream,
    sync::{mpsc, watch},
    task::JoinSet,
    time::timeout,
};

/// The race: writers with one kept connection each.
#[derive(Debug, Clone)]
pub(crate) struct Race {
    /// The servers over which the writers are spread.
    pub(crate) servers: Vec<SocketAddr>,
    pub(crate) http: Http,
    /// The path to write. `{round}` in it stands for the number of the round.
    pub(crate) path: String,
    pub(crate) from: StartState,
    pub(crate) writers: usize,
    pub(crate) rounds: usize,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Http {
    One,
    Two,
}

/// The condition of all writers in a round.
#[derive(Debug, Clone, Copy)]
pub(crate) enum StartState {
    /// `If-Match` with the tag that this function finds in the response to a `GET`.
    Tag(fn(&Response<Bytes>) -> HeaderValue),
    /// `If-None-Match: *`.
    Nothing,
}

/// The results of each round.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) rounds: Vec<Round>,
}

#[derive(Debug)]
pub(crate) struct Round {
    /// The texts of the writers that got a 2xx.
    pub(crate) accepted: Vec<String>,
    /// The number of writers for each status.
    pub(crate) statuses: BTreeMap<u16, usize>,
    /// The text that a `GET` returns after the round.
    pub(crate) stored: String,
}

/// One request of a writer.
#[derive(Debug, Clone)]
struct RoundRequest {
    round: usize,
    path: String,
    condition: (HeaderName, HeaderValue),
}

impl Race {
    /// Runs the race.
    ///
    /// # Panics
    ///
    /// Panics if a request gets no response, or if a round takes a minute.
    pub(crate) async fn run(&self) -> Report {
        let (go, started) = watch::channel(None);
        let (finished, mut answers) = mpsc::unbounded_channel();
        let mut writers = JoinSet::new();
        for writer in 0..self.writers {
            let connection = self.connect(writer).await;
            writers.spawn(write(connection, writer, started.clone(), finished.clone()));
        }
        let mut reader = self.connect(0).await;
        let mut rounds = Vec::with_capacity(self.rounds);
        for round in 0..self.rounds {
            let round = self.round(round, &mut reader, &go, &mut answers);
            let round = timeout(Duration::from_secs(60), round).await;
            rounds.push(round.expect("a round without an end"));
        }
        drop(go);
        writers.join_all().await;
        Report { rounds }
    }

    async fn round(
        &self,
        round: usize,
        reader: &mut Connection,
        go: &watch::Sender<Option<RoundRequest>>,
        answers: &mut mpsc::UnboundedReceiver<(String, hyper::Result<u16>)>,
    ) -> Round {
        let path = self.path.replace("{round}", &round.to_string());
        let read = || Request::get(&path).body(Full::default()).unwrap();
        let condition = match self.from {
            StartState::Tag(of) => {
                let current = reader.exchange(read()).await.expect("an answer to GET");
                (header::IF_MATCH, of(&current))
            }
            StartState::Nothing => (header::IF_NONE_MATCH, HeaderValue::from_static("*")),
        };
        go.send_replace(Some(RoundRequest {
            round,
            path: path.clone(),
            condition,
        }));
        let mut accepted = Vec::new();
        let mut statuses = BTreeMap::new();
        for _ in 0..self.writers {
            let (text, status) = answers.recv().await.expect("writers");
            let status = status.unwrap_or_else(|error| panic!("{text} has no answer: {error:?}"));
            *statuses.entry(status).or_default() += 1;
            if matches!(status, 200..=299) {
                accepted.push(text);
            }
        }
        let stored = reader.exchange(read()).await.expect("an answer to GET");
        Round {
            accepted,
            statuses,
            stored: String::from_utf8_lossy(stored.body()).into_owned(),
        }
    }

    async fn connect(&self, writer: usize) -> Connection {
        let server = self.servers[writer % self.servers.len()];
        Connection::open(server, self.http).await
    }
}

async fn write(
    mut connection: Connection,
    writer: usize,
    mut started: watch::Receiver<Option<RoundRequest>>,
    finished: mpsc::UnboundedSender<(String, hyper::Result<u16>)>,
) {
    while started.changed().await.is_ok() {
        let Some(go) = started.borrow_and_update().clone() else {
            continue;
        };
        let text = format!("writer {writer} in round {}", go.round);
        let request = Request::put(&go.path)
            .header(go.condition.0, go.condition.1)
            .body(Full::from(text.clone()))
            .unwrap();
        let status = connection.exchange(request).await;
        let status = status.map(|response| response.status().as_u16());
        if finished.send((text, status)).is_err() {
            return;
        }
    }
}

impl Report {
    /// Returns the number of successful writes that were overwritten by another of the same round.
    pub(crate) fn lost(&self) -> usize {
        let beyond_one = |round: &Round| round.accepted.len().saturating_sub(1);
        self.rounds.iter().map(beyond_one).sum()
    }

    /// Checks that one writer per round succeeded, that all others got a 412, and that the text of
    /// the winner is stored.
    #[track_caller]
    pub(crate) fn assert_one_winner_each(&self) {
        for (number, round) in self.rounds.iter().enumerate() {
            assert_eq!(
                round.accepted,
                [&*round.stored],
                "round {number}: {round:?}"
            );
            let refused: usize = round.statuses.values().sum::<usize>() - 1;
            let failed = round.statuses.get(&412).copied().unwrap_or(0);
            assert_eq!(failed, refused, "round {number}: {round:?}");
        }
    }
}

/// A kept connection.
#[derive(Debug)]
pub(crate) struct Connection {
    server: SocketAddr,
    sender: Sender,
}

#[derive(Debug)]
enum Sender {
    One(http1::SendRequest<Full<Bytes>>),
    Two(http2::SendRequest<Full<Bytes>>),
}

impl Connection {
    pub(crate) async fn open(server: SocketAddr, http: Http) -> Self {
        let stream = TcpStream::connect(server).await.expect("a server");
        stream.set_nodelay(true).unwrap();
        let stream = TokioIo::new(stream);
        let sender = match http {
            Http::One => {
                let (sender, connection) = http1::handshake(stream).await.unwrap();
                tokio::spawn(connection);
                Sender::One(sender)
            }
            Http::Two => {
                let executor = TokioExecutor::new();
                let (sender, connection) = http2::handshake(executor, stream).await.unwrap();
                tokio::spawn(connection);
                Sender::Two(sender)
            }
        };
        Self { server, sender }
    }

    /// Sends a request and reads the whole response.
    pub(crate) async fn exchange(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> hyper::Result<Response<Bytes>> {
        let (mut head, content) = request.into_parts();
        let response = match &mut self.sender {
            Sender::One(sender) => {
                let host = self.server.to_string();
                let host = HeaderValue::from_str(&host).expect("an address");
                head.headers.insert(header::HOST, host);
                sender.ready().await?;
                sender
                    .send_request(Request::from_parts(head, content))
                    .await?
            }
            Sender::Two(sender) => {
                let uri = format!("http://{}{}", self.server, head.uri);
                head.uri = uri.parse().expect("a path");
                sender.ready().await?;
                sender
                    .send_request(Request::from_parts(head, content))
                    .await?
            }
        };
        let (head, content) = response.into_parts();
        Ok(Response::from_parts(
            head,
            content.collect().await?.to_bytes(),
        ))
    }
}
