mod admitted;
mod check;
#[cfg(feature = "tokio")]
mod lock;
mod refuse;

use http::{Method, Request, Response, StatusCode, header::ETAG};

use crate::{
    body::ResponseBody,
    test_support::{Act, Log, ScriptedBody, Upload, content, read},
};

type Answer = Response<ResponseBody<ScriptedBody>>;

/// Returns `hello` with this tag.
fn representation(tag: &str) -> Response<ScriptedBody> {
    let mut response = Response::new(ScriptedBody::sized([Act::data("hello")]));
    response.headers_mut().insert(ETAG, tag.parse().unwrap());
    response
}

fn status(status: StatusCode) -> Response<ScriptedBody> {
    let mut response = Response::new(ScriptedBody::sized([]));
    *response.status_mut() = status;
    response
}

/// A service that notes each write and answers it with 204. `GET` gets the current
/// representation.
fn resource(
    current: Option<&'static str>,
    log: &Log,
) -> impl Fn(Request<Upload>) -> Response<ScriptedBody> + Clone + Send + 'static {
    let log = log.clone();
    move |request| {
        if request.method() == Method::GET {
            return current.map_or_else(|| status(StatusCode::NOT_FOUND), representation);
        }
        log.note(request.method().as_str());
        status(StatusCode::NO_CONTENT)
    }
}

fn problem(answer: Answer) -> serde_json::Value {
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    serde_json::from_slice(&content(&read(answer.into_body()))).expect("JSON")
}
