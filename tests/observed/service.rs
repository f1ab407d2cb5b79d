//! A service with every kind of response, and the runs of its handler.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::Bytes;
use futures_util::future;
use http::{HeaderValue, Method, Request, Response, StatusCode, header::CACHE_CONTROL};
use http_body::{Frame, SizeHint};
use tower::BoxError;
use tower_conditional::{EntityTag, VersionTags, handler::Expected};

/// The number of notes of a worker.
pub(crate) const NOTES: u64 = 8;

/// The state of the service.
#[derive(Debug, Default)]
pub(crate) struct World {
    versions: [[AtomicU64; NOTES as usize]; 4],
    pub(crate) runs: AtomicU64,
}

/// A path: `/WORKER/KIND/NUMBER`. The number is that of a note, or of chunks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target {
    pub(crate) worker: u64,
    pub(crate) kind: char,
    pub(crate) number: u64,
}

impl Target {
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let mut parts = path.split('/').skip(1);
        Some(Self {
            worker: parts.next()?.parse().ok()?,
            kind: parts.next()?.chars().next()?,
            number: parts.next()?.parse().ok()?,
        })
    }

    pub(crate) fn path(self) -> String {
        format!("/{}/{}/{}", self.worker, self.kind, self.number)
    }

    /// The name of the route is the start of the path.
    pub(crate) fn route(self) -> String {
        format!("/{}/{}", self.worker, self.kind)
    }

    /// Returns `true` for a note whose handler compares, and for one whose handler does not.
    pub(crate) fn is_note(self) -> bool {
        matches!(self.kind, 'n' | 'u')
    }
}

impl World {
    pub(crate) fn version(&self, target: Target) -> &AtomicU64 {
        &self.versions[target.worker as usize][target.number as usize]
    }

    pub(crate) fn tag(&self, target: Target) -> EntityTag {
        let version = self.version(target).load(Ordering::SeqCst);
        let scope = format!("{}/{}", target.worker, target.number);
        let tags = VersionTags::plain().scope(&scope);
        tags.number(i64::try_from(version).expect("a small number"))
    }

    pub(crate) fn content(&self, target: Target) -> String {
        let version = self.version(target).load(Ordering::SeqCst);
        let length = 100 + target.number * 10 + version % 7;
        "n".repeat(usize::try_from(length).expect("a small number"))
    }

    pub(crate) async fn handle<B>(
        self: Arc<Self>,
        request: Request<B>,
    ) -> Result<Response<Body>, BoxError> {
        self.runs.fetch_add(1, Ordering::Relaxed);
        let target = Target::parse(request.uri().path()).expect("a path of the test");
        Ok(match (target.kind, request.method()) {
            ('n' | 'u', &Method::PUT) => self.write(target, &request),
            ('n' | 'u', _) => Response::new(self.content(target).into()),
            ('p', _) => Response::new(page(target).into()),
            ('o', _) => order(target),
            ('s', _) => Response::new(chunks(target.number, None)),
            ('b', _) => Response::new(chunks(target.number, Some("the content broke"))),
            ('t', _) => {
                let mut response = Response::new(page(target).into());
                let no_store = HeaderValue::from_static("no-store");
                response.headers_mut().insert(CACHE_CONTROL, no_store);
                response
            }
            ('w', _) => future::pending().await,
            ('x', _) => panic!("the handler panics"),
            _ => return Err("the service fails".into()),
        })
    }

    fn write<B>(&self, target: Target, request: &Request<B>) -> Response<Body> {
        // A handler of the kind `u` writes without a comparison.
        if target.kind == 'n' {
            let checked = Expected::of(request).check(self.tag(target));
            assert!(checked.is_ok(), "the layer has checked");
        }
        self.version(target).fetch_add(1, Ordering::SeqCst);
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        response
    }
}

pub(crate) fn page(target: Target) -> String {
    "p".repeat(usize::try_from(300 + target.number).expect("a small number"))
}

/// An order fails if its number is odd.
fn order(target: Target) -> Response<Body> {
    let mut response = Response::new(Body::from("an order"));
    *response.status_mut() = if target.number % 2 == 1 {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        StatusCode::CREATED
    };
    response
}

pub(crate) const CHUNK: &[u8] = b"0123456789";

fn chunks(number: u64, error: Option<&'static str>) -> Body {
    Body::new(Chunks {
        left: number,
        error,
    })
}

struct Chunks {
    left: u64,
    error: Option<&'static str>,
}

impl http_body::Body for Chunks {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.left > 0 {
            self.left -= 1;
            return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(CHUNK)))));
        }
        Poll::Ready(self.error.take().map(|error| Err(error.into())))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::new()
    }
}
