use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use tower::{BoxError, Layer, Service, ServiceExt, util::BoxCloneService};
use tower_conditional::{
    Audit, AuditLayer, CachePolicyLayer, CacheStatusLayer, CacheTagsLayer, CodingTagLayer,
    ConditionalLayer, DigestLayer, EtagLayer, RangeLayer, cache_policy::CachePolicy,
    cache_tags::CacheTags, digest::VerifiedBody, stack,
};

use super::{Boxed, Content};

/// Returns `inner` in each of the layers, and in all of them.
pub(super) fn each_layer<S>(inner: impl Fn() -> S) -> [(&'static str, Boxed); 10]
where
    S: Service<Request<Empty<Bytes>>, Response = Response<Content>, Error: Into<BoxError> + Send>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
{
    [
        ("EtagLayer", boxed(EtagLayer::new().layer(inner()))),
        (
            "ConditionalLayer",
            boxed(ConditionalLayer::new().layer(inner())),
        ),
        ("RangeLayer", boxed(RangeLayer::new().layer(inner()))),
        (
            "CodingTagLayer",
            boxed(CodingTagLayer::new().layer(inner())),
        ),
        (
            "CachePolicyLayer",
            boxed(CachePolicyLayer::new(CachePolicy::no_cache()).layer(inner())),
        ),
        (
            "CacheTagsLayer",
            boxed(CacheTagsLayer::new(CacheTags::new()).layer(inner())),
        ),
        (
            "CacheStatusLayer",
            boxed(
                CacheStatusLayer::new("notes", |_| true)
                    .expect("a name")
                    .layer(inner()),
            ),
        ),
        (
            "DigestLayer",
            boxed(DigestLayer::verify().layer(inner().map_request(without_digest))),
        ),
        (
            "AuditLayer",
            boxed(AuditLayer::new(Audit::new()).layer(inner())),
        ),
        ("stack()", boxed(stack().layer(inner()))),
    ]
}

fn without_digest(request: Request<VerifiedBody<Empty<Bytes>>>) -> Request<Empty<Bytes>> {
    request.map(|_| Empty::new())
}

pub(super) fn boxed<S, B>(service: S) -> Boxed
where
    S: Service<Request<Empty<Bytes>>, Response = Response<B>, Error: Into<BoxError>>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    BoxCloneService::new(
        service
            .map_response(|response| response.map(Body::new))
            .map_err(Into::into),
    )
}
