//! The showcase behind a cache that it tells of writes.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use http::StatusCode;
use serde_json::Value;

use crate::support::{
    Cache, Client, Kind, Notes, Place, Reply, notes_and_cache, through_each_cache, until,
};

through_each_cache! {
    a_page_that_was_written_is_read_at_once
    a_list_that_was_written_is_read_at_once
    a_note_that_was_written_is_read_at_once
    a_refused_write_purges_nothing
    codings_never_mix
    each_coding_has_its_304
    either_codings_tag_writes
    a_part_of_another_coding_is_the_whole
    callers_never_mix
    what_has_credentials_is_not_stored
    a_list_that_is_stale_is_given_out_at_once
}

const CODINGS: [&str; 3] = ["gzip", "br", "identity"];

fn accept(coding: &'static str) -> (&'static str, &'static str) {
    ("accept-encoding", coding)
}

async fn write_note(cache: &Cache, number: u32, tag: &str, title: &str) -> Reply {
    let draft = serde_json::json!({ "title": title }).to_string();
    let path = format!("/notes/{number}");
    cache.send("PUT", &path, &[("if-match", tag)], &draft).await
}

/// R-9111-4.4-a: also one whose name is too long for a tag, which its URL has forgotten.
async fn a_page_that_was_written_is_read_at_once(kind: Kind) {
    let (_notes, cache) = notes_and_cache(kind).await;
    for page in ["/pages/home", "/pages/with-a-name-longer-than-a-tag-is"] {
        cache.put(page, "first").await;
        for text in ["second", "third"] {
            for coding in CODINGS {
                cache.get(page, &[accept(coding)]).await;
                assert!(cache.get(page, &[accept(coding)]).await.is_hit());
            }
            let written = cache.put(page, text).await;
            assert_eq!(written.status, StatusCode::NO_CONTENT);
            for coding in CODINGS {
                let read = cache.get(page, &[accept(coding)]).await;
                assert_eq!(
                    (read.tag(), &*read.content),
                    (written.tag(), text.as_bytes())
                );
            }
        }
    }
}

/// R-9111-4.4-a: not even what may be given out stale, in no coding, whether a
/// note was added or changed.
async fn a_list_that_was_written_is_read_at_once(kind: Kind) {
    let (notes, cache) = notes_and_cache(kind).await;
    for (method, path) in [
        ("POST", "/notes"),
        ("PUT", "/notes/1"),
        ("DELETE", "/notes/1"),
    ] {
        let mut before = Vec::new();
        for coding in CODINGS {
            before.push(cache.get("/notes", &[accept(coding)]).await);
        }
        let known = notes.get("/notes/1", &[]).await;
        let condition = [("if-match", known.tag())];
        let condition = if method == "POST" {
            &[]
        } else {
            &condition[..]
        };
        let written = cache
            .send(method, path, condition, r#"{"title":"new"}"#)
            .await;
        assert!(written.status.is_success());
        for (coding, before) in CODINGS.into_iter().zip(before) {
            let read = cache.get("/notes", &[accept(coding)]).await;
            assert_ne!(read.tag(), before.tag());
            assert_same(&read, &notes.get("/notes", &[accept(coding)]).await);
        }
    }
}

/// R-9111-4.4-a
async fn a_note_that_was_written_is_read_at_once(kind: Kind) {
    let (notes, cache) = notes_and_cache(kind).await;
    for title in ["second", "third"] {
        for coding in CODINGS {
            let before = cache.get("/notes/1", &[accept(coding)]).await;
            let written = write_note(&cache, 1, before.tag(), title).await;
            assert_eq!(written.status, StatusCode::OK);
            for coding in CODINGS {
                let read = cache.get("/notes/1", &[accept(coding)]).await;
                assert_same(&read, &notes.get("/notes/1", &[accept(coding)]).await);
                assert_ne!(read.tag(), before.tag());
            }
        }
    }
}

async fn a_refused_write_purges_nothing(kind: Kind) {
    let (_notes, cache) = notes_and_cache(kind).await;
    let first = cache.get("/pages/home", &[]).await;
    let old = [("if-match", "\"old\"")];
    let refused = cache.send("PUT", "/pages/home", &old, "new").await;
    assert_eq!(refused.status, StatusCode::PRECONDITION_FAILED);
    let second = cache.get("/pages/home", &[]).await;
    assert!(second.is_hit());
    assert_same(&second, &first);
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

/// R-9110-13.1.2-a: for the tag of its coding, and not for another's.
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
                    // What has no coding suits everybody; the cache may not know that.
                    assert_eq!(reply.status, StatusCode::OK);
                    assert_ne!(reply.tag(), full.tag());
                }
            }
        }
    }
}

