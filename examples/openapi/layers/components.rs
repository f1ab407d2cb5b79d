//! The headers, responses and problems that operations refer to.

use std::collections::BTreeMap;

use serde_json::json;
use utoipa::openapi::{
    Array, Content, HeaderBuilder, Object, OpenApi, Ref, Required, Response, Type,
    example::ExampleBuilder,
    path::{Parameter, ParameterBuilder, ParameterIn},
    response::ResponseBuilder,
    schema::ObjectBuilder,
};

/// The types of the problems of keys are fragments of this page.
const KEY_PROBLEMS: &str =
    "https://docs.rs/tower-conditional/latest/tower_conditional/idempotency/";

/// A key: a string of structured fields (RFC 9651, section 3.3.3) of up to 255 characters.
const KEY: &str = r#"^"([ !#-\[\]-~]|\\["\\]){1,255}"$"#;

/// The refusals of `IdempotencyLayer`: status, description, and the fragments of their types.
pub(super) const KEY_REFUSALS: [(&str, &str, &[&str]); 7] = [
    (
        "400",
        "The key is missing or malformed, or the request is not complete",
        &["missing", "malformed", "unsupported", "content-incomplete"],
    ),
    ("403", "The caller is not known", &["principal-missing"]),
    (
        "409",
        "The first request with the key is running, or its response cannot be repeated",
        &["in-flight", "sealed", "outcome-unknown", "expired"],
    ),
    ("413", "The content is too long", &["content-too-large"]),
    ("422", "The key belongs to another request", &["reused"]),
    ("425", "The request came in TLS early data", &["too-early"]),
    (
        "503",
        "The outcome cannot be recorded or read",
        &["store-unavailable", "unreadable", "unrecorded", "timed-out"],
    ),
];

/// The headers of requests, each with its description.
const PARAMETERS: [(&str, &str); 5] = [
    (
        "If-Match",
        "the ETag of the state to change, or *; 412 if it is not the current one",
    ),
    (
        "If-None-Match",
        "the ETag that the client has, for a 304; * to create what does not exist",
    ),
    (
        "If-Modified-Since",
        "the Last-Modified that the client has, for a 304",
    ),
    (
        "If-Unmodified-Since",
        "the Last-Modified of the state to change",
    ),
    (
        "Prefer",
        "return=minimal for a 412 without the current state",
    ),
];

/// Adds all that operations refer to.
pub(super) fn add_components(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    components
        .schemas
        .insert("Problem".to_owned(), problem().into());
    for (name, description) in PARAMETERS {
        let parameter = header_parameter(name, description).build();
        components
            .parameters
            .insert(name.to_owned(), parameter.into());
    }
    for (name, description) in [
        ("ETag", "the entity tag of the representation"),
        (
            "Idempotent-Replayed",
            "true if this is the response of an earlier request with the key",
        ),
        (
            "Retry-After",
            "the number of seconds after which a retry makes sense",
        ),
    ] {
        let header = HeaderBuilder::new().description(Some(description)).build();
        components.headers.insert(name.to_owned(), header.into());
    }
    let not_modified =
        ResponseBuilder::new().description("The client has the current representation");
    let required = refusal("The request has no condition", &[]);
    let conflict = refusal(
        "Another write came first. Read the state, and try again",
        &[],
    );
    let unavailable = refusal("The current state is unknown at the moment", &[]);
    let mut responses = BTreeMap::from([
        (
            "NotModified".to_owned(),
            not_modified.header_ref("ETag", tag()).build(),
        ),
        ("PreconditionFailed".to_owned(), precondition_failed()),
        ("PreconditionRequired".to_owned(), required.build()),
        ("Conflict".to_owned(), conflict.build()),
        (
            "Unavailable".to_owned(),
            unavailable.header_ref("Retry-After", retry_after()).build(),
        ),
    ]);
    for (status, description, fragments) in KEY_REFUSALS {
        let types: Vec<_> = fragments.iter().map(|name| (*name, status)).collect();
        let refusal = refusal(description, &types).header_ref("Retry-After", retry_after());
        responses.insert(format!("Key{status}"), refusal.build());
    }
    components.responses.extend(
        responses
            .into_iter()
            .map(|(name, response)| (name, response.into())),
    );
}

fn tag() -> Ref {
    Ref::new("#/components/headers/ETag")
}

fn retry_after() -> Ref {
    Ref::new("#/components/headers/Retry-After")
}

pub(super) fn precondition_failed() -> Response {
    let failed = refusal("A condition of the request is false", &[]);
    failed.header_ref("ETag", tag()).build()
}

/// Returns a refusal with a problem of one of these types. Clients that accept no JSON get text.
fn refusal(description: &str, types: &[(&str, &str)]) -> ResponseBuilder {
    let examples = types.iter().map(|(fragment, status)| {
        let status = status.parse::<u16>().expect("a number");
        let problem = json!({ "type": format!("{KEY_PROBLEMS}#{fragment}"), "status": status });
        (*fragment, ExampleBuilder::new().value(Some(problem)))
    });
    let mut problem = Content::new(Some(Ref::from_schema_name("Problem")));
    problem
        .examples
        .extend(examples.map(|(name, example)| (name.to_owned(), example.into())));
    let text = Content::new(Some(Object::with_type(Type::String)));
    let refusal = ResponseBuilder::new().description(description);
    refusal
        .content("application/problem+json", problem)
        .content("text/plain", text)
}

/// Problem details (RFC 9457), with the members that the layers add.
fn problem() -> Object {
    let text = || Object::with_type(Type::String);
    ObjectBuilder::new()
        .property("type", text())
        .property("title", text())
        .property("status", Object::with_type(Type::Integer))
        .property("detail", text())
        .property("expected", Array::new(text()))
        .property("current", text())
        .required("status")
        .build()
}

/// Returns the parameter for the key, which not every operation requires.
pub(super) fn idempotency_key(required: Required) -> Parameter {
    let description = "a new random string in double quotes, and the same one in each retry";
    let key = ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some(KEY));
    header_parameter("Idempotency-Key", description)
        .required(required)
        .schema(Some(key))
        .build()
}

fn header_parameter(name: &str, description: &str) -> ParameterBuilder {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(Object::with_type(Type::String)))
}
