//! Reads through a cache after a write.

use http::StatusCode;

use super::{CODINGS, accept, assert_same, write_note};
use crate::support::{
    Cache, Kind, Notes, ReservedAddress, notes_and_cache, through_each_cache, until,
};

through_each_cache! {
    a_page_that_was_written_is_read_at_once
    a_list_that_was_written_is_read_at_once
    a_note_that_was_written_is_read_at_once
    a_refused_write_purges_nothing
    a_stale_list_is_used_at_once
}

/// R-9111-4.4-a: the name of this page is too long for a tag, so its URL is purged.
async fn a_page_that_was_written_is_read_at_once(kind: Kind) {
    let (_notes, cache) = notes_and_cache(kind).await;
    for page in ["/pages/home", "/pages/with-a-name-longer-than-a-tag-is"] {
        cache.put(page, "first").await;
        for text in ["second", "third"] {
            for coding in CODINGS {
                // The second purge may come seconds later, so a stored response can be missing.
                until(async || {
                    let read = cache.get(page, &[accept(coding)]).await;
                    read.is_hit().then_some(())
                })
                .await;
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

/// R-9111-4.4-a: a stale response is not used in any coding, after a note was added or changed.
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

/// R-5861-3-b: no client waits for the showcase once there is a stored response. The showcase does
/// not purge this cache, since nothing would become stale then.
async fn a_stale_list_is_used_at_once(kind: Kind) {
    let place = ReservedAddress::reserve();
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
