use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{Extension, Router, extract::State, middleware, response::IntoResponse, routing::get};
use http::{
    HeaderMap, HeaderValue, Request, Response, StatusCode,
    header::{AUTHORIZATION, IF_NONE_MATCH, SET_COOKIE},
    request::Parts,
};
use hyper::body::Incoming;
use tokio::sync::{RwLock, RwLockWriteGuard};
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
use tower_conditional::{
    CachePolicyLayer, CacheTagsLayer, CodingTagLayer, RangeLayer,
    cache_policy::CachePolicy,
    cache_tags::{CacheTag, CacheTags, TagField},
    route::Route,
    stack,
};
use tower_http::compression::CompressionLayer;

use super::server::Server;

/// The first text of the pages, which is long enough to be compressed.
pub(crate) const TEXT: &str = "all work and no play makes a dull page, \
                               all work and no play makes a dull page";

/// An application in this process, with the layers in the right order.
///
/// `/{page}` is read and written. All pages have one text, and the name of each is its key for
/// Varnish. `/of/caller` returns the client, from `Authorization` or `X-Api-Key`.
/// `/of/caller/cookie` also sets a cookie.
pub(crate) struct Origin {
    server: Server,
    state: Arc<Shared>,
}

/// A request to the origin, and its response.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Exchange {
    pub(crate) if_none_match: Option<HeaderValue>,
    pub(crate) status: StatusCode,
}

#[derive(Debug)]
struct Shared {
    policy: Mutex<CachePolicy>,
    text: RwLock<String>,
    runs: AtomicUsize,
    exchanges: Mutex<Vec<Exchange>>,
}

impl Origin {
    /// Starts an origin with this policy, which the handlers choose.
    pub(crate) async fn start(policy: CachePolicy) -> Self {
        let state = Arc::new(Shared {
            policy: Mutex::new(policy),
            text: RwLock::new(TEXT.to_owned()),
            runs: AtomicUsize::default(),
            exchanges: Mutex::default(),
        });
        let layers = ServiceBuilder::new()
            .layer(CacheTagsLayer::new(name).fields([TagField::Xkey]))
            .layer(CodingTagLayer::new())
            .layer(CompressionLayer::new())
            .layer(CachePolicyLayer::new(CachePolicy::no_store()))
            .layer(stack().ranges(RangeLayer::new()));
        let service = recorded(state.clone(), layers.service(routes(&state)));
        Self {
            server: Server::start(service).await,
            state,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Sets the policy of later responses.
    pub(crate) fn change_policy(&self, policy: CachePolicy) {
        *self.state.policy.lock().unwrap() = policy;
    }

    /// Returns the text of all pages. The origin answers no request until the guard is dropped.
    pub(crate) async fn text(&self) -> RwLockWriteGuard<'_, String> {
        self.state.text.write().await
    }

    /// Returns the number of started handlers that read.
    pub(crate) fn runs(&self) -> usize {
        self.state.runs.load(Ordering::SeqCst)
    }

    /// Returns the exchanges so far.
    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        self.state.exchanges.lock().unwrap().clone()
    }
}

fn recorded<S, B>(
    shared: Arc<Shared>,
    service: S,
) -> impl Service<Request<Incoming>, Response = Response<B>, Error = Infallible, Future: Send>
+ Clone
+ Send
+ 'static
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send,
    B: Send + 'static,
{
    service_fn(move |request: Request<Incoming>| {
        let (shared, service) = (shared.clone(), service.clone());
        async move {
            let if_none_match = request.headers().get(IF_NONE_MATCH).cloned();
            let response = service.oneshot(request).await?;
            shared.exchanges.lock().unwrap().push(Exchange {
                if_none_match,
                status: response.status(),
            });
            Ok(response)
        }
    })
}

fn routes(shared: &Arc<Shared>) -> Router {
    Router::new()
        .route("/{page}", get(read).put(write))
        .route("/of/caller", get(of_caller))
        .route("/of/caller/cookie", get(cookie))
        .layer(middleware::map_response_with_state(shared.clone(), choose))
        .with_state(shared.clone())
}

async fn choose<B>(State(shared): State<Arc<Shared>>, response: Response<B>) -> impl IntoResponse
where
    Response<B>: IntoResponse,
{
    let policy = shared.policy.lock().unwrap().clone();
    (Extension(policy), response)
}

fn name(request: &Parts) -> CacheTags {
    let page = Route::new("/{page}").unwrap();
    let name = page.capture(request.uri.path(), "page");
    name.map_or_else(CacheTags::new, |name| CacheTag::encoded(name).into())
}

async fn read(State(shared): State<Arc<Shared>>) -> String {
    shared.runs.fetch_add(1, Ordering::SeqCst);
    shared.text.read().await.clone()
}

async fn write(State(shared): State<Arc<Shared>>, text: String) -> StatusCode {
    *shared.text.write().await = text;
    StatusCode::NO_CONTENT
}

async fn of_caller(State(shared): State<Arc<Shared>>, fields: HeaderMap) -> String {
    shared.runs.fetch_add(1, Ordering::SeqCst);
    caller(&fields).to_owned()
}

async fn cookie(state: State<Arc<Shared>>, fields: HeaderMap) -> impl IntoResponse {
    let cookie = format!("session={}", caller(&fields));
    ([(SET_COOKIE, cookie)], of_caller(state, fields).await)
}

fn caller(fields: &HeaderMap) -> &str {
    let mut names = [AUTHORIZATION.as_str(), "x-api-key"].into_iter();
    let named = names.find_map(|name| fields.get(name)?.to_str().ok());
    named.unwrap_or("nobody")
}
