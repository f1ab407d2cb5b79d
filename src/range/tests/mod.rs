mod digests;
mod parts;
mod passed_on;
mod recorded;
mod refused;
mod several;

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, header::ETAG};
use http_body_util::Empty;

use super::RangeLayer;
use crate::{
    body::ResponseBody,
    clock::ManualClock,
    test_support::{Act, ScriptedBody, content, read, send},
};

/// One second after `MODIFIED`.
fn layer() -> RangeLayer {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    RangeLayer::new().clock(ManualClock::new(now))
}

const MODIFIED: &str = "Sun, 09 Sep 2001 01:46:39 GMT";

type Fields<'a> = &'a [(&'static str, &'a str)];

/// Returns a 200 with ten bytes, `"v1"` and these headers.
fn whole(fields: Fields<'_>) -> Response<ScriptedBody> {
    let body = ScriptedBody::sized([Act::data("01234"), Act::Wait, Act::data("56789")]);
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(ETAG, HeaderValue::from_static("\"v1\""));
    append(headers, fields);
    response
}

fn append(headers: &mut HeaderMap, fields: Fields<'_>) {
    for (name, value) in fields {
        let name = HeaderName::from_static(name);
        headers.append(name, HeaderValue::from_str(value).unwrap());
    }
}

fn request(method: Method, fields: Fields<'_>) -> Request<Empty<Bytes>> {
    let mut request = Request::new(Empty::new());
    *request.method_mut() = method;
    append(request.headers_mut(), fields);
    request
}

fn get(
    layer: &RangeLayer,
    fields: Fields<'_>,
    respond: impl Fn() -> Response<ScriptedBody> + Clone,
) -> Response<ResponseBody<ScriptedBody>> {
    send(layer, request(Method::GET, fields), move |_| respond())
}

/// Returns the headers of a response as `name: value`, sorted, and its content.
fn shown(response: Response<ResponseBody<ScriptedBody>>) -> (u16, Vec<String>, String) {
    let (parts, body) = response.into_parts();
    let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
    let lines = parts.headers.iter();
    let mut lines: Vec<_> = lines
        .map(|(name, value)| format!("{name}: {}", text(value)))
        .collect();
    lines.sort_unstable();
    let content = String::from_utf8(content(&read(body))).unwrap();
    (parts.status.as_u16(), lines, content)
}
