//! Serves files under names that hold a hash of their bytes, so that they can
//! be kept for ever, and tells a page their current names.
//!
//! ```
//! # async fn run() -> Result<(), tower::BoxError> {
//! use http::{Request, StatusCode, header};
//! use tower::ServiceExt;
//! use tower_conditional::Assets;
//!
//! let assets = Assets::new("/assets")?
//!     .file("app.css", "body { color: black }")?
//!     .file("fonts/Vollkorn.woff2", &b"wOF2"[..])?;
//!
//! // What a template writes into a page.
//! let url = assets.url("app.css").expect("it was added");
//! assert_eq!(url, "/assets/app.f674c2ffb741d9fd.css");
//!
//! let response = assets.clone().oneshot(Request::get(url).body(())?).await?;
//! assert_eq!(response.status(), StatusCode::OK);
//! assert_eq!(
//!     response.headers()[header::CACHE_CONTROL],
//!     "public, max-age=31536000, immutable",
//! );
//!
//! // The plain name, as in a document that no template made, leads there.
//! let plain = Request::get("/assets/app.css").body(())?;
//! let response = assets.clone().oneshot(plain).await?;
//! assert_eq!(response.status(), StatusCode::TEMPORARY_REDIRECT);
//! assert_eq!(response.headers()[header::LOCATION], url);
//! # Ok(())
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
//! ```
//!
//! All files of a folder, and a place in `axum`:
//!
//! ```no_run
//! use axum::Router;
//! use tower_conditional::Assets;
//!
//! # fn main() -> Result<(), tower_conditional::assets::AssetsError> {
//! let assets = Assets::new("/assets")?.directory("static")?;
//! let app: Router = Router::new().nest_service("/assets", assets.clone());
//! # Ok(())
//! # }
//! ```
//!
//! # What it does
//!
//! The contents are read once and stay in memory, so the bytes that are served
//! are those that were hashed. The first 64 bits of their SHA-256, in hex, go
//! before the last extension, or to the end where there is none:
//! `app.css` becomes `app.f674c2ffb741d9fd.css`. They tell the versions of one
//! file apart; they are no proof against somebody who makes two versions with
//! the same hash on purpose.
//!
//! | Request | Answer |
//! |---|---|
//! | `GET`, `HEAD` of a current URL | 200 with `Cache-Control: public, max-age=31536000, immutable` (RFC 8246), a strong `ETag`, `Content-Length`, `Content-Type` from the extension and `X-Content-Type-Options: nosniff`; 304 and 412 where the request is conditional |
//! | of a plain name | 307 to the current URL, with `Cache-Control: no-cache` |
//! | of any other path, a hash that is not current included | 404 with `Cache-Control: no-store` |
//! | with another method | 405 with `Allow` and `Cache-Control: no-store` |
//!
//! Text is taken to be UTF-8. What has no well-known extension is
//! `application/octet-stream`, unless [`Assets::media_type`] says otherwise.
//!
//! # What it needs from its neighbours
//!
//! No layer has to make tags or answer conditions. Put compression
//! around it as around any service, with
//! [`CodingTagLayer`](crate::CodingTagLayer) around that.
//!
//! Its files are public, and so says `Cache-Control`: a shared cache gives them
//! to everybody, even if authentication is around this.
//!
//! The path of a request may start with the prefix, as it does where this is
//! the whole service or a fallback, or have lost it, as below `axum`'s
//! `nest_service`. Both are understood, without a setting. The prefix is the
//! one that clients see: behind a proxy that takes `/shop` away it is
//! `/shop/assets`, wherever the service itself is.
//!
//! # What it does not promise
//!
//! A file that changes on disk is served as it was until the process starts
//! anew. While a new version is rolled out, an instance of the old one answers
//! 404 to a new URL; pages and assets that come from one instance, or a proxy
//! that keeps what it has seen, avoid that. `Range` is ignored, which RFC 9110,
//! section 14.2 allows; parts are for a layer around this.

mod answer;
mod directory;
mod error;
mod media_type;
mod name;
mod service;
mod set;
#[cfg(test)]
mod tests;

pub use {answer::AssetBody, error::AssetsError, service::ResponseFuture, set::Assets};
