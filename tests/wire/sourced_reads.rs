//! Reads whose tags are known before the service runs.

use tower::{Layer, ServiceBuilder};
use tower_conditional::{ConditionalLayer, EtagLayer};

use crate::support::{Client, Notes, Server};

const NOTE: &str = "/note";

async fn placements(notes: &Notes) -> [(&'static str, Server); 3] {
    let layer = ConditionalLayer::new().source(notes.source());
    let both = ServiceBuilder::new()
        .layer(layer.clone())
        .layer(EtagLayer::new());
    [
        (
            "Router::layer",
            Server::start(notes.router().layer(layer.clone())).await,
        ),
        (
            "around the Router",
            Server::start(layer.layer(notes.router())).await,
        ),
        (
            "with EtagLayer",
            Server::start(both.service(notes.router())).await,
        ),
    ]
}

/// R-9110-13.1.2-b, R-9110-8.8-a: a matching tag runs no handler, and a miss runs it once.
#[tokio::test]
async fn only_a_miss_runs_the_handler() {
    let notes = Notes::with(NOTE, "hello");
    for (placement, server) in placements(&notes).await {
        for mut client in Client::both(&server).await {
            for method in ["GET", "HEAD"] {
                let case = format!("{placement}, {}, {method}", client.version());
                for hit in ["\"1\"", "W/\"1\"", "\"0\", \"1\"", "*"] {
                    let before = notes.reads();
                    let condition = format!("if-none-match: {hit}");
                    let reply = client.request(method, NOTE, &[&condition]).await;
                    // Issue 10, A.4: the tag has the form that the client has.
                    let tag = if hit.starts_with("W/") { hit } else { "\"1\"" };
                    assert_eq!((reply.status, reply.tag()), (304, tag), "{case}");
                    assert!(reply.body.is_empty(), "{case}");
                    assert_eq!(notes.reads(), before, "{case} {hit}");
                }
                for condition in ["if-none-match: \"0\"", "if-match: \"1\"", "accept: */*"] {
                    let before = notes.reads();
                    let reply = client.request(method, NOTE, &[condition]).await;
                    assert_eq!((reply.status, reply.tag()), (200, "\"1\""), "{case}");
                    let text = if method == "GET" { "hello" } else { "" };
                    assert_eq!(reply.body, text.as_bytes(), "{case}");
                    assert_eq!(notes.reads(), before + 1, "{case} {condition}");
                }
            }
        }
    }
}

/// R-9110-13.1.1-g: a stale `If-Match` runs no handler either.
#[tokio::test]
async fn a_412_runs_no_handler() {
    let notes = Notes::with(NOTE, "hello");
    for (placement, server) in placements(&notes).await {
        for mut client in Client::both(&server).await {
            for method in ["GET", "HEAD"] {
                let reply = client.request(method, NOTE, &["if-match: \"0\""]).await;
                assert_eq!((reply.status, reply.tag()), (412, "\"1\""), "{placement}");
                assert_eq!(reply.body.is_empty(), method == "HEAD", "{placement}");
            }
            // No unread byte is left on the connection.
            let known = ["if-none-match: \"1\""];
            assert_eq!(client.request("GET", NOTE, &known).await.status, 304);
        }
    }
    assert_eq!(notes.reads(), 0);
}

/// R-9110-13.2.1-a: if the resource is absent, the handler decides.
#[tokio::test]
async fn the_handler_decides_a_404() {
    let notes = Notes::default();
    for (placement, server) in placements(&notes).await {
        for mut client in Client::both(&server).await {
            for method in ["GET", "HEAD"] {
                for condition in ["if-none-match: \"1\"", "if-match: \"1\"", "if-match: *"] {
                    let reply = client.request(method, NOTE, &[condition]).await;
                    assert_eq!(reply.status, 404, "{placement} {method} {condition}");
                }
            }
        }
    }
}
