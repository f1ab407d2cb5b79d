use serde_json::{Value, json};

use crate::support::{BOTH, Http, Reply, Server};

async fn write(notes: &Server, http: Http, method: &str, path: &str, body: &Value) -> Reply {
    let json = [("content-type", "application/json")];
    notes
        .send(http, method, path, &json, &body.to_string())
        .await
}

/// Holds R-9110-8.8-b, R-9110-9.3.4-a and R-9110-8.8-c: no answer to a write has a validator.
#[tokio::test]
async fn notes_are_created_replaced_patched_and_deleted() {
    let notes = Server::notes(&["--notes", "2"]);
    for http in BOTH {
        let draft = json!({ "title": "New", "text": "first" });
        let created = write(&notes, http, "POST", "/notes", &draft).await;
        assert_eq!(created.status, 201);
        let path = created.field("location").unwrap().to_owned();
        let note = created.json();
        assert_eq!(path, format!("/notes/{}", note["id"]));
        assert_eq!(note["version"], 1);
        assert_eq!(notes.get(http, &path, &[]).await.json(), note);

        let draft = json!({ "title": "Newer" });
        let replaced = write(&notes, http, "PUT", &path, &draft).await;
        assert_eq!(replaced.status, 200);
        let expected = json!({ "id": note["id"], "title": "Newer", "text": "", "version": 2 });
        assert_eq!(replaced.json(), expected);

        let change = json!({ "text": "second", "version": 99, "id": null });
        let patched = write(&notes, http, "PATCH", &path, &change).await;
        assert_eq!(patched.status, 200);
        let expected =
            json!({ "id": note["id"], "title": "Newer", "text": "second", "version": 3 });
        assert_eq!(patched.json(), expected);
        assert_eq!(notes.get(http, &path, &[]).await.json(), expected);

        let deleted = notes.send(http, "DELETE", &path, &[], "").await;
        assert_eq!(deleted.status, 204);
        assert_eq!(notes.get(http, &path, &[]).await.status, 404);
        let again = notes.send(http, "DELETE", &path, &[], "").await;
        assert_eq!(again.status, 404);

        for reply in [created, replaced, patched, deleted, again] {
            assert_eq!(reply.field("etag"), None);
            assert_eq!(reply.field("last-modified"), None);
        }
    }
}

#[tokio::test]
async fn put_creates_what_is_absent() {
    let notes = Server::notes(&[]);
    let draft = json!({ "title": "Far", "text": "" });
    let created = write(&notes, Http::One, "PUT", "/notes/1000", &draft).await;
    assert_eq!(created.status, 201);
    assert_eq!(created.field("location"), Some("/notes/1000"));
    let next = write(&notes, Http::One, "POST", "/notes", &draft).await;
    assert_eq!(next.json()["id"], 1001);
}

/// Holds R-9110-8.8.1-a: after a change the old tags are good for nothing, on the note and on the
/// collection, and the tags of other notes stay good.
#[tokio::test]
async fn a_write_changes_the_tags() {
    let notes = Server::notes(&[]);
    for (method, body) in [
        ("PUT", json!({ "title": "one", "text": "" })),
        // The same content again is still a change: the version grew.
        ("PUT", json!({ "title": "one", "text": "" })),
        ("PATCH", json!({ "text": "two" })),
    ] {
        let mut before = Vec::new();
        for path in ["/notes/1", "/notes", "/notes/2"] {
            before.push((path, notes.get(Http::Two, path, &[]).await));
        }
        write(&notes, Http::Two, method, "/notes/1", &body).await;
        for ((path, old), status) in before.iter().zip([200, 200, 304]) {
            let known = [("if-none-match", old.tag())];
            let now = notes.get(Http::Two, path, &known).await;
            assert_eq!(now.status, status, "{method} {path}");
            assert_eq!(now.tag() == old.tag(), status == 304, "{method} {path}");
        }
    }
}

/// Holds R-5789-2-a: a patch is applied wholly or not at all.
#[tokio::test]
async fn bad_bodies_are_problems_and_change_nothing() {
    let notes = Server::notes(&[]);
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
        let json = [("content-type", "application/json")];
        let reply = notes.send(Http::One, method, path, &json, body).await;
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
    let notes = Server::notes(&[]);
    for http in BOTH {
        let old = notes.get(http, "/pages/about", &[]).await;
        let text = format!("<p>{http:?}</p>");
        let reply = notes.send(http, "PUT", "/pages/about", &[], &text).await;
        assert_eq!(reply.status, 204);
        assert_eq!(reply.field("etag"), None);
        let known = [("if-none-match", old.tag())];
        let new = notes.get(http, "/pages/about", &known).await;
        assert_eq!(new.status, 200);
        assert_eq!(new.body, text);
        assert!(new.tag().starts_with('"'), "stored as it is, so strong");
    }
    let reply = notes.send(Http::One, "PUT", "/pages/new", &[], "x").await;
    assert_eq!(reply.status, 201);
    let reply = notes
        .send(Http::One, "PUT", "/pages/no%20way", &[], "x")
        .await;
    assert_eq!(reply.status, 400);
}
