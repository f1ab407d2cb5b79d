//! The tag depends on the bytes alone.

use std::{
    env,
    io::{self, Write},
    process::Command,
};

use axum::{Router, body::Body, extract::Path, routing::get};
use bytes::Bytes;

use crate::support::{H1, H2, Hint, Scripted, chunked_placements, data, placements};

const LENGTH: usize = 5_000;

fn content() -> Bytes {
    (0..LENGTH).map(|at| (at % 251) as u8).collect()
}

/// Serves `/{frame length}`.
fn router() -> Router {
    let handler = |Path(frame): Path<usize>| async move {
        let content = content();
        let frames = content
            .chunks(frame)
            .map(|part| data(content.slice_ref(part)));
        Body::new(Scripted::new(frames, Hint::Exact))
    };
    Router::new().route("/{frame}", get(handler))
}

/// R-9110-8.8.1-b, R-9110-8.8.1-c
#[tokio::test]
async fn all_frames_framings_and_versions_have_one_tag() {
    let mut tags = Vec::new();
    let sized = placements(router()).await.map(|server| (true, server));
    let chunked = chunked_placements(router())
        .await
        .map(|server| (false, server));
    for (sized, (placement, server)) in sized.into_iter().chain(chunked) {
        let mut h1 = H1::connect(&server).await;
        let mut h2 = H2::connect(&server).await;
        for frame in [LENGTH, 1, 4096] {
            let path = format!("/{frame}");
            let over_h1 = h1.request("GET", &path, &[]).await;
            assert_eq!(over_h1.field("content-length").is_some(), sized, "{path}");
            let over_h2 = h2.request("GET", &path, &[]).await;
            for reply in [over_h1, over_h2] {
                assert_eq!(reply.body, content(), "{placement} {path}");
                tags.push(reply.tag().to_owned());
            }
        }
    }
    assert_eq!(tags.len(), 24);
    tags.dedup();
    assert_eq!(tags.len(), 1, "{tags:?}");
}

/// R-9110-8.8.1-a: another process stands for a restart. It has other random seeds and addresses,
/// and makes the same tag.
#[tokio::test]
async fn the_tag_is_the_same_after_a_restart() {
    const MARK: &str = "TOWER_CONDITIONAL_PRINT_TAG";
    let [(_, server), _] = placements(router()).await;
    let reply = H1::connect(&server).await.request("GET", "/1", &[]).await;
    if env::var_os(MARK).is_some() {
        writeln!(io::stdout(), "the tag is {}", reply.tag()).unwrap();
        return;
    }
    let restarted = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "same_tag::the_tag_is_the_same_after_a_restart",
            "--nocapture",
        ])
        .env(MARK, "1")
        .output()
        .unwrap();
    let printed = String::from_utf8(restarted.stdout).unwrap();
    let expected = format!("the tag is {}", reply.tag());
    assert!(printed.contains(&expected), "{printed}");
}
