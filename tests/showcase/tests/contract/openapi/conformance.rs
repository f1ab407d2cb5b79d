use serde_json::{Value, json};

use super::schemathesis::{self, Run};
use crate::support::{Http, Server};

/// Returns the document with values that reach all statuses, in place of arbitrary ones.
///
/// Left out are responses without an end, and the trouble that a request for an order may ask for.
async fn narrowed(showcase: &Server) -> Value {
    let mut document = showcase.document().await;
    let tag = showcase
        .get(Http::One, "/notes/1", &[])
        .await
        .tag()
        .to_owned();
    let page = showcase.get(Http::One, "/", &[]).await;
    let page = str::from_utf8(&page.body).unwrap();
    let assets = page.split("\"/assets/").skip(1);
    let mut assets: Vec<_> = assets.filter_map(|rest| rest.split('"').next()).collect();
    assets.extend(["page.css", "none.css"]);
    let paths = document["paths"].as_object_mut().unwrap();
    paths.remove("/events").expect("a path");
    paths.remove("/stream").expect("a path");
    for operation in paths
        .values_mut()
        .filter_map(Value::as_object_mut)
        .flatten()
        .map(|(_, value)| value)
    {
        // The header of the credentials is a parameter like any other.
        if operation
            .as_object_mut()
            .is_some_and(|members| members.remove("security").is_some())
        {
            let name = json!({ "enum": ["Bearer admin", "Bearer alice", "Basic YTpi"] });
            let header = json!({ "in": "header", "name": "Authorization", "required": false, "schema": name });
            let parameters = operation["parameters"].as_array_mut();
            match parameters {
                Some(parameters) => parameters.push(header),
                None => operation["parameters"] = json!([header]),
            }
        }
    }
    let order = &mut document["paths"]["/orders"]["post"]["parameters"];
    order
        .as_array_mut()
        .unwrap()
        .retain(|parameter| parameter["in"] == "header");
    order[0]["schema"] = json!({ "enum": ["\"a\"", "\"b\""] });
    let parameters = &mut document["components"]["parameters"];
    for condition in ["If-Match", "If-None-Match"] {
        parameters[condition]["schema"] = json!({ "enum": [tag, "*", "\"old\""] });
    }
    parameters["asset"]["schema"] = json!({ "enum": assets });
    parameters["id"]["schema"] = json!({ "enum": [1, 2, 1_000_000] });
    parameters["file"]["schema"] = json!({ "enum": ["1k.json", "64k.json"] });
    let ranges = ["bytes=0-9", "bytes=0-9,500-509", "bytes=99999-", "lines=1"];
    parameters["Range"]["schema"] = json!({ "enum": ranges });
    document
}

/// Issue 19, C.2: no response has a status, a content type, a header or content that is not in the
/// document.
#[tokio::test]
async fn schemathesis_finds_nothing_undocumented() {
    let Some(program) = schemathesis::program() else {
        return;
    };
    let showcase = Server::showcase(&[]).await;
    let document = narrowed(&showcase).await;
    let Run {
        passed,
        log,
        exchanges,
    } = schemathesis::run(program, &showcase.address, &document, &[]).await;
    assert!(passed, "{log}");
    // The requests have reached what the layers add.
    for (method, path, statuses) in [
        ("GET", "/notes/1", &[200, 304, 412][..]),
        ("HEAD", "/pages/", &[200, 304, 412]),
        ("POST", "/notes", &[201, 400, 412]),
        ("PUT", "/notes/1", &[412, 428]),
        ("PATCH", "/notes/1", &[412, 428]),
        ("DELETE", "/notes/1", &[412, 428]),
        ("POST", "/orders", &[201, 400, 422]),
        ("POST", "/state", &[200]),
        ("GET", "/private/me", &[200, 401]),
        ("GET", "/assets/", &[200, 206, 304, 307, 404, 412, 416]),
        ("DELETE", "/$etags-cache", &[204, 401, 403]),
    ] {
        for status in statuses {
            let is_reached = exchanges.iter().any(|(asked, target, answer)| {
                asked == method && target.starts_with(path) && answer == status
            });
            assert!(is_reached, "{method} {path} {status}\n{log}");
        }
    }
}

/// Issue 19, C.2: a document that lacks one status is refused.
#[tokio::test]
async fn schemathesis_finds_a_status_that_is_removed() {
    let Some(program) = schemathesis::program() else {
        return;
    };
    let showcase = Server::showcase(&[]).await;
    let mut document = narrowed(&showcase).await;
    let put = document["paths"]["/notes/{id}"]["put"]["responses"].as_object_mut();
    put.unwrap().remove("428").expect("a status");
    let only = ["--include-name", "PUT /notes/{id}"];
    let run = schemathesis::run(program, &showcase.address, &document, &only).await;
    assert!(!run.passed, "{}", run.log);
    assert!(run.log.contains("Undocumented status code"), "{}", run.log);
    assert!(run.log.contains("Received: 428"), "{}", run.log);
}
