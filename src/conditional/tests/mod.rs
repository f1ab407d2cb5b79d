mod layer;
mod passed_on;
mod respond;
mod sourced;
mod unanswered;

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, header::ETAG};
use http_body_util::Empty;

use super::ConditionalLayer;
use crate::{
    body::ResponseBody,
    clock::ManualClock,
    test_support::{Act, ScriptedBody, send},
};

type Answer = Response<ResponseBody<ScriptedBody>>;

const MODIFIED: &str = "Tue, 15 Nov 1994 12:45:26 GMT";
const LATER: &str = "Tue, 15 Nov 1994 12:45:27 GMT";
const EARLIER: &str = "Tue, 15 Nov 1994 12:45:25 GMT";

fn layer() -> ConditionalLayer {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    ConditionalLayer::new().clock(ManualClock::new(now))
}

fn request(method: Method, fields: &[(HeaderName, &'static str)]) -> Request<Empty<Bytes>> {
    let mut request = Request::builder()
        .method(method)
        .body(Empty::new())
        .unwrap();
    for (name, value) in fields {
        request
            .headers_mut()
            .append(name, HeaderValue::from_static(value));
    }
    request
}

/// Returns a 200 with five bytes, `"v1"` and these headers.
fn answer(fields: &[(HeaderName, &'static str)]) -> Response<ScriptedBody> {
    let mut response = Response::new(ScriptedBody::sized([Act::data("hello")]));
    let headers = response.headers_mut();
    headers.insert(ETAG, HeaderValue::from_static("\"v1\""));
    for (name, value) in fields {
        headers.append(name, HeaderValue::from_static(value));
    }
    response
}

fn exchange(
    layer: &ConditionalLayer,
    method: Method,
    request_fields: &[(HeaderName, &'static str)],
    response: Response<ScriptedBody>,
) -> Answer {
    let mut response = Some(response);
    send(layer, request(method, request_fields), |_| {
        response.take().unwrap()
    })
}

fn get(request_fields: &[(HeaderName, &'static str)], response: Response<ScriptedBody>) -> Answer {
    exchange(&layer(), Method::GET, request_fields, response)
}
