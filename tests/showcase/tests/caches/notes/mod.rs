//! The showcase behind a cache that it purges after writes.

mod callers;
mod codings;
mod state;
mod unreachable;
mod written;

use crate::support::{Cache, Reply};

const CODINGS: [&str; 3] = ["gzip", "br", "identity"];

fn accept(coding: &'static str) -> (&'static str, &'static str) {
    ("accept-encoding", coding)
}

async fn write_note(cache: &Cache, number: u32, tag: &str, title: &str) -> Reply {
    let draft = serde_json::json!({ "title": title }).to_string();
    let path = format!("/notes/{number}");
    cache.send("PUT", &path, &[("if-match", tag)], &draft).await
}

#[track_caller]
fn assert_same(one: &Reply, other: &Reply) {
    assert_eq!((one.tag(), &one.content), (other.tag(), &other.content));
}
