use std::{
    process::Command,
    time::{Duration, Instant},
};

use http_body_util::BodyExt;

use crate::support::{BOTH, Server, soon};

/// Both signals end it at once, although feeds are open.
#[tokio::test]
async fn signals_end_it_gracefully() {
    for signal in ["-TERM", "-INT"] {
        let mut notes = Server::notes(&[]).await;
        let mut feeds = Vec::new();
        for http in BOTH {
            let mut feed = notes.open(http, "GET", "/events", &[], "").await;
            soon(feed.frame()).await.unwrap().unwrap();
            feeds.push(feed);
        }

        let sent = Instant::now();
        let pid = notes.process().id().unwrap().to_string();
        let killed = Command::new("kill").args([signal, &pid]).status().unwrap();
        assert!(killed.success());
        for mut feed in feeds {
            // Each ends properly, not by a broken connection.
            while let Some(frame) = soon(feed.frame()).await {
                frame.unwrap();
            }
        }
        let exit = soon(notes.process().wait()).await.unwrap();
        assert!(exit.success(), "{signal}");
        assert!(sent.elapsed() < Duration::from_secs(3), "{signal}");
    }
}
