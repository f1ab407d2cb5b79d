//! A load generator for machines without wrk: 32 kept connections that send the same request again
//! and again. `load SECONDS URL [HEADER]` prints the number of responses like wrk.

use std::{
    cell::Cell,
    env,
    rc::Rc,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::LocalSet,
};

const CONNECTIONS: usize = 32;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [seconds, url, fields @ ..] = &arguments[..] else {
        panic!("usage: load SECONDS URL [HEADER..]");
    };
    let duration = Duration::from_secs(seconds.parse().expect("a number of seconds"));
    let address = url.strip_prefix("http://").expect("an http URL");
    let (host, path) = address.split_once('/').expect("a URL with a path");
    let length = |field: &String| field.strip_prefix("Content-Length: ")?.parse().ok();
    let (method, content) = match fields.iter().find_map(length) {
        Some(length) => ("POST", "x".repeat(length)),
        None => ("GET", String::new()),
    };
    let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
    let request = format!("{method} /{path} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n{content}");

    let answers = Rc::new(Cell::new(0_u64));
    let tasks = LocalSet::new();
    let start = Instant::now();
    for _ in 0..CONNECTIONS {
        let stream = TcpStream::connect(host).await.expect("a connection");
        tasks.spawn_local(ask(
            stream,
            request.clone(),
            answers.clone(),
            start + duration,
        ));
    }
    tasks.await;
    let elapsed = start.elapsed().as_secs_f64();
    println!("{} requests in {elapsed:.2}s", answers.get());
}

async fn ask(mut stream: TcpStream, request: String, answers: Rc<Cell<u64>>, end: Instant) {
    stream.set_nodelay(true).expect("no delay");
    let mut buffer = vec![0; 256 << 10];
    let mut length = None;
    while Instant::now() < end {
        stream.write_all(request.as_bytes()).await.expect("written");
        let mut read = 0;
        while length.is_none_or(|length| read < length) {
            let more = stream.read(&mut buffer[read..]).await.expect("read");
            assert_ne!(more, 0, "the server closed the connection");
            read += more;
            // All responses to the same request have the same length.
            length = length.or_else(|| answer_length(&buffer[..read]));
        }
        answers.set(answers.get() + 1);
    }
}

/// Returns the length of head and content together, once the head has arrived.
fn answer_length(read: &[u8]) -> Option<usize> {
    let end = read.windows(4).position(|bytes| bytes == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&read[..end]).to_ascii_lowercase();
    if head.starts_with("http/1.1 304") {
        return Some(end);
    }
    let content = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .and_then(|length| length.trim().parse::<usize>().ok())
        .expect("an answer of known length");
    Some(end + content)
}
