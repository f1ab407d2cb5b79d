//! Conditions that are true, and tags that stay valid or are never used again.

use serde_json::json;

use crate::support::{BOTH, Http, Server};

/// R-9110-13.1.2-f, R-9110-8.8-d: a resource is not created twice.
#[tokio::test]
async fn a_star_in_if_none_match_creates() {
    let notes = Server::notes(&[]).await;
    let absent = [("if-none-match", "*")];
    for (http, id) in BOTH.into_iter().zip([1000, 2000]) {
        let path = format!("/notes/{id}");
        let draft = json!({ "title": "Far", "text": "away" });
        let created = notes.write(http, "PUT", &path, &absent, &draft).await;
        assert_eq!(created.status, 201);
        assert_eq!(created.field("location"), Some(&*path));
        let read = notes.get(http, &path, &[]).await;
        assert_eq!(read.tag(), created.tag());
        assert_eq!(read.body, created.body);

        let again = notes
            .write(http, "PUT", &path, &absent, &json!({ "title": "Lost" }))
            .await;
        assert_eq!(again.status, 412);
        assert_eq!(again.tag(), read.tag());
        assert_eq!(notes.get(http, &path, &[]).await.body, read.body);

        let next = notes.write(http, "POST", "/notes", &[], &draft).await;
        assert_eq!(next.json()["id"], id + 1);
    }
}

/// R-9110-13.1.1-c, R-9110-5.6.1.2-a, R-9110-13.1.2-f.
#[tokio::test]
async fn a_star_a_list_and_another_tag_hold() {
    let notes = Server::notes(&[]).await;
    for http in BOTH {
        let note = notes.get(http, "/notes/1", &[]).await;
        let others = "\"a\",, \"b,c\"";
        let mut tag = note.tag().to_owned();
        for fields in [
            &[("if-match", others), ("if-match", "the tag")][..],
            &[("if-match", "the tag"), ("if-match", others)],
            &[("if-match", "*")],
            &[("if-none-match", others), ("if-none-match", "\"d\"")],
            // This header is ignored beside If-Match.
            &[
                ("if-match", "the tag"),
                ("if-unmodified-since", "Thu, 01 Jan 2015 00:00:00 GMT"),
            ],
        ] {
            let fields: Vec<_> = fields
                .iter()
                .map(|(name, value)| (*name, if *value == "the tag" { &*tag } else { *value }))
                .collect();
            let change = json!({ "text": "more" });
            let written = notes
                .write(http, "PATCH", "/notes/1", &fields, &change)
                .await;
            assert_eq!(written.status, 200, "{fields:?}");
            tag = written.tag().to_owned();
        }
        for fields in [
            [("if-match", others), ("if-match", "\"d\"")],
            [("if-none-match", others), ("if-none-match", &tag)],
        ] {
            let refused = notes
                .write(http, "PATCH", "/notes/1", &fields, &json!({}))
                .await;
            assert_eq!(refused.status, 412, "{fields:?}");
            assert_eq!(refused.tag(), tag);
        }
    }
}

/// R-9110-13.1.1-d: content that was read in a coding can be written with the tag of that coding.
#[tokio::test]
async fn the_tag_of_a_coding_is_good_for_a_write() {
    let notes = Server::notes(&[]).await;
    let long = "Long enough to be worth a coding. ".repeat(5);
    for http in BOTH {
        for coding in ["gzip", "br"] {
            let accept = [("accept-encoding", coding)];
            let read = notes.get(http, "/notes/1", &accept).await;
            assert_eq!(read.field("content-encoding"), Some(coding));
            let fields = [("if-match", read.tag())];
            let draft = json!({ "title": "New", "text": long });
            let written = notes.write(http, "PUT", "/notes/1", &fields, &draft).await;
            assert_eq!(written.status, 200, "{coding}");
            assert_eq!(written.tag(), notes.get(http, "/notes/1", &[]).await.tag());

            let stale = notes.write(http, "PUT", "/notes/1", &fields, &draft).await;
            assert_eq!(stale.status, 412, "{coding}");
            assert_eq!(stale.tag(), written.tag());
            let known = [accept[0], ("if-none-match", read.tag())];
            let now = notes.get(http, "/notes/1", &known).await;
            assert_eq!(now.status, 200, "{coding}");
        }
    }
}

