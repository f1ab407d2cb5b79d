//! Notes in several codings.

use http::StatusCode;
use serde_json::Value;

use super::{CODINGS, accept, assert_same, write_note};
use crate::support::{Kind, notes_and_cache, through_each_cache};

through_each_cache! {
    codings_never_mix
    each_coding_has_its_304
    either_codings_tag_writes
    a_range_of_another_coding_is_a_200
}

/// R-9110-8.8.1-c, R-9111-4.1-a
async fn codings_never_mix(kind: Kind) {
    let (notes, cache) = notes_and_cache(kind).await;
    for path in ["/notes", "/notes/1"] {
        let mut tags = Vec::new();
        for coding in [CODINGS, CODINGS, ["br", "identity", "gzip"]].concat() {
            let reply = cache.get(path, &[accept(coding)]).await;
            let coded = (coding != "identity").then_some(coding);
            assert_eq!(reply.field("content-encoding"), coded);
            assert_same(&reply, &notes.get(path, &[accept(coding)]).await);
            tags.push(reply.tag().to_owned());
        }
        tags.sort_unstable();
        tags.dedup();
        assert_eq!(tags.len(), CODINGS.len());
    }
}

/// R-9110-13.1.2-a: a 304 is for the tag of the client's coding, and not for that of another.
async fn each_coding_has_its_304(kind: Kind) {
    let (_notes, cache) = notes_and_cache(kind).await;
    let paths = match kind {
        // A note is `no-cache`, and so has no 304 here: see `freshness`.
        Kind::Nginx => &["/notes"][..],
        _ => &["/notes", "/notes/1"],
    };
    for path in paths {
        for coding in CODINGS {
            let full = cache.get(path, &[accept(coding)]).await;
            assert_eq!(full.status, StatusCode::OK);
            for other in CODINGS {
                let known = [accept(other), ("if-none-match", full.tag())];
                let reply = cache.get(path, &known).await;
                if other == coding {
                    assert_eq!(reply.status, StatusCode::NOT_MODIFIED);
                    assert_eq!(reply.tag(), full.tag());
                } else if coding != "identity" {
                    // Content without coding suits every client, but the cache may not know that.
                    assert_eq!(reply.status, StatusCode::OK);
                    assert_ne!(reply.tag(), full.tag());
                }
            }
        }
    }
}

/// R-9110-13.1.1-a: content that was read in any coding can be written, once.
async fn either_codings_tag_writes(kind: Kind) {
    let (_notes, cache) = notes_and_cache(kind).await;
    for coding in CODINGS {
        let read = cache.get("/notes/2", &[accept(coding)]).await;
        let written = write_note(&cache, 2, read.tag(), coding).await;
        assert_eq!(written.status, StatusCode::OK);
        let refused = write_note(&cache, 2, read.tag(), "late").await;
        assert_eq!(refused.status, StatusCode::PRECONDITION_FAILED);
        let now: Value = serde_json::from_slice(&refused.content).unwrap();
        assert_eq!(
            (&now["title"], refused.tag()),
            (&coding.into(), written.tag())
        );
    }
}

/// R-9110-13.1.5-a
async fn a_range_of_another_coding_is_a_200(kind: Kind) {
    let (_notes, cache) = notes_and_cache(kind).await;
    for path in ["/notes", "/notes/1"] {
        for (theirs, ours) in [("gzip", "br"), ("br", "gzip"), ("gzip", "identity")] {
            let other = cache.get(path, &[accept(theirs)]).await;
            let full = cache.get(path, &[accept(ours)]).await;
            let part = [
                accept(ours),
                ("range", "bytes=0-9"),
                ("if-range", other.tag()),
            ];
            let reply = cache.get(path, &part).await;
            assert_eq!(reply.status, StatusCode::OK);
            assert_same(&reply, &full);
        }
    }
}
