//! `/state`, and the header in which a client names the state that it has seen.

use serde_json::{Value, json};

use crate::support::{BOTH, Http, Reply, Server};

const FIELD: &str = "x-notes-ref";

async fn ask(notes: &Server, http: Http, method: &str, seen: Option<&str>) -> Reply {
    let fields = seen.map(|seen| (FIELD, seen));
    notes
        .send(http, method, "/state", fields.as_slice(), "")
        .await
}

#[tokio::test]
async fn the_same_identifier_is_a_304_without_a_run() {
    let notes = Server::showcase(&["--notes", "2"]).await;
    let versions = json!([{ "id": 1, "version": 1 }, { "id": 2, "version": 1 }]);
    for http in BOTH {
        for method in ["GET", "POST"] {
            for first in ["none", "0", "\"x\"", "17"] {
                let first = ask(&notes, http, method, Some(first)).await;
                assert_eq!(first.status, 200, "{method}");
                assert_eq!(first.json(), versions);
                let seen = first.field(FIELD);
                assert!(seen.is_some());

                let before = notes.runs().await;
                let again = ask(&notes, http, method, seen).await;
                assert_eq!(again.status, 304, "{method}");
                assert_eq!(again.field(FIELD), seen);
                assert!(again.body.is_empty());
                assert_ne!(again.field("content-length"), Some("0"));
                assert_eq!(notes.runs().await, before, "{method}");
            }
            for nothing in [None, Some("")] {
                let untouched = ask(&notes, http, method, nothing).await;
                assert_eq!(untouched.status, 200, "{method}");
                assert_eq!(untouched.field(FIELD), None);
                assert_eq!(untouched.json(), versions);
            }
        }
    }
}

/// A refused write is no event.
#[tokio::test]
async fn every_write_of_a_note_is_a_new_identifier() {
    let notes = Server::showcase(&["--notes", "2"]).await;
    let draft = json!({ "title": "New" });
    for http in BOTH {
        let mut latest = ask(&notes, http, "GET", Some("none")).await;
        for (method, path, condition, body, changes) in [
            ("POST", "/notes", None, &draft, true),
            (
                "PUT",
                "/notes/50",
                Some(("if-none-match", "*")),
                &draft,
                true,
            ),
            (
                "PUT",
                "/notes/50",
                Some(("if-none-match", "*")),
                &draft,
                false,
            ),
            ("PUT", "/notes/50", Some(("if-match", "*")), &draft, true),
            ("PUT", "/notes/50", None, &draft, false),
            (
                "PATCH",
                "/notes/50",
                Some(("if-match", "\"stale\"")),
                &draft,
                false,
            ),
            ("PATCH", "/notes/50", Some(("if-match", "*")), &draft, true),
            (
                "PATCH",
                "/notes/50",
                Some(("if-match", "*")),
                &Value::Null,
                false,
            ),
            (
                "DELETE",
                "/notes/50",
                Some(("if-match", "*")),
                &Value::Null,
                true,
            ),
            (
                "DELETE",
                "/notes/50",
                Some(("if-match", "*")),
                &Value::Null,
                false,
            ),
            ("PUT", "/pages/home", None, &draft, false),
        ] {
            let reply = notes
                .write(http, method, path, condition.as_slice(), body)
                .await;
            let seen = latest.field(FIELD).map(ToOwned::to_owned);
            let now = ask(&notes, http, "POST", seen.as_deref()).await;
            let status = if changes { 200 } else { 304 };
            assert_eq!(now.status, status, "{method} {path} {}", reply.status);
            assert_eq!(now.field(FIELD) != seen.as_deref(), changes);
            if changes {
                latest = now;
            }
        }
    }
}
