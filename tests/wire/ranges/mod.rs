//! Parts of representations, with bodies of every kind.

mod bodies;
mod changing;
mod compression;
mod dropped;
mod resumed;
#[path = "../../support/seeded.rs"]
mod seeded;
mod untouched;

use crate::support::{Client, Reply, in_time};

async fn read(client: &mut Client, path: &str, fields: &[&str]) -> Reply {
    in_time(client.request("GET", path, fields)).await
}

/// Asserts that a response is the part of `content` from `first` to `last`, with all headers that a
/// client needs to join it.
#[track_caller]
fn assert_part(reply: &Reply, content: &[u8], first: usize, last: usize, context: &str) {
    let end = content.len() - 1;
    let last = last.min(end);
    assert_eq!(reply.status, 206, "{context}");
    let range = format!("bytes {first}-{last}/{}", content.len());
    assert_eq!(reply.field("content-range"), Some(&*range), "{context}");
    let length = (last - first + 1).to_string();
    assert_eq!(reply.field("content-length"), Some(&*length), "{context}");
    assert_eq!(reply.body, &content[first..=last], "{context}");
    assert_eq!(reply.trailers, None, "{context}");
}
