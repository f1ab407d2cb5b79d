//! The handlers, without any layer.

use axum::{
    Json,
    body::{Body, Bytes},
    extract::{Path, Request, State, rejection::StringRejection},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tower_conditional::{
    Validators,
    handler::{Expected, WithValidators},
    idempotency::Attempt,
    validator::HttpDate,
};

use crate::{
    problem::{JsonBody, NoteId, Problem},
    store::{Draft, Note, Order, Store},
};

type HandlerResult = Result<Response, Problem>;

pub(crate) async fn list(store: State<Store>) -> HandlerResult {
    let (notes, validators) = store.notes().await?;
    Ok(WithValidators(Json(notes), validators).into_response())
}

/// Lists the version of each note. It does not run for a client that names the latest event.
pub(crate) async fn versions(store: State<Store>) -> HandlerResult {
    let (notes, _) = store.notes().await?;
    let version = |note: &Note| json!({ "id": note.id, "version": note.version });
    Ok(Json(notes.iter().map(version).collect::<Value>()).into_response())
}

pub(crate) async fn read(store: State<Store>, NoteId(id): NoteId) -> HandlerResult {
    let (note, validators) = store.note(id).await?;
    let note = note.ok_or_else(Problem::no_such_note)?;
    let modified = HttpDate::from_unix_seconds(note.updated_at);
    Ok(WithValidators(Json(note), validators.with_last_modified(modified)).into_response())
}

pub(crate) async fn create(
    store: State<Store>,
    expected: Expected,
    JsonBody(draft): JsonBody<Draft>,
) -> HandlerResult {
    write_response(store.change(None, expected, |_| Ok(Some(draft))).await?)
}

pub(crate) async fn replace(
    store: State<Store>,
    NoteId(id): NoteId,
    expected: Expected,
    JsonBody(draft): JsonBody<Draft>,
) -> HandlerResult {
    let replaced = |_: Option<&Note>| Ok(Some(draft));
    write_response(store.change(Some(id), expected, replaced).await?)
}

/// Applies a JSON merge patch (RFC 7396).
pub(crate) async fn patch(
    store: State<Store>,
    NoteId(id): NoteId,
    expected: Expected,
    JsonBody(patch): JsonBody<Value>,
) -> HandlerResult {
    let patched = move |current: Option<&Note>| {
        let note = current.ok_or_else(Problem::no_such_note)?;
        let mut document = json!({ "title": note.title, "text": note.text });
        json_patch::merge(&mut document, &patch);
        Ok(Some(Draft::deserialize(document)?))
    };
    write_response(store.change(Some(id), expected, patched).await?)
}

pub(crate) async fn delete(
    store: State<Store>,
    NoteId(id): NoteId,
    expected: Expected,
) -> HandlerResult {
    let deleted = |current: Option<&Note>| current.map(|_| None).ok_or_else(Problem::no_such_note);
    write_response(store.change(Some(id), expected, deleted).await?)
}

/// Returns the response to a write, with the note. Its content is not what was sent, since it has
/// an id and a version. So `Content-Location` names the note, and the tag is that of this content
/// (RFC 9110, section 9.3.4).
fn write_response(note: Option<(Note, Validators)>) -> HandlerResult {
    let Some((note, validators)) = note else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let url = format!("/notes/{}", note.id);
    let location = [(header::CONTENT_LOCATION, &url)];
    let content = WithValidators((location, Json(&note)), validators);
    Ok(match note.version {
        1 => (StatusCode::CREATED, [(header::LOCATION, &url)], content).into_response(),
        _ => content.into_response(),
    })
}

/// Places an order. It runs once for each `Idempotency-Key`, and a retry gets its response.
pub(crate) async fn place(
    store: State<Store>,
    attempt: Attempt,
    JsonBody(order): JsonBody<Order>,
) -> HandlerResult {
    Ok(store.place(&attempt, order, placed).await?.map(Body::from))
}

/// Returns the response to an order. It is recorded with the order, so it is made of bytes.
fn placed(order: &Order) -> Response<Bytes> {
    let content = serde_json::to_string(order).expect("plain values");
    let response = Response::builder().status(StatusCode::CREATED);
    let response = response.header(header::CONTENT_TYPE, "application/json");
    response.body(content.into()).expect("a valid header")
}

pub(crate) async fn orders(store: State<Store>) -> HandlerResult {
    Ok(Json(store.orders().await?).into_response())
}

pub(crate) async fn read_page(store: State<Store>, Path(name): Path<String>) -> HandlerResult {
    let (content, validators) = store.page(name).await?;
    let content = content.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "no such page"))?;
    Ok(WithValidators(Html(content), validators).into_response())
}

pub(crate) async fn write_page(
    store: State<Store>,
    Path(name): Path<String>,
    expected: Expected,
    content: Result<String, StringRejection>,
) -> HandlerResult {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if name.len() > 64 || !name.bytes().all(plain) {
        let detail = "a page is named by up to 64 letters, digits and hyphens";
        return Err(Problem::new(StatusCode::BAD_REQUEST, detail));
    }
    let content = content.map_err(|error| Problem::new(error.status(), error.body_text()))?;
    let (created, validators) = store.put_page(name, expected, content).await?;
    let status = if created {
        StatusCode::CREATED
    } else {
        StatusCode::NO_CONTENT
    };
    // The page is stored unchanged, so the response may have its tag (RFC 9110, section 9.3.4).
    Ok(WithValidators(status, validators).into_response())
}

pub(crate) async fn me(headers: HeaderMap) -> Response {
    let name = bearer(&headers);
    name.map_or_else(unauthorized, |name| {
        Json(json!({ "name": name })).into_response()
    })
}

/// Lets the operator pass.
pub(crate) async fn admin(request: Request, next: Next) -> Response {
    match bearer(request.headers()) {
        Some("admin") => next.run(request).await,
        Some(_) => Problem::new(StatusCode::FORBIDDEN, "only admin may do this").into_response(),
        None => unauthorized(),
    }
}

fn unauthorized() -> Response {
    let challenge = [(header::WWW_AUTHENTICATE, "Bearer realm=\"notes\"")];
    let problem = Problem::new(StatusCode::UNAUTHORIZED, "send Authorization: Bearer NAME");
    (challenge, problem).into_response()
}

/// Returns the name in `Authorization: Bearer NAME`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let credentials = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, name) = credentials.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !name.trim().is_empty()).then(|| name.trim())
}
