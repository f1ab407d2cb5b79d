//! Comparison of URIs (section 6).

use std::borrow::Cow;

use http::Uri;
use percent_encoding::percent_decode;

use crate::semantics::field::authority;

/// The decoded name and value of a parameter.
pub(super) type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

/// Returns `true` if two URIs differ only in their queries.
pub(super) fn have_same_target(a: &Uri, b: &Uri) -> bool {
    let host = |uri| Uri::host(uri).unwrap_or_default();
    a.scheme() == b.scheme()
        && user(a) == user(b)
        && host(a).eq_ignore_ascii_case(host(b))
        && port(a) == port(b)
        && a.path() == b.path()
}

fn user(uri: &Uri) -> Option<&str> {
    authority::split_user(uri.authority()?).0
}

/// Returns the port with its `:`, or an empty text for the default port of the scheme.
fn port(uri: &Uri) -> &str {
    let port = uri.authority().map_or("", authority::port);
    match (uri.scheme_str(), port) {
        (_, ":") | (Some("http"), ":80") | (Some("https"), ":443") => "",
        (_, port) => port,
    }
}

/// Returns the parameters in order, parsed as `application/x-www-form-urlencoded`.
pub(super) fn pairs(query: Option<&str>) -> impl Iterator<Item = Pair<'_>> {
    let sequences = query
        .unwrap_or_default()
        .split('&')
        .filter(|sequence| !sequence.is_empty());
    sequences.map(|sequence| {
        let (name, value) = sequence.split_once('=').unwrap_or((sequence, ""));
        (decode(name), decode(value))
    })
}

/// Sorts parameters by name. Those with the same name stay in order.
pub(super) fn sorted<'a>(pairs: impl Iterator<Item = Pair<'a>>) -> Vec<Pair<'a>> {
    let mut pairs: Vec<_> = pairs.collect();
    pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
    pairs
}

/// Decodes a name or a value. A plus becomes a space, and invalid UTF-8 becomes U+FFFD.
pub(super) fn decode(text: &str) -> Cow<'_, str> {
    // Most text has no plus, and needs no copy.
    if !text.contains('+') {
        return percent_decode(text.as_bytes()).decode_utf8_lossy();
    }
    let text = text.replace('+', " ");
    let decoded = percent_decode(text.as_bytes()).decode_utf8_lossy();
    Cow::Owned(decoded.into_owned())
}
