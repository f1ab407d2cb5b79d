//! A worker that sends requests of every kind, and a model of their counts.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{Arc, atomic::Ordering},
    task::Poll,
};

use axum::body::Body;
use http::{
    Method, Request, Response, StatusCode,
    header::{ETAG, IF_MATCH, IF_NONE_MATCH},
};
use http_body_util::BodyExt;
use tower::{BoxError, ServiceExt, util::BoxCloneSyncService};
use tower_conditional::observe::{ExchangeResult, KeyEvent};

use crate::{
    counts::{Counts, key_name},
    seeded::Draw,
    service::{CHUNK, NOTES, Target, World, page},
};

pub(crate) type Observed = BoxCloneSyncService<Request<Body>, Response<Body>, BoxError>;

pub(crate) struct Client {
    pub(crate) worker: u64,
    pub(crate) draw: Draw,
    pub(crate) service: Observed,
    pub(crate) world: Arc<World>,
    pub(crate) model: Counts,
    /// The lengths of the last whole responses of the two kinds of notes.
    pub(crate) last_lengths: [Option<u64>; 2],
    pub(crate) next_key: u64,
}

impl Client {
    pub(crate) async fn run(mut self, requests: u64) -> Counts {
        for _ in 0..requests {
            self.step().await;
        }
        self.model
    }

    async fn step(&mut self) {
        let number = self.draw.below(NOTES);
        match self.draw.below(14) {
            0 | 1 => self.read_page(number).await,
            2 | 3 => self.head_page(number).await,
            4..=6 => self.read_note(number).await,
            7 | 8 => self.write_note(number).await,
            9 | 10 => self.order(number).await,
            11 => self.stream(number).await,
            12 => self.read_unstored(number).await,
            _ => self.broken(number).await,
        }
    }

    fn target(&self, kind: char, number: u64) -> Target {
        Target {
            worker: self.worker,
            kind,
            number,
        }
    }

    async fn send(&self, request: http::request::Builder) -> Response<Body> {
        let request = request.body(Body::empty()).expect("a request");
        self.service
            .clone()
            .oneshot(request)
            .await
            .expect("a response")
    }

    /// Counts a request of which the model knows everything, and returns its length.
    async fn answered(
        &mut self,
        target: Target,
        method: &Method,
        result: ExchangeResult,
        response: Response<Body>,
    ) -> u64 {
        let content = response.into_body().collect().await.expect("the content");
        let length = content.to_bytes().len() as u64;
        let route = target.route();
        self.model.request(&route, method.as_str(), result);
        // A server sends nothing of a `HEAD`.
        if method != Method::HEAD {
            self.model.add(format!("sent {route}"), length);
        }
        length
    }

    /// The tag of a page depends on its content, which stays.
    async fn page_tag(&mut self, target: Target) -> http::HeaderValue {
        let response = self.send(Request::get(target.path())).await;
        let tag = response.headers()[ETAG].clone();
        self.count_page(target, 1);
        let result = ExchangeResult::Unconditional;
        self.answered(target, &Method::GET, result, response).await;
        tag
    }

    fn count_page(&mut self, target: Target, times: u64) {
        self.model.add("runs", times);
        self.model.add("source unknown", times);
        self.model.add("hashed", times * page(target).len() as u64);
    }

    async fn read_page(&mut self, number: u64) {
        let target = self.target('p', number);
        let tag = self.page_tag(target).await;
        let is_same = self.draw.coin();
        let sent = if is_same {
            tag
        } else {
            "\"old\"".parse().expect("a tag")
        };
        let request = Request::get(target.path()).header(IF_NONE_MATCH, sent);
        let response = self.send(request).await;
        self.count_page(target, 1);
        let result = if is_same {
            assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
            let saved = format!("saved {} known", target.route());
            self.model.add(saved, page(target).len() as u64);
            ExchangeResult::NotModified
        } else {
            ExchangeResult::Proceeded
        };
        self.answered(target, &Method::GET, result, response).await;
    }

    async fn head_page(&mut self, number: u64) {
        let target = self.target('p', number);
        let tag = self.page_tag(target).await;
        let mut request = Request::head(target.path());
        let is_conditional = self.draw.coin();
        if is_conditional {
            request = request.header(IF_NONE_MATCH, tag);
        }
        let response = self.send(request).await;
        self.count_page(target, 1);
        let result = if is_conditional {
            ExchangeResult::NotModified
        } else {
            ExchangeResult::Unconditional
        };
        self.answered(target, &Method::HEAD, result, response).await;
    }

