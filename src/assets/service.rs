use std::{
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use http::{Method, Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{
    response::{self, AssetBody},
    set::{AssetEntry, Assets},
};
use crate::body::{RefuseFuture, UnreadContent};

impl<B: Body + Send + 'static> Service<Request<B>> for Assets {
    type Response = Response<AssetBody>;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture {
        let (request, content) = request.into_parts();
        let method = &request.method;
        let response = match self.find(request.uri.path()) {
            None => response::not_found(),
            Some(_) if !matches!(*method, Method::GET | Method::HEAD) => response::not_allowed(),
            Some(AssetEntry::Current(asset)) => asset.serve(method, &request.headers),
            Some(AssetEntry::Plain(asset)) => asset.redirect(),
        };
        ResponseFuture(UnreadContent::new(&request, content).refuse(response))
    }
}

/// Response future for [`Assets`]. It is ready, unless the request has content.
pub struct ResponseFuture(RefuseFuture<AssetBody>);

impl Future for ResponseFuture {
    type Output = Result<Response<AssetBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map(Ok)
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseFuture")
    }
}
