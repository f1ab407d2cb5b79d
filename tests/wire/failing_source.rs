//! A source that fails: reads reach the handler, writes are refused, and the connection stays
//! usable.

use std::{future::pending, io, sync::Arc, time::Duration};

use http::request::Parts;
use tower::{Layer, ServiceBuilder};
use tower_conditional::{
    BoxError, ConditionalLayer, PreconditionLayer, ValidatorSource, source::from_fn,
};

use crate::support::{Client, Notes, Reply, Server, by_path, in_time};

const NOTE: &str = "/note";
const FAILURES: [&str; 4] = ["fails", "hangs", "panics", "panics at once"];

/// Answers as the request asks.
fn source(notes: &Notes) -> impl ValidatorSource + Clone {
    let notes = notes.clone();
    let source = from_fn(move |request: &Parts| {
        let how = request.headers.get("x-source").cloned();
        let how = how.map(|how| how.to_str().unwrap().to_owned());
        assert_ne!(how.as_deref(), Some("panics at once"));
        let found = notes.current(request);
        async move {
            match how.as_deref() {
                None => Ok(found),
                Some("fails") => Err(BoxError::from(io::Error::other("no database"))),
                Some("hangs") => pending().await,
                Some(_) => panic!("a source that panics"),
            }
        }
    });
    Arc::new(source.timeout(Duration::from_millis(50)))
}

async fn placements(notes: &Notes) -> [(&'static str, Server); 3] {
    let source = source(notes);
    let reads = ConditionalLayer::new().source(source.clone());
    let writes = || PreconditionLayer::new(source.clone());
    let layers = || ServiceBuilder::new().layer(reads.clone()).layer(writes());
    let locked = writes().lock(tower_conditional::lock::KeyedLock::new(), by_path);
    [
        (
            "Router::layer",
            Server::start(notes.router().layer(layers())).await,
        ),
        (
            "around the Router",
            Server::start(layers().service(notes.router())).await,
        ),
        (
            "with a lock",
            Server::start(reads.layer(locked.layer(notes.router()))).await,
        ),
    ]
}

/// R-9110-13.2.1-d: in an unknown state nothing is evaluated.
#[tokio::test]
async fn reads_reach_the_handler() {
    let notes = Notes::with(NOTE, "hello");
    for (placement, server) in placements(&notes).await {
        for mut client in Client::both(&server).await {
            for how in FAILURES {
                let case = format!("{placement}, {}, {how}", client.version());
                let how = format!("x-source: {how}");
                let before = notes.reads();
                let fields = [&*how, "if-none-match: \"0\""];
                let reply = in_time(client.request("GET", NOTE, &fields)).await;
                assert_eq!((reply.status, &*reply.body), (200, &b"hello"[..]), "{case}");
                // The handler's own tag is evaluated, as without a source.
                let fields = [&*how, "if-none-match: \"1\""];
                let reply = in_time(client.request("GET", NOTE, &fields)).await;
                assert_eq!((reply.status, reply.tag()), (304, "\"1\""), "{case}");
                assert_eq!(notes.reads(), before + 2, "{case}");
                assert_works(&mut client, &notes).await;
            }
        }
    }
}

/// R-9110-13.1.1-b: a write that could not be checked is not performed.
#[tokio::test]
async fn writes_are_refused() {
    let notes = Notes::with(NOTE, "hello");
    for (placement, server) in placements(&notes).await {
        for mut client in Client::both(&server).await {
            for how in FAILURES {
                for condition in ["if-match: \"1\"", "if-match: *", "if-none-match: *"] {
                    let case = format!("{placement}, {}, {how}, {condition}", client.version());
                    let fields = [&*format!("x-source: {how}"), condition];
                    let reply = in_time(client.send("PUT", NOTE, &fields, "refused")).await;
                    assert_unavailable(&reply, &case);
                }
                assert_works(&mut client, &notes).await;
            }
        }
    }
    assert_eq!(notes.text(NOTE).unwrap(), "hello");
    assert_eq!(notes.writes(), 0);
}

/// R-9110-13.2.1-d: without a condition the source is not asked.
#[tokio::test]
async fn a_request_without_a_condition_does_not_ask_the_source() {
    let notes = Notes::with(NOTE, "hello");
    for (placement, server) in placements(&notes).await {
        for mut client in Client::both(&server).await {
            for how in FAILURES {
                let how = format!("x-source: {how}");
                let reply = in_time(client.send("PUT", NOTE, &[&how], "written")).await;
                assert_eq!(reply.status, 200, "{placement} {how}");
            }
        }
    }
}

#[track_caller]
fn assert_unavailable(reply: &Reply, case: &str) {
    assert_eq!(reply.status, 503, "{case}");
    let seconds: u32 = reply.field("retry-after").unwrap().parse().unwrap();
    assert!(seconds > 0, "{case}");
    assert_eq!(reply.field("cache-control"), Some("no-store"), "{case}");
    let problem = String::from_utf8_lossy(&reply.body);
    assert!(!problem.contains("database"), "{case}: {problem}");
}

/// Checks that the same connection works when the source works again.
async fn assert_works(client: &mut Client, notes: &Notes) {
    let before = notes.reads();
    let known = ["if-none-match: \"1\""];
    let reply = in_time(client.request("GET", NOTE, &known)).await;
    assert_eq!((reply.status, notes.reads()), (304, before));
    let stale = ["if-match: \"0\""];
    let reply = in_time(client.send("PUT", NOTE, &stale, "refused")).await;
    assert_eq!((reply.status, reply.tag()), (412, "\"1\""));
}
