//! A load generator on one thread: `redis --load KIND SECONDS ADDRESS..`.

use std::{
    cell::Cell,
    process,
    rc::Rc,
    time::{Duration, Instant, SystemTime},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::LocalSet,
    time::sleep,
};
use tower_conditional_bench::drive::runtime;

use crate::{
    cpu::cpu_micros,
    http_server::{BARE, NOTE, ORDERS},
};

/// To each of the servers.
const CONNECTIONS: usize = 16;

/// The requests of one run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An order that no layer sees.
    Bare,
    /// An order with a new key.
    FirstRun,
    /// The same order with the same key.
    Replay,
    /// A conditional read.
    Read,
}

impl Kind {
    pub const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::Bare, "bare", "order without a layer"),
        (Self::FirstRun, "first", "order with a new key"),
        (Self::Replay, "replay", "replay of an order"),
        (Self::Read, "read", "304 of a remembered read"),
    ];

    const fn status(self) -> &'static str {
        match self {
            Self::Bare | Self::FirstRun | Self::Replay => "201",
            Self::Read => "304",
        }
    }

    fn request(self, number: u64) -> String {
        let content = "x".repeat(256);
        let order = |path: &str, number: u64| {
            format!(
                "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                 Idempotency-Key: \"8e03978e-40d5-43dd-bc93-{number:012}\"\r\n\
                 Content-Length: 256\r\n\r\n{content}"
            )
        };
        match self {
            Self::Bare => order(BARE, 0),
            Self::FirstRun => order(ORDERS, number),
            Self::Replay => order(ORDERS, 0),
            Self::Read => format!(
                "GET {NOTE} HTTP/1.1\r\nHost: localhost\r\n\
                 If-None-Match: \"a-tag-of-the-handler-01\"\r\n\r\n"
            ),
        }
    }
}

/// Prints the number of responses, the seconds, and the microseconds of CPU of this process.
pub fn run(kind: &str, seconds: &str, addresses: &[&str]) {
    let mut kinds = Kind::ALL.into_iter();
    let (kind, ..) = kinds.find(|(_, name, _)| *name == kind).expect("a kind");
    let duration = Duration::from_secs(seconds.parse().expect("a number of seconds"));
    let (count, elapsed) =
        runtime().block_on(LocalSet::new().run_until(load(kind, duration, addresses)));
    let cpu = cpu_micros(process::id());
    println!("{count} {} {cpu}", elapsed.as_secs_f64());
}

async fn load(kind: Kind, duration: Duration, addresses: &[&str]) -> (u64, Duration) {
    // Each run has keys of its own.
    let now = SystemTime::UNIX_EPOCH.elapsed().expect("a clock");
    let micros = u64::try_from(now.as_micros()).expect("a time");
    let number = Rc::new(Cell::new(micros % 1_000_000_000_000));
    let first = number.get();
    prime(kind, addresses[0]).await;
    let start = Instant::now();
    let mut tasks = Vec::new();
    for address in addresses {
        for _ in 0..CONNECTIONS {
            let connection = Connection::open(address).await;
            let number = Rc::clone(&number);
            tasks.push(tokio::task::spawn_local(send(
                connection,
                kind,
                number,
                start + duration,
            )));
        }
    }
    for task in tasks {
        task.await.expect("requests");
    }
    (number.get() - first, start.elapsed())
}

/// Sends requests until one has the expected status. The first lookups of a server find nothing.
async fn prime(kind: Kind, address: &str) {
    let mut connection = Connection::open(address).await;
    let request = kind.request(0);
    // The first of two runs, and the other repeats it.
    let _ = connection.status(&request).await;
    while connection.status(&request).await != kind.status() {
        // The grace period ends by the clock of a real server, which sends no event.
        sleep(Duration::from_millis(100)).await;
    }
}

async fn send(mut connection: Connection, kind: Kind, number: Rc<Cell<u64>>, end: Instant) {
    while Instant::now() < end {
        number.set(number.get() + 1);
        let status = connection.status(&kind.request(number.get())).await;
        assert_eq!(status, kind.status());
    }
}

/// A kept connection.
struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        let buffer = vec![0; 16 << 10];
        Self { stream, buffer }
    }

    /// Sends a request, and returns the status of its response.
    async fn status(&mut self, request: &str) -> String {
        let written = self.stream.write_all(request.as_bytes()).await;
        written.expect("a request is sent");
        let mut length = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[length..]).await;
            let read = read.expect("a response");
            assert_ne!(read, 0, "the server closed the connection");
            length += read;
            if whole_length(&self.buffer[..length]).is_some_and(|whole| whole <= length) {
                return String::from_utf8_lossy(&self.buffer[9..12]).into_owned();
            }
        }
    }
}

/// Returns the length of head and content together, once the head has arrived.
fn whole_length(read: &[u8]) -> Option<usize> {
    let end = read.windows(4).position(|bytes| bytes == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&read[..end]);
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let is_empty = head.starts_with("HTTP/1.1 304");
    let content = length.filter(|_| !is_empty);
    Some(end + content.map_or(0, |length| length.trim().parse().expect("a length")))
}
