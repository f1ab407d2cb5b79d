//! The part of an OpenAPI document that the layers add to each operation: headers, statuses and
//! problems, declared once.
//!
//! An operation names its layers by an extension, and [`LayerDocs`] adds the rest:
//!
//! | Extension | Layers | Adds |
//! |---|---|---|
//! | `x-etag: read` | `stack()`, or the reads of `guard` | `If-None-Match` and the like, `ETag`, 304, 412 |
//! | `x-etag: optional` | the writes of `guard` with `optional`, or `PreconditionLayer` | `If-Match` and the like, `ETag`, 409, 412, 503 |
//! | `x-etag: required` | the writes of `guard`, or `PreconditionLayer::require` | `If-Match` and the like, `ETag`, 412, 428, 503 |
//! | `x-idempotency-key: optional` | `IdempotencyLayer` | `Idempotency-Key`, `Idempotent-Replayed`, 400, 403, 409, 413, 422, 425, 503 |
//! | `x-idempotency-key: required` | `IdempotencyLayer::require_key` | the same, and the key is required |

mod components;

use std::fmt::Display;

use utoipa::{
    Modify,
    openapi::{
        Content, Header, OpenApi, PathItem, Ref, RefOr, Required, Response, path::Operation,
    },
};

use components::{KEY_REFUSALS, add_components, idempotency_key, precondition_failed};

/// Adds the headers, statuses and problems of the layers to the operations that name them.
///
/// # Panics
///
/// Panics if the value of an extension is unknown.
#[derive(Debug)]
pub(crate) struct LayerDocs;

impl Modify for LayerDocs {
    fn modify(&self, document: &mut OpenApi) {
        for (path, item) in &mut document.paths.paths {
            // A refused write may carry the current representation, with the type of a read.
            let current = item.get.as_ref().and_then(content_of_read);
            for operation in operations(item) {
                match marker(operation, "x-idempotency-key").as_deref() {
                    None => {}
                    Some("optional") => add_key(operation, Required::False),
                    Some("required") => add_key(operation, Required::True),
                    Some(other) => panic!("{path}: unknown x-idempotency-key {other:?}"),
                }
                match marker(operation, "x-etag").as_deref() {
                    None => {}
                    Some("read") => add_read(operation),
                    Some("optional") => {
                        add_write(operation, current.as_ref());
                        add_response(operation, "409", shared("Conflict"));
                    }
                    Some("required") => {
                        add_write(operation, current.as_ref());
                        add_response(operation, "428", shared("PreconditionRequired"));
                    }
                    Some(other) => panic!("{path}: unknown x-etag {other:?}"),
                }
            }
        }
        add_components(document);
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem {
        get,
        head,
        post,
        put,
        patch,
        delete,
        query,
        ..
    } = item;
    [get, head, post, put, patch, delete, query]
        .into_iter()
        .flatten()
}

fn marker(operation: &Operation, name: &str) -> Option<String> {
    let value = operation.extensions.as_ref()?.get(name)?;
    Some(
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned),
    )
}

/// The content of a response by media type.
type Contents = Vec<(String, RefOr<Content>)>;

fn content_of_read(read: &Operation) -> Option<Contents> {
    match read.responses.responses.get("200")? {
        RefOr::T(response) => Some(response.content.clone().into_iter().collect()),
        RefOr::Ref(_) => None,
    }
}

fn add_read(operation: &mut Operation) {
    for name in [
        "If-None-Match",
        "If-Modified-Since",
        "If-Match",
        "If-Unmodified-Since",
    ] {
        add_parameter(operation, name);
    }
    add_success_header(operation, "ETag");
    add_response(operation, "304", shared("NotModified"));
    add_response(operation, "412", shared("PreconditionFailed"));
}

fn add_write(operation: &mut Operation, current: Option<&Contents>) {
    for name in ["If-Match", "If-None-Match", "If-Unmodified-Since", "Prefer"] {
        add_parameter(operation, name);
    }
    add_success_header(operation, "ETag");
    add_response(operation, "503", shared("Unavailable"));
    let mut failed = precondition_failed();
    failed
        .content
        .extend(current.cloned().into_iter().flatten());
    add_response(operation, "412", failed);
}

fn add_key(operation: &mut Operation, required: Required) {
    let parameters = operation.parameters.get_or_insert_default();
    parameters.push(idempotency_key(required).into());
    add_success_header(operation, "Idempotent-Replayed");
    for (status, ..) in KEY_REFUSALS {
        add_response(operation, status, shared(format_args!("Key{status}")));
    }
}

/// Adds a response, unless the operation has its own one with this status.
fn add_response(operation: &mut Operation, status: &str, response: impl Into<RefOr<Response>>) {
    let responses = &mut operation.responses.responses;
    responses
        .entry(status.to_owned())
        .or_insert_with(|| response.into());
}

fn add_parameter(operation: &mut Operation, name: &str) {
    let parameter = Ref::new(format!("#/components/parameters/{name}"));
    operation
        .parameters
        .get_or_insert_default()
        .push(RefOr::Ref(parameter));
}

fn add_success_header(operation: &mut Operation, name: &str) {
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && status.starts_with('2')
        {
            response.headers.insert(name.to_owned(), header(name));
        }
    }
}

fn shared(name: impl Display) -> RefOr<Response> {
    RefOr::Ref(Ref::new(format!("#/components/responses/{name}")))
}

fn header(name: &str) -> RefOr<Header> {
    RefOr::Ref(Ref::new(format!("#/components/headers/{name}")))
}
