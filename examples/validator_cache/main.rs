//! Tags that are remembered without a version column: a 304 runs no handler, and a write is seen
//! at once, also that of a job.

use std::{
    collections::BTreeMap,
    env,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{Path, Request, State},
    http::{Method, StatusCode, header::AUTHORIZATION, request::Parts},
    middleware::{Next, from_fn},
    response::Response,
    routing::get,
};
use tokio::{net::TcpListener, time::interval};
use tower_conditional::{
    BoxError, ConditionalLayer, ValidatorCacheLayer,
    cache_tags::{CacheTag, CacheTags},
    purge::Purge,
    resource::wrap,
    route::Route,
    stack,
    store::{MemoryValidatorStore, validators::Guarantee},
    validator_cache::{EtagsCacheService, ValidatorCache},
};

type Cache = ValidatorCache<MemoryValidatorStore>;

/// Pages in memory, without versions.
#[derive(Debug, Default)]
struct Pages {
    contents: BTreeMap<String, String>,
    /// The number of runs of the handlers of reads.
    runs: u64,
}

type SharedPages = Arc<Mutex<Pages>>;

fn lock(pages: &SharedPages) -> MutexGuard<'_, Pages> {
    pages.lock().expect("no panic under the lock")
}

async fn list(State(pages): State<SharedPages>) -> Json<Vec<String>> {
    let mut pages = lock(&pages);
    pages.runs += 1;
    Json(pages.contents.keys().cloned().collect())
}

async fn read(pages: State<SharedPages>, name: Path<String>) -> Result<String, StatusCode> {
    let mut pages = lock(&pages);
    pages.runs += 1;
    let content = pages.contents.get(&*name).cloned();
    content.ok_or(StatusCode::NOT_FOUND)
}

async fn write(pages: State<SharedPages>, Path(name): Path<String>, content: String) -> StatusCode {
    lock(&pages).contents.insert(name, content);
    StatusCode::NO_CONTENT
}

fn router(pages: &SharedPages, cache: &Cache) -> Result<Router, BoxError> {
    let page = Route::new("/pages/{name}")?;
    let tags = move |request: &Parts| {
        let name = page.capture(request.uri.path(), "name");
        // The list shows every page, so a write of a page changes the list too.
        let list = name.is_none() || request.method == Method::PUT;
        let names = [
            name.map(|name| format!("page-{name}")),
            list.then(|| "pages".to_owned()),
        ];
        CacheTags::of(names.into_iter().flatten().map(CacheTag::encoded)).unwrap_or_default()
    };
    // One of a hundred 304s is compared with the handler's tag.
    let validators = ValidatorCacheLayer::new(cache.clone())
        .tags(tags)
        .sample(0.01);
    let operator = EtagsCacheService::new(cache.clone());
    // Outside of the cache, where a `DELETE` without a tag would forget everything.
    let operator = Router::new()
        .route_service("/$etags-cache", operator.clone())
        .route_service("/pages/$etags-cache", operator.clone())
        .route_service("/{tag}/$etags-cache", operator)
        .layer(from_fn(admin));
    let runs = Arc::clone(pages);
    Ok(Router::new()
        .route("/pages", get(list))
        .route("/pages/{name}", get(read).put(write))
        .with_state(pages.clone())
        .layer(stack().validators(validators))
        .route("/runs", get(async move || Json(lock(&runs).runs)))
        .merge(operator))
}

async fn admin(request: Request, next: Next) -> Result<Response, StatusCode> {
    match request.headers().get(AUTHORIZATION) {
        Some(credentials) if credentials == "Bearer admin" => Ok(next.run(request).await),
        Some(_) => Err(StatusCode::FORBIDDEN),
        None => Err(StatusCode::UNAUTHORIZED),
    }
}

/// Writes a page each second, past the layer.
async fn report_news(pages: SharedPages, cache: Cache) -> Result<(), BoxError> {
    let changed = Purge::new().with_tags(&CacheTags::of(["page-news", "pages"])?);
    let mut each_second = interval(Duration::from_secs(1));
    for number in 1.. {
        each_second.tick().await;
        // Until the write is dropped, the cache answers no 304 for the page.
        let write = cache.announce(&changed).await?;
        let news = format!("news {number}\n");
        lock(&pages).contents.insert("news".to_owned(), news);
        drop(write);
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let address = env::args().nth(1).unwrap_or("127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(address).await?;
    let cache = Cache::new(MemoryValidatorStore::new())
        .on_stale(|stale| eprintln!("nobody has announced a write of {}", stale.target));
    let pages = SharedPages::default();
    let home = ("home".to_owned(), "home\n".to_owned());
    lock(&pages).contents.extend([home]);
    let router = router(&pages, &cache)?;

    let url = format!("http://{}", listener.local_addr()?);
    println!("listening on {url}\n\n  store                | a 304 is never stale");
    println!("  MemoryValidatorStore | {}", cache.guarantee());
    let version_row = Guarantee::Transactional;
    println!("  a version row        | {version_row}, psql too");
    println!(
        "
  tag=$(curl -so /dev/null -w '%header{{etag}}' {url}/pages/home)
  curl -i {url}/pages/home -H \"If-None-Match: $tag\"   # 304, and no handler runs
  curl -i {url}/pages/home -X PUT -d new
  curl -i {url}/pages/home -H \"If-None-Match: $tag\"   # 200 with the new page
  curl -i {url}/pages/news                             # a job writes it each second
  curl -i '{url}/$etags-cache' -X DELETE -H 'Authorization: Bearer admin'
  curl {url}/runs                                      # the number of runs of handlers"
    );
    tokio::spawn(report_news(pages, cache));
    let app = wrap(router, ConditionalLayer::new());
    Ok(axum::serve(listener, app.into_make_service()).await?)
}
