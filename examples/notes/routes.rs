//! The layers around the handlers of each route.

use axum::{
    Router,
    http::{HeaderName, HeaderValue, Method, header::CONTENT_SECURITY_POLICY, request::Parts},
    middleware::from_extractor,
};
use tower_conditional::{
    CachePolicyLayer, CacheTagsLayer, CodingTagLayer, ConditionalLayer, EtagLayer,
    PreconditionLayer, StateRefLayer,
    cache_policy::{CachePolicy, Rule},
    cache_tags::{CacheTag, CacheTagSource, CacheTags, TagField},
    source::SelfGet,
};
use tower_http::{compression::CompressionLayer, set_header::SetResponseHeaderLayer};

use crate::{
    handlers,
    problem::NoteId,
    store::{Item, Store},
};

/// The header in which a client names the state that it has seen.
const NOTES_REF: HeaderName = HeaderName::from_static("x-notes-ref");

pub(crate) fn router(store: &Store) -> Router {
    // 304 before the handler runs, and then 412 and 428. Handlers read the tag with the content.
    let reads = ConditionalLayer::new().source(store.versions());
    let all = handlers::notes()
        .route_layer(PreconditionLayer::new(store.versions()))
        .route_layer(reads.clone());
    // A 412 carries the current note.
    let current = Router::new().route("/notes/{id}", handlers::note());
    let current = SelfGet::of(current.with_state(store.clone())).writers_may_read();
    let guard = PreconditionLayer::new(store.versions()).with_self_get(current);
    let one = handlers::note()
        .route_layer(guard.require())
        .route_layer(reads.clone())
        .route_layer(from_extractor::<NoteId>());
    let state = handlers::state().route_layer(StateRefLayer::new(NOTES_REF, store.events()));
    let compressed = Router::new()
        .route("/notes", all)
        .route("/notes/{id}", one)
        .route("/state", state)
        // Compression changes the bytes after they were tagged; each coding gets a tag of its own.
        .layer(CompressionLayer::new())
        .layer(CodingTagLayer::new());

    // Anybody may write these pages, so they may not run scripts.
    let no_scripts = HeaderValue::from_static("default-src 'none'");
    let no_scripts = SetResponseHeaderLayer::if_not_present(CONTENT_SECURITY_POLICY, no_scripts);
    let page = handlers::page().route_layer((no_scripts, reads));
    let current = Router::new().route("/pages/{name}", page.clone());
    let current = SelfGet::of(current.with_state(store.clone())).writers_may_read();
    // Conditions are honoured, and not required.
    let guard = PreconditionLayer::new(store.versions()).with_self_get(current);
    let page = page.merge(handlers::page_writes().route_layer(guard));
    let plain = Router::new()
        .route("/pages/{name}", page)
        .route("/private/me", handlers::private())
        .route("/", handlers::index())
        .layer(EtagLayer::new());
    compressed.merge(plain).with_state(store.clone())
}

/// Returns the cache policies. They belong around all other layers, so that a 304 has the policy of
/// the 200, and an error is not stored.
///
/// Responses that match no rule, such as a note, are revalidated on each use.
pub(crate) fn policies() -> anyhow::Result<CachePolicyLayer> {
    let list = CachePolicy::new("max-age=1, stale-while-revalidate=30".parse()?)?;
    let pages = CachePolicy::new("max-age=60".parse()?)?;
    Ok(CachePolicyLayer::new(CachePolicy::no_cache())
        .rule(Rule::new(list).path("/notes")?)?
        .rule(Rule::new(pages).path("/pages/{name}")?)?
        .rule(Rule::new(CachePolicy::authenticated()).path("/private/me")?)?)
}

/// Returns the cache tags. They belong around the layers that refuse writes, so that a 412 or 428
/// invalidates nothing.
pub(crate) fn tags() -> CacheTagsLayer<impl CacheTagSource> {
    let layer = CacheTagsLayer::new(|request: &Parts| {
        let writes = !matches!(request.method, Method::GET | Method::HEAD);
        let names = match Item::of(request) {
            Some(Item::Notes) => vec!["notes".to_owned()],
            // A write of a note changes the list too.
            Some(Item::Note(id)) if writes => vec!["notes".to_owned(), format!("note-{id}")],
            Some(Item::Note(id)) => vec![format!("note-{id}")],
            Some(Item::Page(name)) => vec![format!("page-{name}")],
            None => Vec::new(),
        };
        CacheTags::of(names.iter().map(CacheTag::encoded)).unwrap_or_default()
    });
    // `POST /state` is a query.
    let layer = layer.reads(|request| request.uri.path() == "/state");
    layer.fields([TagField::CacheGroups, TagField::Xkey])
}
