//! Caches that cannot be reached.

use http::StatusCode;
use tokio::{io::AsyncReadExt, net::TcpListener};

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

/// The response comes before the end of the first attempt, which takes five seconds.
#[tokio::test]
async fn a_cache_that_hangs_stops_no_write() {
    let hangs = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", hangs.local_addr().unwrap());
    let notes = Notes::start(&ReservedAddress::reserve(), &["--varnish", &url]);
    let attempt = async {
        let (mut first, _) = hangs.accept().await.unwrap();
        first.read_to_end(&mut Vec::new()).await
    };
    let written = tokio::select! {
        written = notes.put("/pages/home", "new") => written,
        attempt = attempt => panic!("{attempt:?}"),
    };
    assert_eq!(written.status, StatusCode::NO_CONTENT);
}
