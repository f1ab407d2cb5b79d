//! etag-actix-middleware on actix-web: xxh3 over a copy of the body.

use std::{fmt::Debug, future::poll_fn, pin::pin};

use actix_http::Request;
use actix_web::{
    App, HttpResponse,
    body::MessageBody,
    dev::{Service, ServiceResponse},
    http::{
        Method, Uri,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    test::init_service,
    web,
};
use bytes::Bytes;
use etag_actix_middleware::ETag;
use tokio::runtime::Runtime;

use super::Contender;
use crate::{
    case::Case,
    drive::{OneRequest, Reply, runtime},
    hash::Hash,
};

const BARE: &str = "actix-web bare";

pub fn bare() -> Contender {
    Contender {
        name: BARE,
        bare: BARE,
        hash: None,
        open: |case| {
            if case.frames > 1 || case.is_conditional() {
                return None;
            }
            let runtime = runtime();
            let content = case.content.clone();
            let app = App::new().route("/notes/1", web::to(move || answer(content.clone())));
            let service = runtime.block_on(init_service(app));
            Some(drive(runtime, service, case))
        },
    }
}

pub fn contender() -> Contender {
    Contender {
        name: "actix-web + etag-actix-middleware, xxh3",
        bare: BARE,
        hash: Some(Hash::Xxh3),
        open: |case| {
            // actix-web has no body that keeps its frames and still knows its length.
            if case.frames > 1 {
                return None;
            }
            let runtime = runtime();
            let content = case.content.clone();
            let app = App::new()
                .wrap(ETag::strong())
                .route("/notes/1", web::to(move || answer(content.clone())));
            let service = runtime.block_on(init_service(app));
            Some(drive(runtime, service, case))
        },
    }
}

async fn answer(content: Bytes) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(content)
}

fn drive<S, B>(runtime: Runtime, service: S, case: &Case) -> OneRequest
where
    S: Service<Request, Response = ServiceResponse<B>, Error: Debug> + 'static,
    B: MessageBody<Error: Debug> + 'static,
{
    let mut head = Head::new(case);
    if case.is_conditional() {
        let first = runtime.block_on(service.call(head.request()));
        let first = first.expect("a response");
        let tag = first.headers().get(header::ETAG);
        if let Some((name, value)) = case.condition.field(tag.map(HeaderValue::as_bytes)) {
            let value = HeaderValue::from_bytes(&value).expect("a tag");
            head.headers.insert(HeaderName::from_static(name), value);
        }
    }
    let mut one_request: OneRequest =
        Box::new(move || runtime.block_on(exchange(&service, head.request())));
    one_request().check(case);
    one_request
}

/// A request of actix-web cannot be cloned, but its parts can.
struct Head {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
}

impl Head {
    fn new(case: &Case) -> Self {
        let head = case.request();
        let fields = head.headers.iter().map(|(name, value)| {
            (
                HeaderName::from_bytes(name.as_ref()).expect("a field name"),
                HeaderValue::from_bytes(value.as_ref()).expect("a field value"),
            )
        });
        Self {
            method: Method::from_bytes(head.method.as_str().as_bytes()).expect("a method"),
            uri: Uri::from_static("/notes/1"),
            headers: fields.collect(),
        }
    }

    fn request(&self) -> Request {
        let mut request = Request::new();
        let head = request.head_mut();
        head.method = self.method.clone();
        head.uri = self.uri.clone();
        head.headers = self.headers.clone();
        request
    }
}

async fn exchange<S, B>(service: &S, request: Request) -> Reply
where
    S: Service<Request, Response = ServiceResponse<B>, Error: Debug>,
    B: MessageBody<Error: Debug>,
{
    let response = service.call(request).await.expect("a response");
    let status = response.status().as_u16();
    let mut body = pin!(response.into_body());
    let mut length = 0;
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_next(context)).await {
        length += frame.expect("a frame").len();
    }
    Reply { status, length }
}
