//! The target of a request: the URI that the client requested.
//!
//! `axum`'s `Router::nest` removes the prefix of a path before the inner router runs. For
//! `/api/v1/notes/1`, a layer inside sees `/notes/1`. Two nested routers may then have the same
//! path for two resources. So everything that identifies a resource needs the whole path: the
//! scope of a tag, the key of a lock, a purge, and a `Content-Location`.
//!
//! With the feature `axum`, the layers of this crate read the whole path from `axum`'s
//! `OriginalUri`. Without the feature they know only the path without the prefix, and write no
//! `Content-Location`. So enable the feature for layers below `nest`.
//!
//! A handler may send a request with the extensions of its own request. Without
//! `OriginalUri` among them, the target is that of the new request. With it, a purge names both
//! URIs, and everything else takes the original one.
//!
//! Patterns are different: layers compare them with the path without the prefix, as nested
//! routers do. These are [`Route`](crate::route::Route), [`at`](crate::ValidatorSource::at),
//! [`ObserveLayer::routes`](crate::ObserveLayer::routes) and the rules of a cache policy.

#[cfg(test)]
mod tests;

use http::{Extensions, Request, Uri, request::Parts};

/// Returns the URI that the client requested.
///
/// With the feature `axum`, it is the URI before a nested router removed a prefix. Otherwise it
/// is the URI of the request.
///
/// ```
/// use tower_conditional::{VersionTags, source, target};
///
/// // One scope for each resource, below `nest` too.
/// let source = source::now(|request| {
///     VersionTags::plain().scope(target::of(request).path()).number(7)
/// });
/// # let _ = source;
/// ```
#[must_use]
pub fn of(request: &Parts) -> &Uri {
    original(&request.extensions).unwrap_or(&request.uri)
}

/// Returns the URI that the client requested. Without the feature `axum` it returns `None`,
/// since a router may have removed a prefix.
pub(crate) fn whole(request: &Parts) -> Option<&Uri> {
    cfg!(feature = "axum").then(|| of(request))
}

/// Returns the URI that the client requested, as [`of`] does for a request's head.
pub(crate) fn of_request<B>(request: &Request<B>) -> &Uri {
    original(request.extensions()).unwrap_or_else(|| request.uri())
}

/// Returns the part of the target's path that nested routers took away.
///
/// It is empty without them, and if the target was rewritten before them or belongs to the
/// request of a handler that sent this one.
pub(crate) fn mount(request: &Parts) -> &str {
    nested_path(&request.extensions)
        .and_then(|nested| taken_prefix(of(request).path(), nested))
        .unwrap_or("")
}

/// Returns the start of a path that has the segments of a nested router's pattern.
fn taken_prefix<'a>(path: &'a str, pattern: &str) -> Option<&'a str> {
    let mut rest = path;
    for expected in pattern.trim_end_matches('/').split('/').skip(1) {
        let after = rest.strip_prefix('/')?;
        let (segment, after) = after.split_at(after.find('/').unwrap_or(after.len()));
        let is_capture = expected.starts_with('{') && !expected.starts_with("{{");
        if !is_capture && segment != expected {
            return None;
        }
        rest = after;
    }
    path.strip_suffix(rest)
}

/// Returns the URI of the request if no nested router explains how it differs from the target.
/// Then the URI was rewritten, or the target belongs to the request of a handler that sent this
/// one.
pub(crate) fn rewritten(request: &Parts) -> Option<&Uri> {
    let (target, seen) = (original(&request.extensions)?.path(), request.uri.path());
    let mount = mount(request);
    let left = target.strip_prefix(mount).unwrap_or(target);
    // At the root of a nested router, nothing is left of the path. Of two slashes, axum leaves one.
    let is_explained = left == seen
        || (left.is_empty() && seen == "/")
        || (!mount.is_empty() && left.strip_prefix('/') == Some(seen));
    (!is_explained).then_some(&request.uri)
}

/// Copies the original URI to a request for another service.
#[cfg_attr(
    not(feature = "axum"),
    expect(unused_variables, reason = "only axum has another target than the URI")
)]
pub(crate) fn copy_original_uri(from: &Extensions, to: &mut Extensions) {
    #[cfg(feature = "axum")]
    if let Some(uri) = from.get::<axum::extract::OriginalUri>() {
        to.insert(uri.clone());
    }
}

#[cfg(feature = "axum")]
fn original(extensions: &Extensions) -> Option<&Uri> {
    let axum::extract::OriginalUri(uri) = extensions.get()?;
    Some(uri)
}

#[cfg(feature = "axum")]
fn nested_path(extensions: &Extensions) -> Option<&str> {
    let nested: &axum::extract::NestedPath = extensions.get()?;
    Some(nested.as_str())
}

#[cfg(not(feature = "axum"))]
fn nested_path(_: &Extensions) -> Option<&str> {
    None
}

#[cfg(not(feature = "axum"))]
fn original(_: &Extensions) -> Option<&Uri> {
    None
}
