//! The page and its files, whose URLs have a hash of their bytes.

use anyhow::Context;
use axum::{
    body::Bytes,
    http::header,
    response::Html,
    routing::{MethodRouter, get},
};
use tower_conditional::{Assets, Stack};

const STYLE: &str = include_str!("page.css");
const ICON: &str = include_str!("icon.svg");

/// The parts of the script, which have one scope.
const SCRIPT: &str = concat!(include_str!("notes.js"));

/// The page runs its own script and nothing else, also if a note contains HTML.
const SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// Returns the page with this list of routes, and the files to which it refers.
pub(crate) fn page(routes: &str) -> anyhow::Result<(MethodRouter, Assets)> {
    let assets = Assets::new("/assets")?
        .file("page.css", STYLE)?
        .file("notes.js", SCRIPT)?
        .file("icon.svg", ICON)?;
    let mut html = include_str!("page.html").replace("{routes}", routes);
    for (placeholder, file) in [
        ("{style}", "page.css"),
        ("{script}", "notes.js"),
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
