//! Clients that send their content byte by byte to a resource with a lock.

use axum::{Router, routing::post};
use tokio::task::JoinSet;
use tower_conditional::{PreconditionLayer, lock::KeyedLock};

use crate::support::{H1, H2, Notes, Server, by_path, in_time};

const NOTE: &str = "/note";
const SLOW_CLIENTS: usize = 20;
const OTHER_WRITERS: usize = 1_000;
/// The number of HTTP/2 streams on one connection.
const STREAMS: usize = 125;

/// The requests of the slow clients: three use the lock in different ways, one does not.
const SLOW_REQUESTS: [(&str, &str, &str); 4] = [
    ("PUT", NOTE, "if-match: *"),
    ("PUT", NOTE, "x-condition: none"),
    ("PATCH", NOTE, "if-match: \"1\""),
    ("POST", "/login", "x-condition: none"),
];

/// Issue 11, A.5: 20 clients send their content byte by byte. Each of 1,000 other writers at once
/// is answered, and none with 503.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_content_delays_no_other_writer() {
    let (notes, lock) = (Notes::with(NOTE, "first"), KeyedLock::new());
    let layer = PreconditionLayer::new(notes.source()).lock(lock.clone(), by_path);
    let login = Router::new().route("/login", post(async |_: String| "welcome"));
    let server = Server::start(notes.router().merge(login).layer(layer)).await;

    let mut slow_clients = Vec::new();
    for (method, path, field) in SLOW_REQUESTS.into_iter().cycle().take(SLOW_CLIENTS) {
        let mut slow = H1::connect(&server).await;
        let fields = [field, "content-length: 10"];
        slow.send_with(method, path, &fields, "d").await;
        slow_clients.push((slow, method));
    }
    for letter in [b"r", b"i", b"p"] {
        for (slow, _) in &mut slow_clients {
            slow.write(letter).await;
        }
        let statuses = write_with_others(&server).await;
        assert_eq!(statuses.len(), OTHER_WRITERS);
        assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    }
    assert_eq!(notes.writes(), 3 * OTHER_WRITERS);
    assert!(lock.is_empty());

    // The slow clients are writers too, once their content has arrived. By then their tag is old.
    let mut answered = Vec::new();
    for (slow, method) in &mut slow_clients {
        slow.try_write(b"ped in").await;
        answered.push(in_time(slow.reply(method)).await.unwrap().status);
    }
    let stale = answered.iter().filter(|status| **status == 412).count();
    let performed = answered.iter().filter(|status| **status == 200).count();
    assert_eq!((stale, performed), (SLOW_CLIENTS / 4, SLOW_CLIENTS * 3 / 4));
}

async fn write_with_others(server: &Server) -> Vec<u16> {
    let mut writers = JoinSet::new();
    for connection in 0..OTHER_WRITERS / STREAMS {
        let h2 = H2::connect(server).await;
        for _ in 0..STREAMS {
            let mut h2 = h2.clone();
            // Half of the writers overwrite, and half change the current text.
            let condition: &[&str] = if connection % 2 == 0 {
                &[]
            } else {
                &["if-match: *"]
            };
            writers.spawn(async move { h2.exchange("PUT", NOTE, condition, "next").await.status });
        }
    }
    in_time(writers.join_all()).await
}
