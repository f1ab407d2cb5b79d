//! Tables of single rules.

mod accept;
mod accept_encoding;
mod cache_control;
mod cache_status;
mod cache_tag_limits;
mod cache_tags;
mod date;
mod list;
mod method;
mod no_vary_search;
mod ordered_set;
mod prefer;
mod vary;

use http::{HeaderMap, HeaderName, HeaderValue};

/// Field values, one per line.
fn values<V: AsRef<[u8]>>(lines: impl IntoIterator<Item = V>) -> Vec<HeaderValue> {
    lines
        .into_iter()
        .map(|line| HeaderValue::from_bytes(line.as_ref()).expect("a field value"))
        .collect()
}

/// Field lines, where a name may repeat.
pub(crate) fn headers<'a>(lines: impl IntoIterator<Item = (&'a str, &'a str)>) -> HeaderMap {
    lines
        .into_iter()
        .map(|(name, value)| {
            let name: HeaderName = name.parse().expect("a field name");
            (name, value.parse::<HeaderValue>().expect("a field value"))
        })
        .fold(HeaderMap::new(), |mut headers, (name, value)| {
            headers.append(name, value);
            headers
        })
}
