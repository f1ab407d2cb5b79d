//! The page and its files, whose URLs have a hash of their bytes.

use anyhow::Context;
use axum::{
    body::Bytes,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{Html, Response},
    routing::{MethodRouter, get},
};
use tower_conditional::{Assets, Stack};
use tower_http::set_header::SetResponseHeaderLayer;

const STYLE: &str = include_str!("page.css");
const ICON: &str = include_str!("icon.svg");

/// The parts of the script, which have one scope. `start.js` runs last, and the others define functions.
/// One file needs no `import`, which would have to know the names with hashes.
const SCRIPT: &str = concat!(
    include_str!("http.js"),
    include_str!("merge.js"),
    include_str!("drafts.js"),
    include_str!("notes.js"),
    include_str!("events.js"),
    include_str!("editor.js"),
    include_str!("save.js"),
    include_str!("conflict.js"),
    include_str!("plots.js"),
    include_str!("requests.js"),
    include_str!("traffic.js"),
    include_str!("start.js"),
);

/// The page runs its own script and nothing else, also if a note contains HTML.
const SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// Returns the page with this list of routes, and the files to which it refers.
pub(crate) fn page(routes: &str) -> anyhow::Result<(MethodRouter, Assets)> {
    let assets = Assets::new("/assets")?
        .file("page.css", STYLE)?
        .file("page.js", SCRIPT)?
        .file("icon.svg", ICON)?;
    let mut html = include_str!("page.html").replace("{routes}", routes);
    for (placeholder, file) in [
        ("{style}", "page.css"),
        ("{script}", "page.js"),
        ("{icon}", "icon.svg"),
    ] {
        html = html.replace(placeholder, assets.url(file).context("an unknown file")?);
    }
    let html = Bytes::from(html);
    let headers = [
        (header::CONTENT_SECURITY_POLICY, SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    let document = get(async move || (headers, Html(html)));
    Ok((document.layer(Stack::no_cache()), assets))
}

/// Gives the value of a header from a response, or `None` for no header.
type HeaderOf<B> = fn(&Response<B>) -> Option<HeaderValue>;

/// Returns a layer that marks a 304 for the page, in `Server-Timing`. A script sees such a response as
/// the 200 of the stored copy, and Firefox reports the size of that copy.
///
/// A cache in front may add the mark to its stored 200 (RFC 9111, section 3.2), so the page trusts it
/// only in browsers that need it.
pub(crate) fn mark_not_modified<B>() -> SetResponseHeaderLayer<HeaderOf<B>> {
    SetResponseHeaderLayer::appending(HeaderName::from_static("server-timing"), |response| {
        let mark = HeaderValue::from_static("not-modified");
        (response.status() == StatusCode::NOT_MODIFIED).then_some(mark)
    })
}
