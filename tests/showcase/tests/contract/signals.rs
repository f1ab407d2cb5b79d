use std::time::{Duration, Instant};

use http_body_util::BodyExt;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::support::{BOTH, Server, in_time};

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
        let pid = notes.process.id().unwrap().try_into().unwrap();
        kill(Pid::from_raw(pid), signal).unwrap();
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
