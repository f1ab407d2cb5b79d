//! How each route may be cached, and what a write makes caches forget.

use std::{borrow::Cow, error::Error, time::Duration};

use axum::http::{Method, request::Parts};
use tower_conditional::{
    CachePolicyLayer, CacheTagsLayer,
    cache_policy::{CachePolicy, Rule},
    cache_tags::{CacheTag, CacheTagSource, CacheTags, TagField},
    purge::PurgeQueue,
    route::Route,
};

/// How long the answer to a write waits for its purge.
const WAIT: Duration = Duration::from_secs(1);

/// Around everything, so that a 304 says what the 200 does, and of an error that nobody keeps it.
///
/// What no rule is for, a note among it, may be kept and is asked for each time. A handler that
/// says `no-store` has its way.
pub(crate) fn policies() -> Result<CachePolicyLayer, Box<dyn Error>> {
    let list = CachePolicy::new("max-age=1, stale-while-revalidate=30".parse()?)?;
    let pages = CachePolicy::new("max-age=60".parse()?)?;
    let files = CachePolicy::new("max-age=600".parse()?)?;
    Ok(CachePolicyLayer::new(CachePolicy::no_cache())
        .rule(Rule::new(list).path("/notes")?)?
        .rule(Rule::new(pages).path("/pages/{name}")?)?
        .rule(Rule::new(files).path("/files/{name}")?)?
        .rule(Rule::new(CachePolicy::authenticated()).path("/private/me")?)?)
}

/// Around whatever answers writes: only what was performed is to be forgotten, not what a 412 or
/// a 428 refused.
///
/// With a queue the writer's next read through a cache is what was written.
pub(crate) fn tags(queue: Option<PurgeQueue>) -> CacheTagsLayer<impl CacheTagSource> {
    let layer = CacheTagsLayer::new(tags_of)
        .fields([TagField::CacheGroups, TagField::Xkey])
        // A query, whatever its method.
        .reads(|request| request.uri.path() == "/state");
    match queue {
        Some(queue) => layer.purge(queue).wait(WAIT),
        None => layer,
    }
}

/// A write of a note changes the list too.
fn tags_of(request: &Parts) -> CacheTags {
    let path = request.uri.path();
    let writes = !matches!(request.method, Method::GET | Method::HEAD);
    // As the handler reads it: 007 is 7.
    let note = named("/notes/{id}", "id", path).and_then(|id| id.parse::<i64>().ok());
    let page = named("/pages/{name}", "name", path);
    let list = path == "/notes" || (writes && note.is_some());
    let names = [
        list.then(|| "notes".to_owned()),
        note.map(|id| format!("note-{id}")),
        page.map(|name| format!("page-{name}")),
    ];
    // The name of a page is any text. Three tags are not too many.
    let names = names.into_iter().flatten();
    CacheTags::of(names.map(CacheTag::encoded)).unwrap_or_default()
}

fn named<'p>(pattern: &str, name: &str, path: &'p str) -> Option<Cow<'p, str>> {
    Route::new(pattern).ok()?.capture(path, name)
}
