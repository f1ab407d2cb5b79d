//! `/openapi.json`: the routes, with the headers and statuses that the layers add to them.

#[path = "../../../../examples/openapi/layers/mod.rs"]
mod layers;

use axum::{Json, Router, routing::get};
use utoipa::{
    Modify,
    openapi::{OpenApi, RefOr, path::Operation},
};

use layers::LayerDocs;

/// The operations, each with the responses of its handler and the names of its layers.
const OPERATIONS: &str = include_str!("operations.json");

pub(crate) fn routes() -> serde_json::Result<Router> {
    let mut document: OpenApi = serde_json::from_str(OPERATIONS)?;
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    for item in document.paths.paths.values_mut() {
        // axum answers `HEAD` wherever it answers `GET`.
        item.head = item.get.clone().map(without_content);
    }
    LayerDocs.modify(&mut document);
    Ok(Router::new().route("/openapi.json", get(async || Json(document))))
}

/// Returns the `HEAD` of a `GET`.
fn without_content(mut read: Operation) -> Operation {
    // `Range` has no meaning in a `HEAD` (RFC 9110, section 14.2).
    for status in ["206", "416"] {
        read.responses.responses.remove(status);
    }
    for response in read.responses.responses.values_mut() {
        if let RefOr::T(response) = response {
            response.content.clear();
        }
    }
    read
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn document(operation: &Value) -> OpenApi {
        let info = json!({ "title": "", "version": "" });
        let paths = json!({ "/": { "put": operation } });
        let document = json!({ "openapi": "3.1.0", "info": info, "paths": paths });
        let mut document = serde_json::from_value(document).expect("a document");
        LayerDocs.modify(&mut document);
        document
    }

    /// Issue 19, C.2: a response of the handler itself stays as it is.
    #[test]
    fn own_responses_are_kept() {
        let own = json!({ "412": { "description": "mine" } });
        let document = document(&json!({ "x-etag": "required", "responses": own }));
        let put = &document.paths.paths["/"].put.as_ref().expect("a PUT");
        let responses = serde_json::to_value(&put.responses).expect("JSON");
        assert_eq!(responses["412"]["description"], "mine");
        assert!(responses["428"].is_object());
    }

    /// Issue 19, C.2: a value that would add nothing is refused.
    #[test]
    #[should_panic(expected = "/: unknown x-etag \"require\"")]
    fn an_unknown_layer_is_refused() {
        document(&json!({ "x-etag": "require", "responses": {} }));
    }

    /// Issue 19, C.2: so is one for a key that is no string.
    #[test]
    #[should_panic(expected = "/: unknown x-idempotency-key \"true\"")]
    fn an_unknown_use_of_a_key_is_refused() {
        document(&json!({ "x-idempotency-key": true, "responses": {} }));
    }
}
