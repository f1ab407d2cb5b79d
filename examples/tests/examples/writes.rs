use serde_json::json;

use crate::support::{BOTH, Http, Server};

/// Issue 11, A.11, R-9110-8.8-d: the tag of each response is that of the next read, and the next
/// write may name it, with gzip too. The response names the tagged resource.
#[tokio::test]
async fn notes_are_created_replaced_patched_and_deleted() {
    let notes = Server::notes(&["--notes", "2"]).await;
    for (http, coding) in BOTH.into_iter().zip(["identity", "gzip"]) {
        let accept = ("accept-encoding", coding);
        let text = "first ".repeat(20);
        let draft = json!({ "title": "New", "text": text });
        let created = notes.write(http, "POST", "/notes", &[accept], &draft).await;
        assert_eq!(created.status, 201);
        let path = created.field("location").unwrap();
        let id: i64 = path.strip_prefix("/notes/").unwrap().parse().unwrap();
        let note = json!({ "id": id, "title": "New", "text": text, "version": 1 });
        assert_eq!(notes.get(http, path, &[]).await.json(), note);
        let read = notes.get(http, path, &[accept]).await;
        assert_eq!(read.tag(), created.tag());
        assert_eq!(read.body, created.body);
        // The content is the note, and not what was sent (R-9110-9.3.4-a).
        assert_eq!(created.field("content-location"), Some(path));

        let mut tag = created.tag().to_owned();
        let long = text.to_uppercase();
        for (method, change, note) in [
            (
                "PUT",
                json!({ "title": "Newer" }),
                json!({ "id": id, "title": "Newer", "text": "", "version": 2 }),
            ),
            (
                "PATCH",
                json!({ "text": long, "version": 99, "id": null }),
                json!({ "id": id, "title": "Newer", "text": long, "version": 3 }),
            ),
        ] {
            let fields = [accept, ("if-match", &*tag)];
            let written = notes.write(http, method, path, &fields, &change).await;
            assert_eq!(written.status, 200, "{method}");
            assert_eq!(notes.get(http, path, &[]).await.json(), note, "{method}");
            let read = notes.get(http, path, &[accept]).await;
            assert_eq!(read.tag(), written.tag(), "{method}");
            assert_eq!(read.body, written.body, "{method}");
            assert_eq!(written.field("content-location"), Some(path), "{method}");
            assert_ne!(read.tag(), tag, "{method}");
            tag = read.tag().to_owned();
        }

        let fields = [("if-match", &*tag)];
        let deleted = notes.send(http, "DELETE", path, &fields, "").await;
        assert_eq!(deleted.status, 204);
        assert_eq!(deleted.field("etag"), None);
        assert_eq!(notes.get(http, path, &[]).await.status, 404);
    }
}

/// R-9110-8.8.1-a: after a change, the old tags of the note and the collection are false, and the
/// tags of other notes stay true.
#[tokio::test]
async fn a_write_changes_the_tags() {
    let notes = Server::notes(&[]).await;
    for (method, body) in [
        ("PUT", json!({ "title": "one", "text": "" })),
        // A write of the same content is a change too, since the version grows.
        ("PUT", json!({ "title": "one", "text": "" })),
        ("PATCH", json!({ "text": "two" })),
    ] {
        let mut before = Vec::new();
        for path in ["/notes/1", "/notes", "/notes/2"] {
            before.push((path, notes.get(Http::Two, path, &[]).await));
        }
        let current = [("if-match", before[0].1.tag())];
        let written = notes
            .write(Http::Two, method, "/notes/1", &current, &body)
            .await;
        assert_eq!(written.status, 200, "{method}");
        for ((path, old), status) in before.iter().zip([200, 200, 304]) {
            let known = [("if-none-match", old.tag())];
            let now = notes.get(Http::Two, path, &known).await;
            assert_eq!(now.status, status, "{method} {path}");
            assert_eq!(now.tag() == old.tag(), status == 304, "{method} {path}");
        }
    }
}

/// R-5789-2-a: a patch is applied completely or not at all.
#[tokio::test]
async fn bad_bodies_are_problems_and_change_nothing() {
    let notes = Server::notes(&[]).await;
    let before = notes.get(Http::One, "/notes", &[]).await;
    let long = format!("{{\"title\":\"{}\"}}", "x".repeat(70_000));
    for (method, path, body, status) in [
        ("POST", "/notes", "", 400),
        ("POST", "/notes", "{\"title\":", 400),
        ("POST", "/notes", "{\"text\":\"no title\"}", 400),
        ("POST", "/notes", "[]", 400),
        ("POST", "/notes", long.as_str(), 413),
        ("PUT", "/notes/1", "{\"title\":1}", 400),
        ("PUT", "/notes/0", "{\"title\":\"x\"}", 404),
        (
            "PUT",
            "/notes/9223372036854775807",
            "{\"title\":\"x\"}",
            404,
        ),
        (
            "PATCH",
            "/notes/1",
            "{\"text\":\"gone\",\"title\":null}",
            400,
        ),
        ("PATCH", "/notes/1", "\"text\"", 400),
        ("PATCH", "/notes/777", "{}", 404),
    ] {
        let any = [("if-match", "*")];
        let reply = notes.send(Http::One, method, path, &any, body).await;
        assert_eq!(reply.status, status, "{method} {path}");
        assert_eq!(
            reply.field("content-type"),
            Some("application/problem+json")
        );
        assert_eq!(reply.field("etag"), None);
    }
    assert_eq!(notes.get(Http::One, "/notes", &[]).await.body, before.body);
}

#[tokio::test]
async fn pages_are_writable() {
    let notes = Server::notes(&[]).await;
    for http in BOTH {
        let old = notes.get(http, "/pages/about", &[]).await;
        let text = format!("<p>{http:?}</p>");
        let reply = notes.send(http, "PUT", "/pages/about", &[], &text).await;
        assert_eq!(reply.status, 204);
        let known = [("if-none-match", old.tag())];
        let new = notes.get(http, "/pages/about", &known).await;
        assert_eq!(new.status, 200);
        assert_eq!(new.body, text);
        assert_eq!(new.tag(), reply.tag());
        assert!(new.tag().starts_with('"'), "stored as it is, so strong");
    }
    let reply = notes.send(Http::One, "PUT", "/pages/new", &[], "x").await;
    assert_eq!(reply.status, 201);
    let reply = notes
        .send(Http::One, "PUT", "/pages/no%20way", &[], "x")
        .await;
    assert_eq!(reply.status, 400);
}
