//! Caches that cannot be reached.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use http::StatusCode;

use crate::support::{Notes, ReservedAddress, until};

/// The write is performed and answered, and the purge counts as failed.
#[tokio::test]
async fn a_cache_that_is_down_stops_no_write() {
    let down = ReservedAddress::reserve();
    let url = format!("http://{}", down.address());
    for option in ["--varnish", "--nginx"] {
        let notes = Notes::start(&ReservedAddress::reserve(), &[option, &url]);
        let written = notes.put("/pages/home", "new").await;
        assert_eq!(written.status, StatusCode::NO_CONTENT);
        assert_eq!(notes.get("/pages/home", &[]).await.content, "new");
        let purges = until(async || {
            let purges = notes.stats().await["purges"].take();
            (purges["failed"] != 0).then_some(purges)
        })
        .await;
        assert_eq!(purges, serde_json::json!({ "dropped": 0, "failed": 1 }));
    }
}

/// A limit below the first of several attempts, which takes five seconds.
#[tokio::test]
async fn a_cache_that_hangs_stops_no_write() {
    let hangs = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", hangs.local_addr().unwrap());
    let notes = Notes::start(&ReservedAddress::reserve(), &["--varnish", &url]);
    let start = Instant::now();
    let written = notes.put("/pages/home", "new").await;
    assert_eq!(written.status, StatusCode::NO_CONTENT);
    assert!(start.elapsed() < Duration::from_secs(4));
}
