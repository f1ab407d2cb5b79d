//! Helpers of the tests of the rules.

use http::{HeaderMap, HeaderName, HeaderValue};

/// Returns header values, one for each line.
pub(in crate::semantics) fn values<V: AsRef<[u8]>>(
    lines: impl IntoIterator<Item = V>,
) -> Vec<HeaderValue> {
    lines
        .into_iter()
        .map(|line| HeaderValue::from_bytes(line.as_ref()).expect("a field value"))
        .collect()
}

/// Returns headers with these lines. A name may repeat.
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
