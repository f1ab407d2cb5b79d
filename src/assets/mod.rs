//! A service for static files under names that hold a hash of their bytes.
//!
//! Clients and caches keep such files without revalidation. The service also gives templates the
//! current name of each file.
//!
//! It is for files that pages refer to, and whose names have no hash. Serve pages themselves by
//! their own URL, with [`Stack::no_cache`](crate::Stack::no_cache): a URL with a hash ends with the
//! next release. Serve files of a bundler, which have hashes, with a directory service and a
//! [`Rule`](crate::cache_policy::Rule) for
//! [`immutable_asset`](crate::cache_policy::CachePolicy::immutable_asset).
//!
//! # Example
//!
//! ```
//! # async fn run() -> Result<(), tower::BoxError> {
//! use bytes::Bytes;
//! use http::{Request, StatusCode, header};
//! use http_body_util::Empty;
//! use tower::ServiceExt;
//! use tower_conditional::Assets;
//!
//! let assets = Assets::new("/assets")?
//!     .file("app.css", "body { color: black }")?
//!     .file("fonts/Vollkorn.woff2", &b"wOF2"[..])?;
//!
//! // A template writes this URL into a page.
//! let url = assets.url("app.css").expect("it was added");
//! assert_eq!(url, "/assets/app.f674c2ffb741d9fd.css");
//!
//! let current = Request::get(url).body(Empty::<Bytes>::new())?;
//! let response = assets.clone().oneshot(current).await?;
//! assert_eq!(response.status(), StatusCode::OK);
//! assert_eq!(
//!     response.headers()[header::CACHE_CONTROL],
//!     "public, max-age=31536000, immutable",
//! );
//!
//! // The plain name redirects to it, for documents without a template.
//! let plain = Request::get("/assets/app.css").body(Empty::<Bytes>::new())?;
//! let response = assets.clone().oneshot(plain).await?;
//! assert_eq!(response.status(), StatusCode::TEMPORARY_REDIRECT);
//! assert_eq!(response.headers()[header::LOCATION], url);
//! # Ok(())
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
//! ```
//!
//! All files of a directory, in a router of `axum`:
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
//! # How it works
//!
//! The contents are read once and stay in memory, so the bytes that are served are those that
//! were hashed. The first 64 bits of their SHA-256, in hex, go before the last extension:
//! `app.css` becomes `app.f674c2ffb741d9fd.css`. A name without an extension gets them at the
//! end.
//!
//! | Request | Response |
//! |---|---|
//! | `GET` or `HEAD` of a current URL | 200 with `Cache-Control: public, max-age=31536000, immutable` (RFC 8246), a strong `ETag`, `Content-Length`, `Content-Type` from the extension and `X-Content-Type-Options: nosniff`; 304 and 412 if the request is conditional |
//! | `GET` or `HEAD` of a plain name | 307 to the current URL, with `Cache-Control: no-cache` |
//! | `GET` of a current URL with `Range` | 206 with one part, or several as `multipart/byteranges`, cut from the file in memory; 416 beyond its end |
//! | any other path, such as one with an old hash | 404 with `Cache-Control: no-store` |
//! | another method | 405 with `Allow` and `Cache-Control: no-store` |
//!
//! Text is served as UTF-8. Files without a well-known extension are `application/octet-stream`,
//! unless [`Assets::media_type`] sets another type.
//!
//! # Layer order
//!
//! The service needs no layer for tags or conditions. Put compression around it, and
//! [`CodingTagLayer`](crate::CodingTagLayer) around that.
//!
//! Assets are public, and their `Cache-Control` says so. A shared cache gives them to everybody,
//! even if authentication is outside of the service.
//!
//! The path of a request may start with the prefix or not, without any setting. It does if the
//! service is a fallback or the whole application. It does not below `axum`'s `nest_service`. The
//! prefix must be the one that clients see: `/shop/assets` behind a proxy that removes `/shop`.
//!
//! # Limits
//!
//! [`Assets::max_total_bytes`] limits the contents together, 64 MiB by default. A file beyond
//! the limit is refused when it is added.
//!
//! # Errors
//!
//! The service never fails. [`AssetsError`] is returned when a file cannot be added.
//!
//! # What it does not do
//!
//! A file that changes on disk is served unchanged until the process restarts.
//!
//! During a rollout, an instance of the old version responds with 404 to a new URL. To avoid
//! that, serve pages and assets from one instance, or behind a proxy that caches the assets.
//!
//! Several parts are not sent if `Accept-Encoding` allows a content coding, or if they would be
//! longer than the file. The response is then the 200.
//!
//! The hash does not protect from somebody who makes two versions with the same 64 bits on
//! purpose.

mod directory;
mod error;
mod media_type;
mod name;
mod response;
mod service;
mod set;
#[cfg(test)]
mod tests;

pub use {error::AssetsError, response::AssetBody, service::ResponseFuture, set::Assets};
