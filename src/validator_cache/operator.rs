use std::{
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use http::{
    HeaderValue, Method, Request, Response, StatusCode,
    header::{ALLOW, CACHE_CONTROL, RETRY_AFTER},
};
use http_body::Body;
use percent_encoding::percent_decode_str;
use tower_service::Service;

use super::ValidatorCache;
use crate::{
    body::UnreadContent,
    events,
    purge::Purge,
    semantics::caching::cache_tags::CacheTag,
    store::{StoreError, ValidatorStore},
};

/// The last segment of the path.
const SEGMENT: &str = "$etags-cache";

/// Service for operators that forgets remembered validators.
///
/// | Request | Response |
/// |---|---|
/// | `DELETE /$etags-cache` | 204: everything is forgotten |
/// | `DELETE /{tag}/$etags-cache` | 204: the reads with this cache tag, and those without any, are forgotten |
/// | another method | 405 |
/// | another path | 404 |
///
/// If the store fails, the response is 503, and the request may be sent again.
///
/// The service authorizes nobody. Put it behind the authentication of your operators:
///
/// ```
/// # #[cfg(feature = "axum")]
/// # fn app() -> axum::Router {
/// use axum::Router;
/// use tower_conditional::{
///     store::MemoryValidatorStore,
///     validator_cache::{EtagsCacheService, ValidatorCache},
/// };
///
/// let cache = ValidatorCache::new(MemoryValidatorStore::new());
/// let operator = EtagsCacheService::new(cache);
/// Router::new()
///     .route_service("/$etags-cache", operator.clone())
///     .route_service("/{scope}/$etags-cache", operator)
///     // .route_layer(your authentication)
/// # }
/// ```
///
/// A router prefers a path without parameters. So beside `/pages/{name}`, the tag `pages` needs the
/// route `/pages/$etags-cache`.
///
/// Use `Router::nest_service("/admin", operator)` for paths below a prefix: it removes the prefix, and
/// no other route takes these paths. On a route `/admin/$etags-cache`, the service would take `admin`
/// for a tag. It would answer 204, and forget only the reads without a tag. Put the routes outside of the
/// [`ValidatorCacheLayer`](crate::ValidatorCacheLayer): to the layer each `DELETE` is a write, which
/// forgets everything if it has no tag.
pub struct EtagsCacheService<St> {
    cache: ValidatorCache<St>,
}

impl<St> EtagsCacheService<St> {
    /// Creates a service for the cache.
    #[must_use]
    pub fn new(cache: ValidatorCache<St>) -> Self {
        Self { cache }
    }
}

/// The part of the entries that a path names.
enum EntrySelection {
    All,
    Tagged(CacheTag),
}

impl EntrySelection {
    fn of_path(path: &str) -> Option<Self> {
        let path = path.strip_prefix('/').unwrap_or(path);
        let is_segment = |text| percent_decode_str(text).eq(SEGMENT.bytes());
        let Some((scope, last)) = path.rsplit_once('/') else {
            return is_segment(path).then_some(Self::All);
        };
        // An empty tag is what a script with an unset variable sends, and no word for all of them.
        // The tag of a path with a prefix would be another one, and nothing would be forgotten.
        if !is_segment(last) || scope.is_empty() || scope.contains('/') {
            return None;
        }
        let name = percent_decode_str(scope).decode_utf8_lossy();
        Some(Self::Tagged(CacheTag::encoded(name)))
    }
}

impl<St: ValidatorStore, B: Body + Send + 'static> Service<Request<B>> for EtagsCacheService<St> {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = EtagsCacheFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> EtagsCacheFuture {
        let (request, content) = request.into_parts();
        let selection = EntrySelection::of_path(request.uri.path());
        let is_delete = request.method == Method::DELETE;
        let mut content = UnreadContent::new(&request, content);
        let cache = self.cache.clone();
        EtagsCacheFuture(Box::pin(async move {
            let mut response = Response::new(String::new());
            let no_store = HeaderValue::from_static("no-store");
            response.headers_mut().insert(CACHE_CONTROL, no_store);
            *response.status_mut() = match selection {
                None => StatusCode::NOT_FOUND,
                Some(_) if !is_delete => {
                    let delete = HeaderValue::from_static("DELETE");
                    response.headers_mut().insert(ALLOW, delete);
                    StatusCode::METHOD_NOT_ALLOWED
                }
                Some(selection) => match cache.forget(selection).await {
                    Ok(()) => StatusCode::NO_CONTENT,
                    Err(error) => {
                        events::validator_step_failed("invalidate", &error);
                        let second = HeaderValue::from_static("1");
                        response.headers_mut().insert(RETRY_AFTER, second);
                        StatusCode::SERVICE_UNAVAILABLE
                    }
                },
            };
            Ok(content.refuse(response).await)
        }))
    }
}

impl<St: ValidatorStore> ValidatorCache<St> {
    async fn forget(&self, selection: EntrySelection) -> Result<(), StoreError> {
        match selection {
            EntrySelection::All => self.invalidate_all().await,
            EntrySelection::Tagged(tag) => self.invalidate(&Purge::new().with_tags([&tag])).await,
        }
    }
}

/// Response future for [`EtagsCacheService`].
pub struct EtagsCacheFuture(
    Pin<Box<dyn Future<Output = Result<Response<String>, Infallible>> + Send>>,
);

impl Future for EtagsCacheFuture {
    type Output = Result<Response<String>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for EtagsCacheFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EtagsCacheFuture")
    }
}

impl<St> Clone for EtagsCacheService<St> {
    fn clone(&self) -> Self {
        Self {
            cache: self.cache.clone(),
        }
    }
}

impl<St> fmt::Debug for EtagsCacheService<St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EtagsCacheService")
            .field("cache", &self.cache)
            .finish()
    }
}
