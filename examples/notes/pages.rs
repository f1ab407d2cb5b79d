//! `/`, which lists the routes, and the small writable pages.

use axum::{
    Router,
    extract::{Path, State, rejection::StringRejection},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use rusqlite::OptionalExtension;

use crate::{problem::Problem, stats::Stats, store::Store};

const INDEX: &str = include_str!("index.html");

pub(crate) fn routes(store: Store, stats: &Stats) -> Router {
    Router::new()
        .route("/", stats.counted(get(index)))
        .route("/pages/{name}", stats.counted(get(read).put(write)))
        .with_state(store)
}

async fn index() -> Html<&'static str> {
    Html(INDEX)
}

async fn read(State(store): State<Store>, Path(name): Path<String>) -> Result<Response, Problem> {
    let content: Option<String> = store
        .run(move |connection| {
            connection
                .query_row("SELECT content FROM pages WHERE name = ?1", [name], |row| {
                    row.get(0)
                })
                .optional()
        })
        .await?;
    let content = content.ok_or_else(|| Problem::not_found("no such page"))?;
    let headers = [
        (header::CACHE_CONTROL, "max-age=60"),
        // Anybody may write these pages, so they may not run scripts.
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
    ];
    Ok((headers, Html(content)).into_response())
}

async fn write(
    State(store): State<Store>,
    Path(name): Path<String>,
    content: Result<String, StringRejection>,
) -> Result<StatusCode, Problem> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if name.len() > 64 || !name.bytes().all(plain) {
        return Err(Problem::bad_request(
            "a page is named by up to 64 letters, digits and hyphens",
        ));
    }
    let content = content?;
    let replaced = store
        .run(move |connection| {
            let transaction = connection.transaction()?;
            let old = transaction.execute("DELETE FROM pages WHERE name = ?1", [&name])?;
            transaction.execute("INSERT INTO pages VALUES (?1, ?2)", [&name, &content])?;
            transaction.commit()?;
            Ok(old > 0)
        })
        .await?;
    Ok(if replaced {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::CREATED
    })
}
