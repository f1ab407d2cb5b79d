//! The layers around the handlers of each route.

use axum::{
    Router,
    extract::State,
    http::{
        HeaderName, HeaderValue, Method,
        header::{AUTHORIZATION, CONTENT_SECURITY_POLICY},
        request::Parts,
    },
    middleware::from_fn,
    routing::{get, post, put},
};
use tower_conditional::{
    CachePolicyLayer, CacheTagsLayer, CodingTagLayer, ConditionalLayer, EtagLayer,
    IdempotencyLayer, PreconditionLayer, StateRefLayer, ValidatorCacheLayer,
    cache_policy::{CachePolicy, Rule},
    cache_tags::{CacheTag, CacheTagSource, CacheTags, TagField},
    detached::Detached,
    idempotency::OnUnrecorded,
    resource::guard,
    route::Route,
    source,
    store::{IdempotencyStore, validators::ValidatorStore},
    validator_cache::{EtagsCacheService, ValidatorCache},
};
use tower_conditional_sqlite::Scope;
use tower_http::{compression::CompressionLayer, set_header::SetResponseHeaderLayer};

use crate::{
    handlers::{
        admin, bearer, create, delete, list, me, orders, patch, place, read, read_page, replace,
        versions, write_page,
    },
    lost::lose_first_response,
    problem::NoteId,
    store::Store,
};

/// The header in which a client names the state that it has seen.
const NOTES_REF: HeaderName = HeaderName::from_static("x-notes-ref");

pub(crate) fn router(
    store: &Store,
    keys: IdempotencyLayer<impl IdempotencyStore>,
    cache: &ValidatorCache<impl ValidatorStore>,
    remember_pages: bool,
) -> anyhow::Result<Router> {
    // The layers are set by hand, since a guarded resource would put the whole list into a 412.
    let tag = async |store: State<Store>| store.tag(Scope::table("notes")).await;
    let tag = source::axum(tag).with_state(store.clone());
    let list = get(list)
        .post(create)
        .route_layer(PreconditionLayer::new(tag.clone()))
        .route_layer(ConditionalLayer::new().source(tag));
    // `guard` answers 304, 428 and 412 with the current note before the handler runs.
    let tag = async |store: State<Store>, id: NoteId| store.tag(Scope::row("notes", id.0)).await;
    let tag = source::axum(tag).with_state(store.clone());
    let note = guard(tag, get(read), put(replace).patch(patch).delete(delete));
    let state = get(versions)
        .post(versions)
        .route_layer(StateRefLayer::new(NOTES_REF, store.events()));
    let notes = Router::new()
        .route("/notes", list)
        .route("/notes/{id}", note.with_state(store.clone()))
        .route("/state", state);

    // Every client may write these pages, so they must not run scripts.
    let no_scripts = HeaderValue::from_static("default-src 'none'");
    let no_scripts = SetResponseHeaderLayer::if_not_present(CONTENT_SECURITY_POLICY, no_scripts);
    let (mut reads, mut writes) = (get(read_page), put(write_page));
    if remember_pages {
        // The tag of a page is remembered until it is written, so a 304 needs no database.
        let validators = ValidatorCacheLayer::new(cache.clone()).tags(groups()?);
        reads = reads.route_layer(validators.clone());
        writes = writes.route_layer(validators);
    }
    // Without a source, writes are compared with the tag of the page's own `GET`.
    let page = guard((), reads, writes).optional().layer_reads(no_scripts);
    // Outside of the layer that records it, the first response of an order may be lost.
    let place = post(place).route_layer(keys);
    let orders = place.route_layer(from_fn(lose_first_response)).get(orders);
    let plain = Router::new()
        .merge(operator(cache))
        .route("/orders", orders)
        .route("/pages/{name}", page.with_state(store.clone()))
        .route("/private/me", get(me))
        .layer(EtagLayer::new());
    Ok(compressed(notes).merge(plain).with_state(store.clone()))
}

