//! A router, the two orders of two layers, and complete responses.

use axum::{Router, body::Body, routing::get};
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;
use tower::{BoxError, Service, ServiceExt};
use tower_conditional::stack;

/// A text that is long enough to be compressed.
pub(crate) const CONTENT: &str = include_str!("support.rs");

/// The headers of a request, by name and value.
pub(crate) type Fields<'a> = &'a [(&'a str, &'a str)];

/// Returns a router that serves [`CONTENT`] at `/`.
pub(crate) fn router() -> Router {
    Router::new().route("/", get(|| async { CONTENT }))
}

/// Returns `router` with another layer inside of the stack, and outside of it.
pub(crate) fn both_orders(
    router: &Router,
    add: impl Fn(Router) -> Router,
) -> [(&'static str, Router); 2] {
    [
        ("inside", add(router.clone()).layer(stack())),
        ("outside", add(router.clone().layer(stack()))),
    ]
}

/// A response whose content has been read.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// Returns the only line of a header, if there is one.
    #[track_caller]
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut lines = self.headers.get_all(name).iter();
        let line = lines.next()?;
        assert_eq!(lines.next(), None, "{name} is repeated");
        Some(line.to_str().unwrap())
    }

    #[track_caller]
    pub(crate) fn tag(&self) -> &str {
        self.field("etag").expect("a tag")
    }

    /// Checks that the response is a 304 with the tag of `full`, if that has one, and without
    /// content.
    #[track_caller]
    pub(crate) fn assert_not_modified(&self, full: &Self) {
        assert_eq!((self.status, self.tag()), (304, full.tag()), "{self:?}");
        assert!(self.body.is_empty(), "{self:?}");
    }
}

pub(crate) async fn send<S, B>(service: &S, method: &str, path: &str, fields: Fields<'_>) -> Reply
where
    S: Service<Request<Body>, Response = Response<B>, Error: Into<BoxError>> + Clone,
    B: http_body::Body<Error: Into<BoxError>>,
{
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    let Ok(response) = service.clone().oneshot(request).await else {
        panic!("the service failed");
    };
    let (head, body) = response.into_parts();
    let Ok(body) = body.collect().await else {
        panic!("the body broke");
    };
    Reply {
        status: head.status.as_u16(),
        headers: head.headers,
        body: body.to_bytes().to_vec(),
    }
}

pub(crate) async fn get_root(router: &Router, fields: Fields<'_>) -> Reply {
    send(router, "GET", "/", fields).await
}
