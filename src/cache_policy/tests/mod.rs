use std::time::{Duration, SystemTime};

use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header::*};

use super::{CachePolicy, CachePolicyLayer};
use crate::{
    clock::{Clock, ManualClock},
    test_support::{ScriptedBody, send},
};

mod configured;
mod expires;
mod handler_header;
mod layer;
mod malformed;
mod matched;
mod naive;
mod one_user;
mod policies;
mod product;
mod properties;
mod rules;
mod targeted;

type Fields<'a> = &'a [(HeaderName, &'static str)];

const SECRET: (HeaderName, &str) = (AUTHORIZATION, "Bearer ada");
const SECRET_COOKIE: (HeaderName, &str) = (SET_COOKIE, "session=1");
const CDN: HeaderName = HeaderName::from_static("cdn-cache-control");
const SURROGATE: HeaderName = HeaderName::from_static("surrogate-control");

fn get(fields: Fields<'_>) -> Request<()> {
    asking(Method::GET, "/", fields)
}

fn asking(method: Method, path: &str, fields: Fields<'_>) -> Request<()> {
    let request = Request::builder().method(method).uri(path);
    fields
        .iter()
        .fold(request, |request, (name, value)| {
            request.header(name, *value)
        })
        .body(())
        .unwrap()
}

fn answer(status: u16, fields: Fields<'_>) -> Response<ScriptedBody> {
    let mut response = Response::new(ScriptedBody::sized([]));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in fields {
        let value = HeaderValue::from_static(value);
        response.headers_mut().append(name, value);
    }
    response
}

/// At 1970-01-01T00:00:10Z.
fn layer(policy: CachePolicy) -> CachePolicyLayer {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(10);
    CachePolicyLayer::new(policy).clock(ManualClock::new(now))
}

/// Returns all lines of a response header, joined.
fn says(response: &Response<ScriptedBody>, field: &HeaderName) -> String {
    let lines = response.headers().get_all(field).iter();
    let lines: Vec<_> = lines.map(|line| line.to_str().unwrap()).collect();
    lines.join(" | ")
}

/// Returns the `Cache-Control` for this request and this response of the handler.
fn control(
    layer: &CachePolicyLayer,
    request: Request<()>,
    status: u16,
    fields: Fields<'_>,
) -> String {
    says(
        &send(layer, request, |_| answer(status, fields)),
        &CACHE_CONTROL,
    )
}
