use std::{
    convert::Infallible,
    future::{Future, Ready, ready},
    pin::Pin,
    task::{Context, Poll},
};

use http::{Method, Request, Response};
use tower_service::Service;

use super::{
    response::{self, AssetBody},
    set::{AssetEntry, Assets},
};

impl<B> Service<Request<B>> for Assets {
    type Response = Response<AssetBody>;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture {
        let method = request.method();
        let response = match self.find(request.uri().path()) {
            None => response::not_found(),
            Some(_) if !matches!(*method, Method::GET | Method::HEAD) => response::not_allowed(),
            Some(AssetEntry::Current(asset)) => asset.serve(method, request.headers()),
            Some(AssetEntry::Plain(asset)) => asset.redirect(),
        };
        ResponseFuture(ready(Ok(response)))
    }
}

/// Response future for [`Assets`]. It is always ready.
#[derive(Debug)]
pub struct ResponseFuture(Ready<Result<Response<AssetBody>, Infallible>>);

impl Future for ResponseFuture {
    type Output = Result<Response<AssetBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}
