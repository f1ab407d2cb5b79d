//! The document of `openapi`, compared with its responses.

use serde_json::{Value, json};

use crate::{
    program::program,
    support::{Http, Reply, Server},
};

/// Sends a request, and checks that its status, its type of content and its headers of the layers are
/// documented.
async fn send(
    server: &Server,
    document: &Value,
    (method, path, route): (&str, &str, &str),
    fields: &[(&str, &str)],
    body: &str,
) -> Reply {
    let fields = [fields, &[("content-type", "application/json")]].concat();
    let reply = server.send(Http::One, method, path, &fields, body).await;
    let operation = &document["paths"][route][method.to_ascii_lowercase()];
    let mut response = &operation["responses"][reply.status.as_str()];
    if let Some(reference) = response["$ref"].as_str() {
        response = document.pointer(&reference[1..]).expect("a response");
    }
    assert!(response.is_object(), "{method} {path} {}", reply.status);
    if let Some(content_type) = reply.field("content-type") {
        let (media_type, _) = content_type.split_once(';').unwrap_or((content_type, ""));
        assert!(
            response["content"][media_type].is_object(),
            "{response} {content_type}"
        );
    }
    for name in ["ETag", "Idempotent-Replayed", "Retry-After"] {
        if reply.headers.contains_key(name) {
            assert!(response["headers"][name].is_object(), "{response} {name}");
        }
    }
    for (name, _) in fields {
        let parameters = operation["parameters"].as_array().expect("parameters");
        let is_name = |parameter: &Value| match parameter["$ref"].as_str() {
            Some(reference) => {
                let suffix = format!("/{name}");
                reference.to_ascii_lowercase().ends_with(&suffix)
            }
            None => parameter["name"]
                .as_str()
                .is_some_and(|other| other.eq_ignore_ascii_case(name)),
        };
        assert!(
            name == "content-type" || parameters.iter().any(is_name),
            "{method} {name}"
        );
    }
    reply
}

/// Issue 19, C.2: each response of the layers is documented, once for all routes.
#[tokio::test]
async fn responses_of_the_layers_are_documented() {
    let server = Server::start(program("openapi"), &[]).await;
    let document = server.get(Http::One, "/openapi.json", &[]).await.json();
    let read = ("GET", "/notes/1", "/notes/{id}");
    let write = ("PUT", "/notes/1", "/notes/{id}");
    let place = ("POST", "/orders", "/orders");
    let (note, order) = (
        json!({ "text": "new" }).to_string(),
        json!({ "item": "tea" }).to_string(),
    );

    let full = send(&server, &document, read, &[], "").await;
    let tag = full.tag();
    let (key, other_key) = (("idempotency-key", "\"a\""), ("idempotency-key", "a"));
    for (target, fields, body, status) in [
        (read, &[("if-none-match", tag)][..], "", 304),
        (read, &[("if-match", "\"old\"")], "", 412),
        (("GET", "/notes/2", "/notes/{id}"), &[], "", 404),
        (("GET", "/notes/a", "/notes/{id}"), &[], "", 400),
        (write, &[], &note, 428),
        (write, &[("if-match", tag)], &note, 204),
        (write, &[("if-match", tag)], &note, 412),
        (
            write,
            &[("if-match", tag), ("prefer", "return=minimal")],
            &note,
            412,
        ),
        (place, &[], &order, 400),
        (place, &[other_key], &order, 400),
        (place, &[key], &order, 201),
        (place, &[key], &order, 201),
        (place, &[key], &note, 422),
    ] {
        let reply = send(&server, &document, target, fields, body).await;
        assert_eq!(reply.status, status, "{target:?} {fields:?}");
    }
}
