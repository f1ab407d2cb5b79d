//! Remembered tags without a version column.

use crate::{
    program::program,
    support::{BOTH, Http, Server},
};

async fn start() -> Server {
    Server::start(program("validator_cache"), &["127.0.0.1:0"]).await
}

async fn runs(server: &Server) -> u64 {
    let runs = server.get(Http::One, "/runs", &[]).await;
    runs.json().as_u64().unwrap()
}

/// P-VC-intent, P-VC-scope: a 304 runs no handler, and a write is seen at once, in the list too.
#[tokio::test]
async fn a_write_is_seen_at_once_without_a_version() {
    let server = start().await;
    for http in BOTH {
        for path in ["/pages/home", "/pages"] {
            let full = server.get(http, path, &[]).await;
            let known = [("if-none-match", full.tag())];
            let before = runs(&server).await;
            assert_eq!(server.get(http, path, &known).await.status, 304, "{path}");
            // The job may have written the list.
            let after = runs(&server).await;
            assert!(after == before || path == "/pages", "{path}");
        }
        let list = server.get(http, "/pages", &[]).await;
        let known = [("if-none-match", list.tag())];
        let new = format!("/pages/{http:?}");
        assert_eq!(server.send(http, "PUT", &new, &[], "a").await.status, 204);
        assert_eq!(server.get(http, "/pages", &known).await.status, 200);

        let old = server.get(http, &new, &[]).await;
        let known = [("if-none-match", old.tag())];
        assert_eq!(server.send(http, "PUT", &new, &[], "b").await.status, 204);
        assert_eq!(server.get(http, &new, &known).await.body, "b");
    }
}

/// P-VC-intent: a job announces what it writes past the layer.
#[tokio::test]
async fn a_job_announces_its_writes() {
    let server = start().await;
    let mut seen = Vec::new();
    while seen.len() < 3 {
        let news = server.get(Http::One, "/pages/news", &[]).await;
        if news.status != 200 || seen.last() == Some(&news.body) {
            continue;
        }
        // Until the next write, the tag may be answered from the cache.
        let known = [("if-none-match", news.tag())];
        while server.get(Http::One, "/pages/news", &known).await.status == 304 {}
        seen.push(news.body.clone());
    }
}

#[tokio::test]
async fn an_operator_makes_it_forget() {
    let server = start().await;
    let full = server.get(Http::One, "/pages/home", &[]).await;
    let known = [("if-none-match", full.tag())];
    for (credentials, status, forgotten) in [
        ("", 401, 0),
        ("Bearer ada", 403, 0),
        ("Bearer admin", 204, 1),
    ] {
        let fields = [("authorization", credentials)];
        let fields = &fields[..usize::from(!credentials.is_empty())];
        for path in ["/$etags-cache", "/page-home/$etags-cache"] {
            let list = "/pages/$etags-cache";
            let reply = server.send(Http::One, "DELETE", list, fields, "").await;
            assert_eq!(reply.status, status, "{list}");
            let reply = server.send(Http::One, "DELETE", path, fields, "").await;
            assert_eq!(reply.status, status, "{path}");
            let before = runs(&server).await;
            for _ in 0..2 {
                let same = server.get(Http::One, "/pages/home", &known).await;
                assert_eq!(same.status, 304);
            }
            assert_eq!(runs(&server).await - before, forgotten, "{path}");
        }
    }
}
