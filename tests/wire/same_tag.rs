//! The tag depends on the bytes and on nothing else.

use std::{
    env,
    io::{self, Write},
    process::Command,
};

use axum::{Router, body::Body, extract::Path, routing::get};
use bytes::Bytes;

use crate::support::{H1, H2, Hint, Scripted, data, placements};

const LENGTH: usize = 5_000;

fn content() -> Bytes {
    (0..LENGTH).map(|at| (at % 251) as u8).collect()
}

/// `/{frame length}/{sized or chunked}`
fn router() -> Router {
    let handler = |Path((frame, framing)): Path<(usize, String)>| async move {
        let hint = match &*framing {
            "sized" => Hint::Exact,
            _ => Hint::AtMost(LENGTH as u64),
        };
        let content = content();
        let frames = content
            .chunks(frame)
            .map(|part| data(content.slice_ref(part)));
        Body::new(Scripted::new(frames, hint))
    };
    Router::new().route("/{frame}/{framing}", get(handler))
}

/// R-9110-8.8.1-b, R-9110-8.8.1-c
#[tokio::test]
async fn for_all_frames_framings_and_versions() {
    let mut tags = Vec::new();
    for (placement, server) in placements(router()).await {
        let mut h1 = H1::connect(&server).await;
        let mut h2 = H2::connect(&server).await;
        for frame in [LENGTH, 1, 4096] {
            for framing in ["sized", "chunked"] {
                let path = format!("/{frame}/{framing}");
                let over_h1 = h1.request("GET", &path, &[]).await;
                let sized = over_h1.field("content-length").is_some();
                let over_h2 = h2.request("GET", &path, &[]).await;
                for reply in [over_h1, over_h2] {
                    assert_eq!(reply.body, content(), "{placement} {path}");
                    tags.push(reply.tag().to_owned());
                }
                assert!(sized || framing == "chunked", "{path}");
            }
        }
    }
    assert_eq!(tags.len(), 24);
    tags.dedup();
    assert_eq!(tags.len(), 1, "{tags:?}");
}

/// R-9110-8.8.1-a: another process, which stands for a restart, has other
/// random seeds and addresses and makes the same tag.
#[tokio::test]
async fn after_a_restart() {
    const MARK: &str = "TOWER_CONDITIONAL_PRINT_TAG";
    let [(_, server), _] = placements(router()).await;
    let reply = H1::connect(&server)
        .await
        .request("GET", "/1/sized", &[])
        .await;
    if env::var_os(MARK).is_some() {
        writeln!(io::stdout(), "the tag is {}", reply.tag()).unwrap();
        return;
    }
    let restarted = Command::new(env::current_exe().unwrap())
        .args(["--exact", "same_tag::after_a_restart", "--nocapture"])
        .env(MARK, "1")
        .output()
        .unwrap();
    let printed = String::from_utf8(restarted.stdout).unwrap();
    let expected = format!("the tag is {}", reply.tag());
    assert!(printed.contains(&expected), "{printed}");
}
