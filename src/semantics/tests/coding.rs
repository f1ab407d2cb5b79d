//! Which coding a tag belongs to.

mod configuration;
mod given;
mod mapped_back;

use http::{HeaderMap, HeaderName, Method, StatusCode, header::ETAG};

use super::headers;
use crate::semantics::validator::coding::TagCodings;

pub(super) type Lines = [(&'static str, &'static str)];

fn codings() -> TagCodings {
    TagCodings::new(["br", "gzip"]).unwrap()
}

pub(super) fn lines(headers: &HeaderMap, name: HeaderName) -> Vec<&str> {
    let lines = headers.get_all(name).iter();
    lines.map(|line| line.to_str().unwrap()).collect()
}

pub(super) fn sent(lines: &Lines) -> HeaderMap {
    headers(lines.iter().copied())
}

/// The fields of a response to a `method` with the fields `asked`.
pub(super) fn answer(
    codings: &TagCodings,
    method: &Method,
    asked: &Lines,
    status: u16,
    fields: &Lines,
) -> HeaderMap {
    let asked = codings.decode(method, &mut sent(asked));
    let mut headers = sent(fields);
    codings.encode(StatusCode::from_u16(status).unwrap(), &mut headers, &asked);
    headers
}

pub(super) fn tag(headers: &HeaderMap) -> &str {
    let [tag] = lines(headers, ETAG)[..] else {
        panic!("one tag");
    };
    tag
}
