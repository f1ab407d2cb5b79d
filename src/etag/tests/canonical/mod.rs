//! Tags from the canonical form of JSON.

mod bodies;
mod ignored;
mod tags;

use http::{
    HeaderValue, Response,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};

use super::{Answer, get, tag, tag_of};
use crate::{
    EtagLayer,
    outcome::{Outcome, TagOrigin},
    test_support::{Act, ScriptedBody},
};

const ONE_ORDER: &str = r#"{"b": [1, 2.50], "a": "\u00e4"}"#;
const OTHER_ORDER: &str = "{\n\"a\":\"ä\",\"b\":[1.0,2.5]}";

fn layer() -> EtagLayer {
    EtagLayer::new().canonical_json().explain()
}

fn typed(
    content_type: &'static str,
    acts: impl IntoIterator<Item = Act>,
) -> Response<ScriptedBody> {
    let mut response = Response::new(ScriptedBody::sized(acts));
    let content_type = HeaderValue::from_static(content_type);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

fn json(content: impl AsRef<[u8]>) -> Response<ScriptedBody> {
    typed("application/json", [Act::data(content)])
}

fn gzipped(content: &str) -> Response<ScriptedBody> {
    let mut response = json(content);
    let gzip = HeaderValue::from_static("gzip");
    response.headers_mut().insert(CONTENT_ENCODING, gzip);
    response
}

fn origin(response: &Answer) -> Option<TagOrigin> {
    Outcome::of(response).and_then(Outcome::tag)
}
