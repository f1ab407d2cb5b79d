//! Streams, and responses that break off or never come.

use std::{future::poll_fn, pin::pin, task::Poll};

use axum::body::Body;
use http::{Method, Request};
use http_body_util::BodyExt;
use tower::ServiceExt;
use tower_conditional::observe::ExchangeResult;

use crate::{client::Client, service::CHUNK};
impl Client {
    /// Reads a part of a stream, or all of it.
    pub(crate) async fn stream(&mut self, number: u64) {
        let target = self.target('s', number);
        let read = self.draw.below(number + 2);
        let mut content = self.send(Request::get(target.path())).await.into_body();
        let mut frames = 0;
        while frames < read && content.frame().await.is_some() {
            frames += 1;
        }
        drop(content);
        self.model.add("runs", 1);
        self.model.add("source unknown", 1);
        self.model.add("streams", 1);
        let route = target.route();
        self.model.add(
            format!("sent {route}"),
            frames.min(number) * CHUNK.len() as u64,
        );
        let result = if read > number {
            ExchangeResult::Unconditional
        } else {
            ExchangeResult::Incomplete
        };
        self.model.request(&route, "GET", result);
    }

    pub(crate) async fn read_unstored(&mut self, number: u64) {
        let target = self.target('t', number);
        let response = self.send(Request::get(target.path())).await;
        self.model.add("runs", 1);
        self.model.add("source unknown", 1);
        let result = ExchangeResult::Unconditional;
        self.answered(target, &Method::GET, result, response).await;
    }

    /// Sends a request whose response breaks off, or never comes.
    pub(crate) async fn broken(&mut self, number: u64) {
        let (kind, result) = self.draw.pick(&[
            ('b', ExchangeResult::BodyError),
            ('e', ExchangeResult::ServiceError),
            ('x', ExchangeResult::Panicked),
            ('w', ExchangeResult::Cancelled),
        ]);
        let target = self.target(kind, number);
        let request = Request::get(target.path()).body(Body::empty());
        let response = self.service.clone().oneshot(request.expect("a request"));
        match kind {
            'b' => {
                let content = response.await.expect("a head").into_body().collect().await;
                assert!(content.is_err());
                let sent = number * CHUNK.len() as u64;
                self.model.add(format!("sent {}", target.route()), sent);
                self.model.add("streams", 1);
            }
            'e' => drop(response.await.expect_err("an error")),
            'x' => assert!(
                tokio::spawn(response)
                    .await
                    .is_err_and(|error| error.is_panic())
            ),
            _ => {
                let mut response = pin!(response);
                let polled = poll_fn(|cx| Poll::Ready(response.as_mut().poll(cx).is_pending()));
                assert!(polled.await);
            }
        }
        self.model.add("runs", 1);
        self.model.add("source unknown", 1);
        self.model.request(&target.route(), "GET", result);
    }
}