/// R-9110-13.1.1-a: what was read in any coding can be written, once.
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
async fn a_part_of_another_coding_is_the_whole(kind: Kind) {
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

/// R-9111-3.5-a: nor where they come over one connection.
async fn callers_never_mix(kind: Kind) {
    let (_notes, cache) = notes_and_cache(kind).await;
    let kept = Client::on_one_connection(cache.address());
    for round in 0..100 {
        let caller = ["ada", "bob"][round % 2];
        let credentials = format!("Bearer {caller}");
        let fields = [("authorization", &*credentials)];
        for reply in [
            kept.get("/private/me", &fields).await,
            cache.get("/private/me", &fields).await,
        ] {
            let me: Value = serde_json::from_slice(&reply.content).unwrap();
            assert_eq!((&me["name"], reply.is_hit()), (&caller.into(), false));
        }
        let nobody = kept.get("/private/me", &[]).await;
        assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    }
}

/// R-9111-3.5-a
async fn what_has_credentials_is_not_stored(kind: Kind) {
    let (_notes, cache) = notes_and_cache(kind).await;
    let ada = ("authorization", "Bearer ada");
    for path in ["/pages/home", "/files/1k.json"] {
        for _ in 0..2 {
            let reply = cache.get(path, &[ada]).await;
            assert_eq!((reply.status, reply.is_hit()), (StatusCode::OK, false));
        }
        assert!(!cache.get(path, &[]).await.is_hit());
        assert!(cache.get(path, &[]).await.is_hit());
    }
}

/// R-5861-3-b: nobody waits for `notes`, once there is something to give out.
/// It is not told of the cache here, or nothing would be stale.
async fn a_list_that_is_stale_is_given_out_at_once(kind: Kind) {
    let place = Place::reserve();
    let cache = Cache::start(kind, place.address()).await;
    let notes = Notes::start(&place, &[]);
    let old = cache.get("/notes", &[]).await;
    let written = cache
        .send("POST", "/notes", &[], r#"{"title":"new"}"#)
        .await;
    assert_eq!(written.status, StatusCode::CREATED);
    let new = notes.get("/notes", &[]).await;
    assert_same(&cache.get("/notes", &[]).await, &old);
    until(async || {
        let reply = cache.get("/notes", &[]).await;
        let from = reply.field("x-cache").unwrap();
        assert!(
            ["hit", "HIT", "STALE", "UPDATING"].contains(&from),
            "{from}"
        );
        let is_new = reply.tag() == new.tag();
        assert_same(&reply, if is_new { &new } else { &old });
        is_new.then_some(())
    })
    .await;
}

/// The write is done and answered, and the purge counted as failed.
#[tokio::test]
async fn a_cache_that_is_down_stops_no_write() {
    let down = Place::reserve();
    let url = format!("http://{}", down.address());
    for option in ["--varnish", "--nginx"] {
        let notes = Notes::start(&Place::reserve(), &[option, &url]);
        let written = notes.put("/pages/home", "new").await;
        assert_eq!(written.status, StatusCode::NO_CONTENT);
        assert_eq!(notes.get("/pages/home", &[]).await.content, "new");
        let purges = until(async || {
            let purges = notes.stats().await["purges"].take();
            (purges["failed"] != 0).then_some(purges)
        })
        .await;
        assert_eq!(purges, serde_json::json!({ "dropped": 0, "failed": 1 }));
    }
}

/// Sooner than the first of several tries is over, which takes five seconds.
#[tokio::test]
async fn a_cache_that_hangs_stops_no_write() {
    let hangs = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", hangs.local_addr().unwrap());
    let notes = Notes::start(&Place::reserve(), &["--varnish", &url]);
    let start = Instant::now();
    let written = notes.put("/pages/home", "new").await;
    assert_eq!(written.status, StatusCode::NO_CONTENT);
    assert!(start.elapsed() < Duration::from_secs(4));
}

#[track_caller]
fn assert_same(one: &Reply, other: &Reply) {
    assert_eq!((one.tag(), &one.content), (other.tag(), &other.content));
}
