//! Tags that one replica has filled, on the others.

use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::Full;
use tower_conditional_testing::{Engine, Postgres};

use crate::{
    actor::{path_of, tag_of},
    client::{Client, get},
    run::create,
    settle::{runs, settle_page},
    system::{REPLICAS, System},
};

const FILE: &str = "/files/1k.json";

/// Sends a read to a replica, and returns its status.
async fn status(
    client: &mut Client,
    system: &System,
    replica: usize,
    path: &str,
    tag: &str,
) -> StatusCode {
    let mut request = get(path);
    let tag = HeaderValue::try_from(tag).expect("a tag");
    request.headers_mut().insert(header::IF_NONE_MATCH, tag);
    let response = client.exchange(system.address(replica), request).await;
    response.expect("an answer").status()
}

async fn tag(client: &mut Client, system: &System, path: &str) -> String {
    let response = client.exchange(system.address(0), get(path)).await;
    tag_of(&response.expect("an answer"))
}

/// P-VC-intent: no handler runs for what another replica has remembered, until somebody writes.
async fn assert_shared(options: &[&str]) {
    let system = System::start(Engine::Redis, options);
    let (mut client, page) = (Client::new(), path_of(0));
    create(&mut client, &system, 0).await;
    settle_page(&mut client, &system, 0).await;
    let file = tag(&mut client, &system, FILE).await;
    let old = tag(&mut client, &system, &page).await;
    for replica in 1..REPLICAS {
        for (path, tag) in [(FILE, &file), (&page, &old)] {
            let read = status(&mut client, &system, replica, path, tag).await;
            assert_eq!(read, StatusCode::NOT_MODIFIED);
        }
        for handler in ["GET /files/{name}", "GET /pages/{name}"] {
            assert_eq!(runs(&mut client, &system, replica, handler).await, 0);
        }
    }
    let write = Request::put(&page)
        .header(header::IF_MATCH, &old)
        .body(Full::from("1"))
        .expect("a request");
    let written = client.exchange(system.address(1), write).await;
    let written = written.expect("an answer");
    assert_eq!(written.status(), StatusCode::NO_CONTENT);
    for replica in 0..REPLICAS {
        let read = status(&mut client, &system, replica, &page, &old).await;
        assert_eq!(read, StatusCode::OK);
        let read = status(&mut client, &system, replica, &page, &tag_of(&written)).await;
        assert_eq!(read, StatusCode::NOT_MODIFIED);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_share_tags_beside_sqlite() {
    assert_shared(&[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_share_tags_beside_postgres() {
    let url = Postgres::shared().create_database();
    assert_shared(&["--postgres", &url]).await;
}