    async fn read_note(&mut self, number: u64) {
        let is_compared = self.draw.coin();
        let kind = if is_compared { 'n' } else { 'u' };
        let target = self.target(kind, number);
        let last = usize::from(is_compared);
        let (mut request, choice) = (Request::get(target.path()), self.draw.below(3));
        match choice {
            0 => {}
            1 => request = request.header(IF_NONE_MATCH, "\"old\""),
            _ => request = request.header(IF_NONE_MATCH, self.world.tag(target)),
        }
        let response = self.send(request).await;
        if choice == 2 {
            self.model.add("source present", 1);
            self.model.add("runs saved", 1);
            if let Some(length) = self.last_lengths[last] {
                self.model
                    .add(format!("saved {} last", target.route()), length);
            }
            let result = ExchangeResult::NotModified;
            self.answered(target, &Method::GET, result, response).await;
            return;
        }
        // The tag is confirmed after the handler.
        self.model.add("source present", 2);
        self.model.add("runs", 1);
        let result = if choice == 0 {
            ExchangeResult::Unconditional
        } else {
            ExchangeResult::Proceeded
        };
        let length = self.answered(target, &Method::GET, result, response).await;
        assert_eq!(length, self.world.content(target).len() as u64);
        self.last_lengths[last] = Some(length);
    }

    async fn write_note(&mut self, number: u64) {
        let kind = self.draw.pick(&['n', 'u']);
        let target = self.target(kind, number);
        let request = Request::put(target.path());
        let (request, result) = match self.draw.below(3) {
            0 => (request, ExchangeResult::PreconditionRequired),
            1 => (
                request.header(IF_MATCH, "\"old\""),
                ExchangeResult::PreconditionFailed,
            ),
            _ => (
                request.header(IF_MATCH, self.world.tag(target)),
                ExchangeResult::Proceeded,
            ),
        };
        let response = self.send(request).await;
        self.model.add("source present", 1);
        if result == ExchangeResult::Proceeded {
            assert_eq!(response.status(), StatusCode::NO_CONTENT);
            self.model.add("runs", 1);
            for name in ["unchecked", "unchecked events"] {
                self.model.add(name, u64::from(target.kind == 'u'));
            }
        } else {
            self.model.add("runs saved", 1);
        }
        self.answered(target, &Method::PUT, result, response).await;
    }

    async fn order(&mut self, number: u64) {
        let target = self.target('o', number);
        let key = format!("\"{}-{}\"", self.worker, self.next_key);
        self.next_key += 1;
        let post =
            |target: Target| Request::post(target.path()).header("idempotency-key", key.as_str());
        let response = self.send(post(target)).await;
        self.model.add("runs", 1);
        self.model.add(key_name(KeyEvent::Claimed), 1);
        let result = ExchangeResult::Unconditional;
        self.answered(target, &Method::POST, result, response).await;
        if number % 2 == 1 {
            self.model.add(key_name(KeyEvent::Released), 1);
            return;
        }
        self.model.add(key_name(KeyEvent::Recorded), 1);
        self.model.add("runs saved", 1);
        let (again, result, event) = if self.draw.coin() {
            (target, ExchangeResult::Replayed, KeyEvent::Replayed)
        } else {
            let other = self.target('o', number + 2);
            (other, ExchangeResult::KeyRefused, KeyEvent::Mismatch)
        };
        let response = self.send(post(again)).await;
        self.model.add(key_name(event), 1);
        self.answered(again, &Method::POST, result, response).await;
    }

    /// Reads a part of a stream, or all of it.
    async fn stream(&mut self, number: u64) {
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

    async fn read_unstored(&mut self, number: u64) {
        let target = self.target('t', number);
        let response = self.send(Request::get(target.path())).await;
        self.model.add("runs", 1);
        self.model.add("source unknown", 1);
        let result = ExchangeResult::Unconditional;
        self.answered(target, &Method::GET, result, response).await;
    }

    /// Sends a request whose response breaks off, or never comes.
    async fn broken(&mut self, number: u64) {
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

    /// Returns the number of runs that the service has counted.
    pub(crate) fn runs(world: &World) -> u64 {
        world.runs.load(Ordering::Relaxed)
    }
}
