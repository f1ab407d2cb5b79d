//! Refused writes and their responses.

use serde_json::{Value, json};

use crate::support::{BOTH, Http, Reply, Server};

fn writes() -> [(&'static str, Value); 3] {
    let change = json!({ "title": "Lost" });
    [
        ("PUT", change.clone()),
        ("PATCH", change),
        ("DELETE", Value::Null),
    ]
}

/// R-9457-3-a.
fn assert_is_problem(reply: &Reply, status: u16) {
    assert_eq!(reply.status, status);
    assert_eq!(
        reply.field("content-type"),
        Some("application/problem+json")
    );
    assert_eq!(reply.field("cache-control"), Some("no-store"));
    assert_eq!(reply.json()["status"], status);
}

/// R-6585-3-a, R-6585-3-b, R-9110-13.1.4-a: the version of a note has no date to compare with, so a
/// date is no condition.
#[tokio::test]
async fn a_write_without_a_condition_is_a_428_with_the_remedy() {
    let notes = Server::showcase(&[]).await;
    for http in BOTH {
        let before = notes.get(http, "/notes/1", &[]).await;
        let date = before.field("last-modified").unwrap();
        for (method, body) in writes() {
            for fields in [
                &[][..],
                &[("if-unmodified-since", "Thu, 01 Jan 2015 00:00:00 GMT")],
                &[("if-unmodified-since", date)],
                &[("if-modified-since", date)],
            ] {
                let reply = notes.write(http, method, "/notes/1", fields, &body).await;
                assert_is_problem(&reply, 428);
                assert_eq!(reply.field("etag"), None);
                let problem = reply.json();
                let detail = problem["detail"].as_str().unwrap();
                assert!(detail.contains("If-Match"), "{detail}");
            }
        }
        assert_eq!(notes.get(http, "/notes/1", &[]).await.body, before.body);
    }
}

/// R-9110-13.1.1-a, R-9110-13.1.1-b, R-9110-13.1.2-f, R-7240-4.2-a: the 412 has the current note,
/// and the next write may name its tag, with gzip too.
#[tokio::test]
async fn a_false_condition_is_a_412_with_the_current_note() {
    let notes = Server::showcase(&[]).await;
    for (http, coding) in BOTH.into_iter().zip(["identity", "gzip"]) {
        let accept = ("accept-encoding", coding);
        for (id, (method, body)) in (1..).zip(writes()) {
            let path = format!("/notes/{id}");
            let note = notes.get(http, &path, &[accept]).await;
            let weak = format!("W/{}", note.tag());
            for condition in [
                ("if-match", "\"stale\""),
                ("if-match", &weak),
                ("if-match", "stale"),
                ("if-none-match", note.tag()),
                ("if-none-match", &weak),
                ("if-none-match", "*"),
            ] {
                let fields = [accept, condition];
                let refused = notes.write(http, method, &path, &fields, &body).await;
                assert_eq!(refused.status, 412, "{method} {condition:?}");
                assert_eq!(refused.body, note.body, "{method} {condition:?}");
                for same in ["etag", "content-type", "content-encoding", "last-modified"] {
                    assert_eq!(refused.field(same), note.field(same), "{condition:?}");
                }
                assert_eq!(refused.field("content-location"), Some(&*path));
                assert_eq!(refused.field("cache-control"), Some("no-store"));
                let vary = refused.headers.get_all("vary").iter();
                assert!(vary.into_iter().any(|field| field == "prefer"));
            }
            let fields = [accept, ("if-match", "\"stale\"")];
            let refused = notes.write(http, method, &path, &fields, &body).await;
            let current = [("if-match", refused.tag())];
            let retried = notes.write(http, method, &path, &current, &body).await;
            assert!(retried.status.is_success(), "{method}");
            if method == "DELETE" {
                let again = [("if-none-match", "*")];
                let draft = json!({ "title": "Back" });
                notes.write(http, "PUT", &path, &again, &draft).await;
            }
        }
    }
}

/// R-7240-4.2-a: with `return=minimal`, the client gets only the tags.
#[tokio::test]
async fn a_minimal_412_names_the_tags() {
    let notes = Server::showcase(&[]).await;
    for http in BOTH {
        let note = notes.get(http, "/notes/1", &[]).await;
        for (method, body) in writes() {
            let fields = [
                ("if-match", "\"one\", \"two\""),
                ("prefer", "return=minimal"),
            ];
            let refused = notes.write(http, method, "/notes/1", &fields, &body).await;
            assert_is_problem(&refused, 412);
            assert_eq!(refused.tag(), note.tag());
            assert_eq!(refused.field("preference-applied"), Some("return=minimal"));
            let problem = refused.json();
            assert_eq!(problem["expected"], json!(["\"one\"", "\"two\""]));
            assert_eq!(problem["current"], note.tag());
        }
    }
}

/// R-9110-13.1.1-c, R-9110-13.2.1-b: for an absent note, a `PUT` is decided by its condition. A
/// method that does not create is a 404 with any condition.
#[tokio::test]
async fn an_absent_note_is_not_changed() {
    let notes = Server::showcase(&[]).await;
    for http in BOTH {
        let draft = json!({ "title": "Lost" });
        for (path, method, condition, status) in [
            ("/notes/777", "PUT", None, 428),
            ("/notes/777", "PUT", Some("*"), 412),
            ("/notes/777", "PUT", Some("\"x\""), 412),
            ("/notes/777", "PATCH", None, 404),
            ("/notes/777", "PATCH", Some("*"), 404),
            ("/notes/777", "PATCH", Some("\"x\""), 404),
            ("/notes/777", "DELETE", None, 404),
            ("/notes/777", "DELETE", Some("*"), 404),
            ("/notes/777", "DELETE", Some("\"x\""), 404),
            ("/notes/0", "PUT", None, 404),
            ("/notes/0", "PUT", Some("*"), 404),
            ("/notes/abc", "PUT", None, 404),
            ("/notes/abc", "PUT", Some("\"x\""), 404),
            ("/notes/abc", "DELETE", None, 404),
            ("/nowhere", "PUT", Some("\"x\""), 404),
            ("/pages/missing", "PUT", Some("*"), 412),
            ("/pages/missing", "PUT", Some("\"x\""), 412),
        ] {
            let fields = condition.map(|tags| ("if-match", tags));
            let reply = notes
                .write(http, method, path, fields.as_slice(), &draft)
                .await;
            assert_eq!(reply.status, status, "{method} {path} {condition:?}");
            assert_is_problem(&reply, status);
            assert_eq!(notes.get(http, path, &[]).await.status, 404, "{path}");
        }
    }
}

/// R-9110-13.2.1-b: a method that a route lacks is a 405 before any condition is evaluated.
#[tokio::test]
async fn methods_that_a_route_lacks_are_405() {
    let notes = Server::showcase(&[]).await;
    for http in BOTH {
        for (method, path, allowed) in [
            ("PUT", "/notes", "GET,HEAD,POST"),
            ("POST", "/notes/1", "GET,HEAD,PUT,PATCH,DELETE"),
            ("DELETE", "/pages/home", "GET,HEAD,PUT"),
            ("DELETE", "/state", "GET,HEAD,POST"),
        ] {
            for fields in [
                &[][..],
                &[("if-match", "\"stale\"")],
                &[("if-match", "*")],
                &[("if-none-match", "*")],
            ] {
                let reply = notes.write(http, method, path, fields, &json!({})).await;
                assert_is_problem(&reply, 405);
                assert_eq!(reply.field("allow"), Some(allowed), "{method} {path}");
            }
        }
    }
}

/// R-9110-13.2.1-b: the content is validated only after the condition.
#[tokio::test]
async fn a_stale_tag_comes_before_a_bad_body() {
    let notes = Server::showcase(&[]).await;
    let note = notes.get(Http::Two, "/notes/1", &[]).await;
    for (tag, status) in [("\"stale\"", 412), (note.tag(), 400)] {
        for method in ["PUT", "PATCH"] {
            let fields = [("if-match", tag)];
            let reply = notes
                .send(Http::Two, method, "/notes/1", &fields, "nonsense")
                .await;
            assert_eq!(reply.status, status, "{method}");
        }
    }
    let after = notes.get(Http::Two, "/notes/1", &[]).await;
    assert_eq!(after.tag(), note.tag());
}

/// R-9110-13.1.1-b, R-9110-13.1.2-b: no handler runs for a 304, a 412 or a 428.
#[tokio::test]
async fn refusals_and_304s_run_no_handler() {
    let notes = Server::showcase(&[]).await;
    let mut tags = Vec::new();
    for path in ["/notes", "/notes/1", "/pages/home"] {
        // The remembered tag of a page has the scheme in its key, which only HTTP/2 sends.
        notes.get(Http::Two, path, &[]).await;
        tags.push((path, notes.get(Http::One, path, &[]).await));
    }
    let before = notes.runs().await;
    for http in BOTH {
        for (path, full) in &tags {
            let known = [("if-none-match", full.tag())];
            for method in ["GET", "HEAD"] {
                let reply = notes.send(http, method, path, &known, "").await;
                assert_eq!(reply.status, 304, "{method} {path}");
            }
        }
        for (method, body) in writes() {
            for (fields, status) in [(&[][..], 428), (&[("if-match", "\"stale\"")], 412)] {
                let reply = notes.write(http, method, "/notes/1", fields, &body).await;
                assert_eq!(reply.status, status, "{method}");
            }
        }
        let stale = [("if-match", "\"stale\"")];
        let reply = notes.send(http, "PUT", "/pages/home", &stale, "lost").await;
        assert_eq!(reply.status, 412);
    }
    assert_eq!(notes.runs().await, before);
}
