//! The number of series, whatever clients send.

use std::time::Instant;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    samples::sum,
    support::{Server, in_time},
};

const REQUESTS: usize = 100_000;
const MAX_SERIES: usize = 500;

/// Requests are sent in groups over one connection, which is the fastest way.
const GROUP: usize = 500;

const METHODS: [&str; 10] = [
    "GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "QUERY", "SECRETS", "TRACE",
];

const PATHS: [&str; 16] = [
    "/",
    "/notes",
    "/notes/",
    "/pages/",
    "/private/me",
    "/orders",
    "/state",
    "/comma",
    "/metrics/",
    "/stats/",
    "/files/",
    "/SECRET-",
    "/files/1k.json",
    "/notes/1",
    "/SECRET/$etags-cache",
    "//",
];

/// A generator of numbers that is the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        // Constants of Knuth's MMIX.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

fn request(numbers: &mut Numbers) -> String {
    let method = METHODS[numbers.below(METHODS.len())];
    let mut path = PATHS[numbers.below(PATHS.len())].to_owned();
    // Half of the paths are new ones.
    if numbers.below(2) == 0 {
        path = format!("{path}SECRET{}?token=SECRET", numbers.below(1_000_000));
    }
    let condition = match numbers.below(4) {
        0 => "if-none-match: \"SECRET\"\r\n",
        1 => "if-match: \"SECRET\"\r\n",
        2 => "idempotency-key: \"SECRET\"\r\nauthorization: Bearer SECRET\r\n",
        _ => "",
    };
    format!("{method} {path} HTTP/1.1\r\nhost: SECRET.test\r\n{condition}content-length: 0\r\n\r\n")
}

/// Sends requests over one connection, and reads everything until it is closed.
async fn send(address: &str, mut requests: Vec<String>) -> String {
    let last = requests.last_mut().unwrap();
    *last = last.replace(
        "content-length: 0",
        "connection: close\r\ncontent-length: 0",
    );
    let connection = TcpStream::connect(address).await.unwrap();
    let (mut responses, mut input) = connection.into_split();
    let writing = tokio::spawn(async move {
        input.write_all(requests.concat().as_bytes()).await.unwrap();
        input
    });
    let mut text = Vec::new();
    in_time(responses.read_to_end(&mut text)).await.unwrap();
    drop(writing.await.unwrap());
    String::from_utf8_lossy(&text).into_owned()
}

/// No path, query, tag, key, host, user or unknown method is in a label.
#[tokio::test]
async fn the_series_are_bounded_and_hold_no_secret() {
    let notes = Server::showcase(&["--build", "1"]).await;
    let mut numbers = Numbers(17);
    let mut answered = 0;
    for _ in 0..REQUESTS / GROUP {
        let requests = (0..GROUP).map(|_| request(&mut numbers)).collect();
        let text = send(&notes.address, requests).await;
        answered += text.matches("HTTP/1.1 ").count();
    }
    assert_eq!(answered, REQUESTS);
    let start = Instant::now();
    let text = notes.metrics().await;
    println!("scraped in {:?}", start.elapsed());
    assert!(!text.to_ascii_lowercase().contains("secret"), "{text}");
    let samples = notes.samples().await;
    println!("{} series", samples.len());
    assert!(samples.len() < MAX_SERIES, "{}\n{text}", samples.len());
    // One more is the first scrape.
    let requests = sum(&samples, "requests_total", &[]);
    assert_eq!(requests, REQUESTS as f64 + 1.0);
}
