//! `/`, which lists the routes, and the small writable pages.

use axum::{
    Router,
    extract::{Path, State, rejection::StringRejection},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{Html, IntoResponse, Response},
    routing::{get, put},
};
use tower::ServiceBuilder;
use tower_conditional::{
    ConditionalLayer, PreconditionLayer,
    detached::Detached,
    handler::{Expected, Validated},
    route::Route,
    source::SelfGet,
};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::{
    problem::{Problem, Refused},
    stats::Stats,
    store::{Item, Storage},
};

const INDEX: &str = include_str!("index.html");

/// Where pages are, and writes of them whose client has left.
type Pages<S> = (S, Detached);

pub(crate) fn routes<S: Storage>(store: &S, stats: &Stats, writes: &Detached) -> Router {
    let state: Pages<S> = (store.clone(), writes.clone());
    // 304 before the handler runs, with the fields of the 200.
    let fresh = ServiceBuilder::new()
        // Anybody may write these pages, so they may not run scripts.
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'"),
        ))
        .layer(ConditionalLayer::new().source(store.versions(page_of)))
        .into_inner();
    let current = Router::new()
        .route("/pages/{name}", get(read::<S>).route_layer(fresh.clone()))
        .with_state(state.clone());
    // A condition is honoured where there is one.
    let guard = PreconditionLayer::new(store.versions(page_of))
        .with_self_get(SelfGet::of(current).writers_may_read());
    let guarded = stats.counted(put(write::<S>)).route_layer(guard);
    Router::new()
        .route("/", stats.counted(get(index)))
        .route(
            "/pages/{name}",
            stats
                .counted(get(read::<S>))
                .route_layer(fresh)
                .merge(guarded),
        )
        .with_state(state)
}

/// The page that a request is about.
fn page_of(request: &Parts) -> Option<Item> {
    let route = Route::new("/pages/{name}").ok()?;
    let name = route.capture(request.uri.path(), "name")?;
    is_name(&name).then(|| Item::Page(name.into_owned()))
}

fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    name.len() <= 64 && name.bytes().all(plain)
}

async fn index() -> Html<&'static str> {
    Html(INDEX)
}

async fn read<S: Storage>(
    State((store, _)): State<Pages<S>>,
    Path(name): Path<String>,
) -> Result<Validated<Html<String>>, Refused> {
    let page = store.page(name).await?;
    let (content, validators) = page.ok_or_else(|| Problem::not_found("no such page"))?;
    Ok(Validated(Html(content), validators))
}

async fn write<S: Storage>(
    State((store, writes)): State<Pages<S>>,
    Path(name): Path<String>,
    expected: Expected,
    content: Result<String, StringRejection>,
) -> Result<Response, Refused> {
    if !is_name(&name) {
        return Err(Problem::bad_request(
            "a page is named by up to 64 letters, digits and hyphens",
        )
        .into());
    }
    let content = content.map_err(Problem::from)?;
    // To its end: if the client leaves, the connection must not go back to its pool with a
    // statement under way, behind which the next request would wait.
    let write = async move { store.put_page(name, expected, content).await };
    let (created, validators) = writes.finish(write).await?;
    let status = if created {
        StatusCode::CREATED
    } else {
        StatusCode::NO_CONTENT
    };
    // Stored as it came, so the answer may tell the new tag (RFC 9110, section 9.3.4).
    Ok(Validated(status, validators).into_response())
}
