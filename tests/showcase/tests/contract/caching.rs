//! The cache policies of the routes.

use crate::support::{BOTH, Http, Server};

/// R-9111-4.2.2-a, R-9110-15.1-a: every route has a policy, and no error is stored.
#[tokio::test]
async fn every_route_has_a_policy() {
    let notes = Server::showcase(&[]).await;
    for http in BOTH {
        for (path, status, policy) in [
            ("/", 200, "no-cache"),
            ("/notes", 200, "max-age=1, stale-while-revalidate=30"),
            ("/notes/1", 200, "no-cache"),
            ("/pages/home", 200, "max-age=60"),
            ("/files/1k.json", 200, "max-age=600"),
            ("/comma", 200, "no-cache"),
            ("/stream?n=1", 200, "no-store"),
            ("/state", 200, "no-cache"),
            ("/stats", 200, "no-store"),
            ("/metrics", 200, "no-store"),
            ("/assets/page.css", 307, "no-cache"),
            ("/assets/none.css", 404, "no-store"),
            ("/private/me", 401, "no-store"),
            ("/notes/4711", 404, "no-store"),
            ("/pages/none", 404, "no-store"),
            ("/files/none", 404, "no-store"),
            ("/none", 404, "no-store"),
        ] {
            for method in ["GET", "HEAD"] {
                let reply = notes.send(http, method, path, &[], "").await;
                assert_eq!(reply.status, status, "{method} {path}");
                assert_eq!(
                    reply.field("cache-control"),
                    Some(policy),
                    "{method} {path}"
                );
                assert!(reply.field("date").is_some(), "{path}");
                for never in ["age", "pragma", "expires"] {
                    assert_eq!(reply.field(never), None, "{path}");
                }
            }
        }
    }
}

/// R-9111-3.5-a: a response to a request with credentials is `private`.
#[tokio::test]
async fn responses_to_credentials_are_private() {
    let notes = Server::showcase(&[]).await;
    let ada = ("authorization", "Bearer ada");
    for path in [
        "/notes",
        "/notes/1",
        "/pages/home",
        "/files/1k.json",
        "/private/me",
    ] {
        let full = notes.get(Http::One, path, &[ada]).await;
        let policy = full.field("cache-control").unwrap();
        assert!(
            policy.split(", ").any(|one| one == "private"),
            "{path}: {policy}"
        );
        assert!(
            !full
                .field("vary")
                .unwrap_or_default()
                .contains("authorization")
        );

        let tag = ("if-none-match", full.tag());
        let same = notes.get(Http::One, path, &[ada, tag]).await;
        assert_eq!(same.status, 304, "{path}");
        assert_eq!(same.field("cache-control"), Some(policy), "{path}");
    }
}

/// R-9110-9.3.3-a: the response to a write gets no lifetime.
#[tokio::test]
async fn the_answer_to_a_write_is_not_fresh() {
    let notes = Server::showcase(&[]).await;
    let draft = serde_json::json!({ "title": "a", "text": "b" });
    let created = notes.write(Http::One, "POST", "/notes", &[], &draft).await;
    assert_eq!(created.status, 201);
    assert_eq!(created.field("cache-control"), None);
    let page = notes
        .send(Http::One, "PUT", "/pages/home", &[], "hello")
        .await;
    assert_eq!(page.field("cache-control"), None);
    let refused = notes.write(Http::One, "PUT", "/notes/1", &[], &draft).await;
    assert_eq!(refused.status, 428);
    assert_eq!(refused.field("cache-control"), Some("no-store"));
}
