//! salvo's own `CachingHeaders`: xxh3 over bodies in memory.

use std::{future::poll_fn, net::Ipv4Addr, pin::pin};

use salvo::{
    Depot, FlowCtrl, Handler, Request, Response, Router, Service, async_trait,
    caching_headers::CachingHeaders,
    conn::ConnCtrl,
    http::{ReqBody, ResBody},
    hyper::{
        body::Body,
        header::{CONTENT_TYPE, ETAG, HeaderValue},
    },
};

use super::Contender;
use crate::{
    case::Case,
    drive::{OneRequest, Reply, add_condition, runtime},
    hash::Hash,
};

const BARE: &str = "salvo bare";

pub fn bare() -> Contender {
    Contender {
        name: BARE,
        bare: BARE,
        hash: None,
        open: |case| {
            (!case.is_conditional() && answers(case))
                .then(|| drive(Service::new(router(case)), case))
        },
    }
}

pub fn contender() -> Contender {
    Contender {
        name: "salvo + caching-headers, xxh3",
        bare: BARE,
        hash: Some(Hash::Xxh3),
        open: |case| {
            // An empty body gets no tag, so there is nothing to revalidate.
            let taggable = !(case.is_conditional() && case.content.is_empty());
            (taggable && answers(case))
                .then(|| drive(Service::new(router(case)).hoop(CachingHeaders::new()), case))
        },
    }
}

/// Chunks in memory always have a known length here.
fn answers(case: &Case) -> bool {
    case.sized
}

fn router(case: &Case) -> Router {
    Router::with_path("notes/1").goal(Answer(case.clone()))
}

struct Answer(Case);

#[async_trait]
impl Handler for Answer {
    async fn handle(
        &self,
        _: &mut Request,
        _: &mut Depot,
        response: &mut Response,
        _: &mut FlowCtrl,
    ) {
        let content_type = HeaderValue::from_static(self.0.content_type);
        response.headers_mut().insert(CONTENT_TYPE, content_type);
        response.body(if self.0.frames == 1 {
            ResBody::Once(self.0.content.clone())
        } else {
            ResBody::Chunks(self.0.cut().into())
        });
    }
}

fn drive(service: Service, case: &Case) -> OneRequest {
    let runtime = runtime();
    let address = std::net::SocketAddr::from((Ipv4Addr::LOCALHOST, 3000));
    let handler = service.hyper_handler(
        address.into(),
        address.into(),
        "http".parse().expect("a scheme"),
        None,
        ConnCtrl::new(),
        None,
    );
    let mut head = case.request();
    let request = |head: &http::request::Parts| {
        let request = http::Request::from_parts(head.clone(), ReqBody::None);
        Request::from_hyper(request, http::uri::Scheme::HTTP)
    };
    if case.is_conditional() {
        let first = runtime.block_on(handler.handle(request(&head)));
        add_condition(&mut head.headers, case, first.headers().get(ETAG));
    }
    let mut one_request: OneRequest = Box::new(move || {
        runtime.block_on(async {
            let response = handler.handle(request(&head)).await.into_hyper();
            let status = response.status().as_u16();
            let mut body = pin!(response.into_body());
            let mut length = 0;
            while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
                let frame = frame.expect("a frame");
                length += frame.data_ref().map_or(0, bytes::Bytes::len);
            }
            Reply { status, length }
        })
    });
    one_request().check(case);
    one_request
}
