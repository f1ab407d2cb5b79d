//! The URIs that a write invalidates (RFC 9111, section 4.4).

use std::borrow::Cow;

use http::{
    HeaderMap, Uri,
    header::{CONTENT_LOCATION, HOST, LOCATION},
    uri::{Authority, PathAndQuery, Scheme},
};

use crate::semantics::field::{authority, lines};

/// Returns the target URI of a request (RFC 9110, section 7.1).
///
/// If only `Host` contains the authority, the scheme is unknown, and `http` is used.
pub(crate) fn target(uri: &Uri, headers: &HeaderMap) -> Uri {
    let absolute = || {
        let host = lines::only(headers, &HOST)?.as_bytes();
        let authority = Authority::try_from(host).ok()?;
        let mut parts = uri.clone().into_parts();
        parts.scheme = Some(Scheme::HTTP);
        parts.authority = Some(authority);
        Uri::from_parts(parts).ok()
    };
    match uri.authority() {
        Some(_) => uri.clone(),
        None => absolute().unwrap_or_else(|| uri.clone()),
    }
}

/// Returns the URIs in `Location` and `Content-Location` that have the origin of `target`.
///
/// A response must not invalidate URIs of other origins (section 4.4).
pub(crate) fn locations<'a>(
    target: &'a Uri,
    headers: &'a HeaderMap,
) -> impl Iterator<Item = Uri> + 'a {
    [LOCATION, CONTENT_LOCATION]
        .into_iter()
        .filter_map(move |name| {
            let reference = lines::only(headers, &name)?.to_str().ok()?;
            resolve(target, reference)
        })
}

/// Resolves a reference (RFC 3986, section 5.2). Returns `None` if its origin is another.
///
/// The result has the scheme and authority of `base`.
fn resolve(base: &Uri, reference: &str) -> Option<Uri> {
    let reference = reference.split('#').next().unwrap_or_default();
    let reference = match split_scheme(reference) {
        Some((scheme, rest)) => {
            let is_http = ["http", "https"]
                .iter()
                .any(|http| http.eq_ignore_ascii_case(scheme));
            // Without `//` it is no HTTP URI, such as `mailto:` or `http:g`.
            rest.strip_prefix("//").filter(|_| is_http)?;
            rest
        }
        None => reference,
    };
    let (path, query) = match reference.strip_prefix("//") {
        Some(named) => {
            let (authority, rest) = named.split_at(named.find(['/', '?']).unwrap_or(named.len()));
            if !is_same(base.authority()?, &authority.parse().ok()?) {
                return None;
            }
            let (path, query) = split_query(rest);
            (Cow::from(if path.is_empty() { "/" } else { path }), query)
        }
        None => match split_query(reference) {
            // An empty path keeps the query of `base`, unless the reference has one.
            ("", query) => (base.path().into(), query.or(base.query())),
            (path, query) if path.starts_with('/') => (path.into(), query),
            // A relative path replaces the last segment of `base`.
            (path, query) => {
                let directory = base.path().rfind('/').map_or("/", |at| &base.path()[..=at]);
                (format!("{directory}{path}").into(), query)
            }
        },
    };
    let path = without_dots(&path);
    let path_and_query = match query {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    let mut parts = base.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path_and_query).ok()?);
    Uri::from_parts(parts).ok()
}

/// Splits a reference at its scheme, if it has one. A `:` after a `/` or `?` ends no scheme.
fn split_scheme(reference: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = reference.split_once(':')?;
    (!scheme.contains(['/', '?'])).then_some((scheme, rest))
}

fn split_query(reference: &str) -> (&str, Option<&str>) {
    match reference.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (reference, None),
    }
}

/// Returns `true` if both authorities are the same origin, ignoring the scheme.
fn is_same(one: &Authority, other: &Authority) -> bool {
    one.host().eq_ignore_ascii_case(other.host()) && port(one) == port(other)
}

/// Returns the port with its `:`, or an empty text for a default port.
///
/// The scheme of the target is often unknown, so the default ports of both schemes count.
fn port(authority: &Authority) -> &str {
    match authority::port(authority) {
        ":" | ":80" | ":443" => "",
        port => port,
    }
}

/// Removes the segments `.` and `..` from a path (RFC 3986, section 5.2.4).
fn without_dots(path: &str) -> String {
    let mut kept = Vec::new();
    let mut segments = path.strip_prefix('/').unwrap_or(path).split('/').peekable();
    while let Some(segment) = segments.next() {
        match segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            _ => {
                kept.push(segment);
                continue;
            }
        }
        // If a dot segment is the last one, the path ends with a slash.
        if segments.peek().is_none() {
            kept.push("");
        }
    }
    format!("/{}", kept.join("/"))
}
