//! The target of a request, as the client named it.
//!
//! `axum`'s `Router::nest` takes the prefix of a path away before the inner
//! router runs: for `/api/v1/notes/1` a layer inside sees `/notes/1`. Two nested
//! routers then have the same path for two resources. Whatever names a resource,
//! such as the scope of a tag, the key of a lock, a purge or a
//! `Content-Location`, is made of the whole path.
//!
//! With the feature `axum` the layers of this crate read it from `axum`'s
//! `OriginalUri`. Without the feature they know the path alone that arrives, and
//! write no `Content-Location`, so enable it for layers below `nest`.
//!
//! Patterns are not names. [`Route`](crate::route::Route),
//! [`at`](crate::ValidatorSource::at) and the rules of a cache policy are
//! compared with the path that their layer sees, as those of a nested router are.

use http::{Extensions, Request, Uri, request::Parts};

/// Returns the URI that the client asked for: that of the request, or, with the
/// feature `axum`, the one that it had before a nested router took a prefix away.
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

/// As [`of`], where nothing can have taken a prefix away unseen.
pub(crate) fn whole(request: &Parts) -> Option<&Uri> {
    cfg!(feature = "axum").then(|| of(request))
}

/// As [`of`], for a request with its content.
pub(crate) fn of_request<B>(request: &Request<B>) -> &Uri {
    original(request.extensions()).unwrap_or_else(|| request.uri())
}

/// Hands the target on to a request that another service answers in place of
/// this one.
#[cfg_attr(
    not(feature = "axum"),
    expect(unused_variables, reason = "only axum has another target than the URI")
)]
pub(crate) fn carry(from: &Extensions, to: &mut Extensions) {
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

#[cfg(not(feature = "axum"))]
fn original(_: &Extensions) -> Option<&Uri> {
    None
}