/// R-9110-13.1.1-b, R-9110-13.1.2-f: the condition of a `POST` is about the collection.
#[tokio::test]
async fn a_note_is_added_to_the_collection_that_was_seen() {
    let notes = Server::notes(&["--notes", "1"]).await;
    let draft = json!({ "title": "Another" });
    for http in BOTH {
        let all = notes
            .get(http, "/notes", &[("accept-encoding", "gzip")])
            .await;
        let current = ("if-match", all.tag());
        for (condition, status) in [
            (("if-match", "\"stale\""), 412),
            (("if-none-match", all.tag()), 412),
            (("if-none-match", "*"), 412),
            (current, 201),
            (current, 412),
        ] {
            let reply = notes
                .write(http, "POST", "/notes", &[condition], &draft)
                .await;
            assert_eq!(reply.status, status, "{condition:?}");
            let known = [("if-none-match", reply.tag())];
            let path = reply.field("location").unwrap_or("/notes");
            assert_eq!(notes.get(http, path, &known).await.status, 304, "{path}");
        }
    }
    let all = notes.get(Http::One, "/notes", &[]).await.json();
    assert_eq!(all.as_array().unwrap().len(), 3);
}

/// R-9110-8.8.1-a: a tag is never used again, even for the same content at the same path.
#[tokio::test]
async fn a_deleted_note_that_is_created_again_has_a_new_tag() {
    let notes = Server::notes(&["--notes", "1"]).await;
    let draft = json!({ "title": "The same", "text": "each time" });
    let mut seen = [const { Vec::<String>::new() }; 2];
    for http in BOTH.repeat(3) {
        for (path, seen) in ["/notes/1", "/notes"].into_iter().zip(&mut seen) {
            for old in &*seen {
                let known = [("if-none-match", old.as_str())];
                assert_eq!(notes.get(http, path, &known).await.status, 200);
            }
            seen.push(notes.get(http, path, &[]).await.tag().to_owned());
        }
        let (current, old) = seen[0].split_last().unwrap();
        for old in old {
            let stale = [("if-match", old.as_str())];
            let reply = notes.write(http, "PUT", "/notes/1", &stale, &draft).await;
            assert_eq!(reply.status, 412);
        }
        let current = [("if-match", current.as_str())];
        let deleted = notes.send(http, "DELETE", "/notes/1", &current, "").await;
        assert_eq!(deleted.status, 204);
        assert_eq!(notes.get(http, "/notes", &[]).await.body, "[]");
        let absent = [("if-none-match", "*")];
        let created = notes.write(http, "PUT", "/notes/1", &absent, &draft).await;
        assert_eq!(created.status, 201);
    }
}

/// R-9110-13.1.1-b, R-9110-13.1.1-c, R-9110-13.1.2-f, without a required condition.
#[tokio::test]
async fn pages_honour_conditions_without_requiring_them() {
    let notes = Server::notes(&[]).await;
    for (http, new) in BOTH.into_iter().zip(["/pages/one", "/pages/two"]) {
        let old = notes.get(http, "/pages/about", &[]).await;
        let written = notes
            .send(http, "PUT", "/pages/about", &[("if-match", old.tag())], "1")
            .await;
        assert_eq!(written.status, 204);
        let read = notes.get(http, "/pages/about", &[]).await;
        assert_eq!(read.tag(), written.tag());

        let weak = format!("W/{}", read.tag());
        for condition in [
            ("if-match", old.tag()),
            ("if-match", &weak),
            ("if-none-match", read.tag()),
            ("if-none-match", "*"),
        ] {
            let refused = notes
                .send(http, "PUT", "/pages/about", &[condition], "lost")
                .await;
            assert_eq!(refused.status, 412, "{condition:?}");
            assert_eq!(refused.tag(), read.tag());
            assert_eq!(refused.body, "1");
        }
        let bare = notes.send(http, "PUT", "/pages/about", &[], "2").await;
        assert_eq!(bare.status, 204);

        let absent = [("if-none-match", "*")];
        for status in [201, 412] {
            let reply = notes.send(http, "PUT", new, &absent, "new").await;
            assert_eq!(reply.status, status);
        }
    }
}
