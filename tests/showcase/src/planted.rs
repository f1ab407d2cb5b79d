//! Releases with mistakes, for tests of the alerts.

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue,
        header::{ETAG, IF_MATCH, IF_NONE_MATCH},
    },
    middleware::Next,
    response::Response,
};
use clap::ValueEnum;

/// The first characters of a tag in the other format.
const FORMAT: &[u8] = b"\"r2-";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mistake {
    /// Tags have another format, so that those of clients are outdated.
    TagFormat,
    /// The format too, and `If-Match` is compared with the old one.
    IfMatch,
}

/// Sends tags in another format, and gives the layers inside the tags that they know.
pub(crate) async fn other_tags(
    State(planted): State<Option<Mistake>>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(mistake) = planted else {
        return next.run(request).await;
    };
    translate(request.headers_mut(), &IF_NONE_MATCH);
    if mistake == Mistake::TagFormat {
        translate(request.headers_mut(), &IF_MATCH);
    }
    let mut response = next.run(request).await;
    if let Some(tag) = response.headers_mut().get_mut(ETAG)
        && let Some(rest) = tag.as_bytes().strip_prefix(b"\"")
    {
        let other = [FORMAT, rest].concat();
        *tag = HeaderValue::from_bytes(&other).expect("two valid parts");
    }
    response
}

/// Removes the format from a tag. A tag of an earlier release is unknown.
fn translate(headers: &mut HeaderMap, name: &HeaderName) {
    if let Some(tag) = headers.get_mut(name) {
        let own = tag.as_bytes().strip_prefix(FORMAT);
        let own = own.map(|rest| [b"\"", rest].concat());
        let own = own.unwrap_or_else(|| b"\"of-an-earlier-release\"".to_vec());
        *tag = HeaderValue::from_bytes(&own).expect("a part of a valid value");
    }
}
