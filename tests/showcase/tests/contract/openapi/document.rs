use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Http, Server};

impl Server {
    pub(crate) async fn document(&self) -> Value {
        let reply = self.get(Http::One, "/openapi.json", &[]).await;
        assert_eq!(reply.field("content-type"), Some("application/json"));
        reply.json()
    }
}

/// Returns the statuses that the document has for an operation.
pub(super) fn statuses<'a>(document: &'a Value, path: &str, method: &str) -> BTreeSet<&'a str> {
    let responses = document["paths"][path][method]["responses"].as_object();
    let responses = responses.unwrap_or_else(|| panic!("{method} {path} is not documented"));
    responses.keys().map(String::as_str).collect()
}

/// Returns the text of a page without its tags.
fn text_of(html: &str) -> String {
    let parts = html.split('<');
    parts
        .map(|part| part.split_once('>').map_or(part, |(_, text)| text))
        .collect()
}

/// Issue 19, C.2: the page lists the routes, and the document has each of them.
#[tokio::test]
async fn each_route_of_the_page_is_documented() {
    let showcase = Server::showcase(&[]).await;
    let document = showcase.document().await;
    let page = showcase.get(Http::One, "/", &[]).await;
    let page = str::from_utf8(&page.body).unwrap();
    let mut routes = 0;
    for line in page.lines().filter(|line| line.starts_with("<li>")) {
        let text = text_of(line);
        let (listed, _) = text.split_once(": ").unwrap_or((&text, ""));
        let (paths, methods): (Vec<_>, Vec<_>) = listed
            .split([' ', ','])
            .filter(|word| !word.is_empty())
            .partition(|word| word.starts_with('/'));
        for path in paths {
            let path = path.split('?').next().unwrap();
            let path = path.replace("/pages/$", "/{group}/$");
            for method in &methods {
                statuses(&document, &path, &method.to_ascii_lowercase());
                routes += 1;
            }
        }
    }
    // The page has been read, and not only looked through.
    assert!(routes >= 20, "{routes}");
}

/// Issue 19, C.2: each reference leads to something.
#[tokio::test]
async fn references_resolve() {
    let document = Server::showcase(&[]).await.document().await;
    let mut open = vec![&document];
    let mut references = 0;
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => open.extend(members.values()),
            Value::Array(members) => open.extend(members),
            _ => {}
        }
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            let target = document.pointer(reference.trim_start_matches('#'));
            assert!(target.is_some(), "{reference}");
            references += 1;
        }
    }
    assert!(references > 100, "{references}");
}

/// Issue 19, C.2: the statuses of the layers are in all operations that have the layers.
#[tokio::test]
async fn the_layers_add_their_statuses() {
    let document = Server::showcase(&[]).await.document().await;
    for (path, method, added) in [
        ("/notes", "get", &["304", "412"][..]),
        ("/notes/{id}", "head", &["304", "404", "412"]),
        ("/notes", "post", &["412", "503"]),
        ("/pages/{name}", "put", &["412", "503"]),
        ("/notes/{id}", "put", &["412", "428", "503"]),
        ("/notes/{id}", "delete", &["412", "428", "503"]),
        (
            "/orders",
            "post",
            &["400", "403", "409", "413", "422", "425", "503"],
        ),
    ] {
        let documented = statuses(&document, path, method);
        for status in added {
            assert!(documented.contains(status), "{method} {path} {status}");
        }
    }
    assert!(!statuses(&document, "/pages/{name}", "put").contains("428"));
    assert!(!statuses(&document, "/stream", "get").contains("304"));
    // The content of a 412 to a write is a problem, or the current note.
    let failed = &document["paths"]["/notes/{id}"]["put"]["responses"]["412"]["content"];
    let note = json!({ "$ref": "#/components/schemas/Note" });
    assert_eq!(failed["application/json"]["schema"], note);
    assert!(failed["application/problem+json"].is_object());
}

/// Issue 19, C.2: a 409 needs a second request. Schemathesis sends one at a time.
#[tokio::test]
async fn a_conflict_of_keys_is_documented() {
    let showcase = Server::showcase(&[]).await;
    let (path, key) = ("/orders?fail=panic", [("idempotency-key", "\"lost\"")]);
    let order = json!({ "item": "tea", "quantity": 1 }).to_string();
    let lost = showcase
        .try_open(Http::One, "POST", path, &key, &order)
        .await;
    assert!(lost.is_err());
    let retry = showcase.send(Http::One, "POST", path, &key, &order).await;
    let problem = retry.json();
    let document = showcase.document().await;
    let conflict = &document["components"]["responses"]["Key409"]["content"];
    let examples = &conflict["application/problem+json"]["examples"];
    let documented = &examples["outcome-unknown"]["value"];
    assert_eq!(problem["type"], documented["type"]);
    assert_eq!(problem["status"], documented["status"]);
    assert_eq!(problem["status"], 409);
    assert!(statuses(&document, "/orders", "post").contains("409"));
}

/// Issue 19, C.2: a name that is not UTF-8, which Schemathesis does not send.
#[tokio::test]
async fn a_name_that_is_not_utf_8_is_documented() {
    let showcase = Server::showcase(&[]).await;
    let document = showcase.document().await;
    let invalid = &document["components"]["responses"]["Invalid"]["content"];
    for (method, path, route) in [
        ("GET", "/pages/%ff", "/pages/{name}"),
        ("PUT", "/pages/%ff", "/pages/{name}"),
        ("GET", "/files/%ff", "/files/{name}"),
    ] {
        let reply = showcase.send(Http::One, method, path, &[], "").await;
        let documented = statuses(&document, route, &method.to_ascii_lowercase());
        assert!(
            documented.contains(reply.status.as_str()),
            "{method} {path}"
        );
        let content_type = reply.field("content-type").expect("a type");
        let media_type = content_type.split(';').next().expect("a type");
        assert!(invalid[media_type].is_object(), "{media_type}");
    }
}
