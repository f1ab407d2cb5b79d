//! The pages that are read and written, and their versions.

use std::{
    convert::Infallible,
    future::Future,
    sync::atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response, StatusCode, header::ETAG, request::Parts};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use tower_conditional::cache_tags::CacheTags;

pub(crate) type Content = UnsyncBoxBody<Bytes, Infallible>;

/// The pages of two groups, and those without a group, which show both.
pub(crate) const PATHS: [&str; 5] = ["/a/1", "/a/2", "/b/1", "/b/2", "/all"];

/// The versions of the two groups. They only grow.
#[derive(Default)]
pub(crate) struct Versions([AtomicU64; 2]);

impl Versions {
    /// Returns the version of a page.
    pub(crate) fn of(&self, path: &str) -> u64 {
        let of = |group: usize| self.0[group].load(Ordering::SeqCst);
        match path.as_bytes()[1..] {
            [b'a', b'/', ..] => of(0),
            [b'b', ..] => of(1),
            _ => of(0) + of(1),
        }
    }

    fn commit(&self, path: &str) {
        // A write to the pages without a group changes the first.
        let group = usize::from(path.starts_with("/b/"));
        self.0[group].fetch_add(1, Ordering::SeqCst);
    }
}

/// Returns the group of a page as its tag.
pub(crate) fn tags(request: &Parts) -> CacheTags {
    match request.uri.path() {
        "/all" => CacheTags::new(),
        path => CacheTags::of([&path[1..2]]).expect("a tag"),
    }
}

/// The way in which a handler answers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Manner {
    AtOnce,
    Streamed,
    Failed,
    Panics,
}

pub(crate) const MANNERS: [Manner; 4] = [
    Manner::AtOnce,
    Manner::Streamed,
    Manner::Failed,
    Manner::Panics,
];

/// Answers a read with its version, and performs a write. `pause` is awaited between all steps.
pub(crate) async fn respond<F>(
    versions: &Versions,
    request: Request<Full<Bytes>>,
    manner: Manner,
    pause: impl Fn() -> F + Clone + Send + 'static,
) -> Result<Response<Content>, Infallible>
where
    F: Future<Output = ()> + Send + 'static,
{
    let path = request.uri().path();
    pause().await;
    let mut response = if request.method() == "GET" {
        let version = versions.of(path);
        Response::builder().header(ETAG, format!("\"{version}\""))
    } else {
        versions.commit(path);
        Response::builder()
    };
    pause().await;
    match manner {
        // Without a message.
        Manner::Panics => std::panic::resume_unwind(Box::new("on purpose")),
        Manner::Failed => response = response.status(StatusCode::INTERNAL_SERVER_ERROR),
        Manner::AtOnce | Manner::Streamed => {}
    }
    let content = match manner {
        Manner::Streamed => {
            let frame = stream::once(async move {
                pause().await;
                Ok(Frame::data(Bytes::from("hello")))
            });
            StreamBody::new(frame).boxed_unsync()
        }
        _ => Full::from("hello").boxed_unsync(),
    };
    Ok(response.body(content).expect("a response"))
}