/// Compresses responses. That changes the tagged bytes, so each coding gets its own tag.
pub(crate) fn compressed<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    let router = router.layer(CompressionLayer::new());
    router.layer(CodingTagLayer::new())
}

/// Returns the routes by which an operator makes the service forget tags: all, or those of a group.
fn operator(cache: &ValidatorCache<impl ValidatorStore>) -> Router<Store> {
    let operator = EtagsCacheService::new(cache.clone());
    let groups = ["", "/notes", "/pages", "/files", "/{group}"].into_iter();
    let route = |router: Router<_>, group| {
        router.route_service(&format!("{group}/$etags-cache"), operator.clone())
    };
    groups.fold(Router::new(), route).layer(from_fn(admin))
}

/// Returns the layer that runs a request once for each `Idempotency-Key`. A retry gets the first
/// response, even if the first client was cut off.
pub(crate) fn keys(
    store: &Store,
    attempts: &Detached,
) -> IdempotencyLayer<impl IdempotencyStore + use<>> {
    let keys = IdempotencyLayer::new(store.keys(), owner);
    // An order and its record commit together. A success without that is reported.
    let keys = keys.require_key().transactional(OnUnrecorded::Report);
    keys.detached(attempts.clone())
}

/// Returns the owner of an idempotency key. Callers without `Authorization` share one set of keys,
/// and no caller gets the response of one with a name.
pub(crate) fn owner(request: &Parts) -> Option<String> {
    if !request.headers.contains_key(AUTHORIZATION) {
        return Some("anyone".to_owned());
    }
    // Other credentials are refused.
    Some(format!("bearer {}", bearer(&request.headers)?))
}

/// Returns the cache policies. They belong outside of all other layers, so that a 304 has the policy
/// of the 200, and an error is not stored.
///
/// Responses that match no rule, such as a note, are revalidated on each use.
pub(crate) fn policies() -> anyhow::Result<CachePolicyLayer> {
    let list = CachePolicy::new("max-age=1, stale-while-revalidate=30".parse()?)?;
    let pages = CachePolicy::new("max-age=60".parse()?)?;
    Ok(CachePolicyLayer::new(CachePolicy::no_cache())
        .rule(Rule::new(list).path("/notes")?)?
        .rule(Rule::new(pages).path("/pages/{name}")?)?
        .rule(Rule::new(CachePolicy::immutable_asset()).path("/assets/{file}")?)?
        .rule(Rule::new(CachePolicy::authenticated()).path("/private/me")?)?)
}

/// Returns the cache tags. They belong outside of the layers that refuse writes, so that a 412 or 428
/// invalidates nothing.
pub(crate) fn tags() -> anyhow::Result<CacheTagsLayer<impl CacheTagSource>> {
    // `POST /state` is a read.
    let layer = CacheTagsLayer::new(groups()?).reads(|request| request.uri.path() == "/state");
    Ok(layer.fields([TagField::CacheGroups, TagField::Xkey]))
}

/// Returns the groups that a request reads or changes, for caches and for remembered tags.
fn groups() -> anyhow::Result<impl CacheTagSource> {
    let (note, page) = (Route::new("/notes/{id}")?, Route::new("/pages/{name}")?);
    Ok(move |request: &Parts| {
        let path = request.uri.path();
        // The parameter is parsed as in the handler: 007 is 7.
        let note = note.parameter::<i64>(request, "id");
        let page = page.capture(path, "name");
        // A write of a note changes the list too. A write of a page changes no other page.
        let reads = matches!(request.method, Method::GET | Method::HEAD);
        let list = path == "/notes" || (note.is_some() && !reads);
        let names = [
            list.then(|| "notes".to_owned()),
            note.map(|id| format!("note-{id}")),
            page.as_ref().map(|name| format!("page-{name}")),
            (page.is_some() && reads).then(|| "pages".to_owned()),
        ];
        CacheTags::of(names.into_iter().flatten().map(CacheTag::encoded)).unwrap_or_default()
    })
}
