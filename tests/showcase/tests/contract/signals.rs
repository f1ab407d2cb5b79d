use std::{
    env, fs, process,
    time::{Duration, Instant},
};

use http_body_util::BodyExt;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::support::{BOTH, Http, Server, in_time};

impl Server {
    fn signal(&self, signal: Signal) {
        let pid = self.process.id().unwrap().try_into().unwrap();
        kill(Pid::from_raw(pid), signal).unwrap();
    }
}

/// Issue 10, C.1: both signals end the program at once, although feeds are open. The test sends
/// them without `kill`, which a minimal Debian lacks.
#[tokio::test]
async fn signals_end_the_showcase_gracefully() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut notes = Server::showcase(&[]).await;
        let mut feeds = Vec::new();
        for http in BOTH {
            let mut feed = notes.open(http, "GET", "/events", &[], "").await;
            in_time(feed.frame()).await.unwrap().unwrap();
            feeds.push(feed);
        }

        let sent = Instant::now();
        notes.signal(signal);
        for mut feed in feeds {
            // Each feed ends properly, and not by a broken connection.
            while let Some(frame) = in_time(feed.frame()).await {
                frame.unwrap();
            }
        }
        let exit = in_time(notes.process.wait()).await.unwrap();
        assert!(exit.success(), "{signal}");
        assert!(sent.elapsed() < Duration::from_secs(3), "{signal}");
    }
}

/// P-ID-disconnect: the end of the program waits for an order whose client has left, and a retry
/// after the next start gets its response. The order takes half of the three seconds that the end
/// may take. So the signal may come late on a busy machine.
#[tokio::test]
async fn an_order_without_its_client_outlives_the_server() {
    let file = env::temp_dir().join(format!("showcase-{}-signals.db", process::id()));
    let arguments = ["--database", file.to_str().unwrap()];
    let (path, body) = ("/orders?delay_ms=1500", r#"{"item":"tea","quantity":1}"#);
    for (number, http) in (1..).zip(BOTH) {
        let mut notes = Server::showcase(&arguments).await;
        let key = format!("\"{number}\"");
        tokio::select! {
            order = notes.order(http, path, &key, body) => panic!("{order:?}"),
            () = notes.wait_for_runs("POST /orders", 1) => {}
        }
        notes.signal(Signal::SIGTERM);
        let exit = in_time(notes.process.wait()).await.unwrap();
        assert!(exit.success());

        let notes = Server::showcase(&arguments).await;
        let retry = notes.order(http, path, &key, body).await;
        assert_eq!(retry.status, 201);
        assert_eq!(retry.field("idempotent-replayed"), Some("true"));
        assert_eq!(retry.json()["order"], number);
        assert_eq!(
            notes.get(Http::One, "/orders", &[]).await.json()[number - 1],
            retry.json()
        );
    }
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{suffix}", file.display()));
    }
}
