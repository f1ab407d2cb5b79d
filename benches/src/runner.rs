//! The best time of one request, in rounds that contenders share.

use std::{fmt::Debug, hint::black_box, time::Instant};

use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response, request::Parts};
use tower::Service;

use crate::drive::{block_on, collect};

/// A contender, which is called with the same request each time.
pub struct Runner {
    pub name: &'static str,
    head: Parts,
    one_request: Box<dyn FnMut(Request<Body>) -> u16>,
    /// The shortest time of a request, in nanoseconds.
    pub best: f64,
}

impl Runner {
    pub fn new<S, B>(name: &'static str, head: Parts, mut service: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<B>, Error: Debug> + 'static,
        B: http_body::Body<Data = Bytes, Error: Debug>,
    {
        let one_request = move |request| {
            let answer = block_on(collect(&mut service, request));
            answer.status().as_u16()
        };
        Self {
            name,
            head,
            one_request: Box::new(one_request),
            best: f64::INFINITY,
        }
    }

    /// Runs some requests. They are made beforehand, in place of a server.
    pub fn round(&mut self, requests: u32) {
        let number = f64::from(requests);
        let requests = (0..requests).map(|_| Request::from_parts(self.head.clone(), Body::empty()));
        let requests: Vec<_> = requests.collect();
        let start = Instant::now();
        for request in requests {
            black_box((self.one_request)(request));
        }
        let time = start.elapsed().as_nanos() as f64 / number;
        self.best = self.best.min(time);
    }
}
