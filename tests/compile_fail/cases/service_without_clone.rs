//! A service that is not `Clone` inside of a layer that keeps one for later requests.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use axum::body::Body;
use http::{Request, Response};
use tower::{Layer, Service, ServiceExt};
use tower_conditional::{ConditionalLayer, VersionTags, source};

struct Report {
    text: String,
}

impl Service<Request<Body>> for Report {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        ready(Ok(Response::new(self.text.clone().into())))
    }
}

fn main() {
    let version = source::now(|_| VersionTags::of("report", 1).number(7));
    let report = Report {
        text: "hello".to_owned(),
    };
    let service = ConditionalLayer::new().source(version).layer(report);
    let _ = service.oneshot(Request::new(Body::empty()));
}
