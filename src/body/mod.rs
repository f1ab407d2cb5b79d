//! The body types that layers use for responses and requests.
//!
//! Each of `IdempotencyLayer` and [`PreconditionLayer`](crate::PreconditionLayer) wraps the body of a
//! request once. So write a handler for any body, which `axum` does by itself:
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body::Body;
//!
//! async fn handle<B>(request: Request<B>) -> Result<Response<String>, B::Error>
//! where
//!     B: Body<Data = Bytes>,
//! {
//!     Ok(Response::new(request.uri().path().to_owned()))
//! }
//! ```
//!
//! A closure gets its type from its argument, such as
//! `Request<RequestBody<RequestBody<Incoming>>>` below both layers.

mod byteranges;
#[cfg(feature = "json")]
mod canonical;
mod collect;
mod partial;
mod request;
mod slice;
#[cfg(test)]
mod tests;
mod unread;
#[cfg_attr(
    not(feature = "tokio"),
    expect(dead_code, reason = "only `ValidatorCacheLayer` watches bodies")
)]
mod watched;

use std::{
    fmt,
    iter::Chain,
    option,
    pin::Pin,
    task::{Context, Poll, ready},
    vec,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use byteranges::Byteranges;
pub(crate) use byteranges::{DrawBoundary, PartContent, draw_boundary};
#[cfg(feature = "json")]
pub(crate) use canonical::{CanonicalForm, CanonicalJob, MAX_IN_PLACE, canonical_form};
pub(crate) use collect::{Collector, ReadEnd, ReadStep, content_in_one_piece, read_at_once};
pub(crate) use partial::{WholeContentType, begin_part, begin_parts};
pub(crate) use request::ReadAhead;
pub use request::RequestBody;
use slice::Slice;
pub(crate) use unread::{RefuseFuture, UnreadContent};
use watched::WatchedBody;
#[cfg(feature = "tokio")]
pub(crate) use watched::{ContentEnd, watch};

use crate::semantics::condition::range::ByteRange;

/// An extension of a response whose content was read ahead, and breaks off or has another length
/// than it announced. Nothing is known of the representation then.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BrokenContent;

/// An extension of a response whose validators from a source were not confirmed. The content may be
/// of another state than the source had, so no part of it may be joined with others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UnconfirmedTag;

pin_project! {
    /// The body of a response from a layer of this crate.
    ///
    /// It is one of
    ///
    /// - the service's own body,
    /// - an empty body (304) or a short text (412),
    /// - the frames that were read for a hash, followed by the unread rest,
    /// - a part of the service's own body (206), or several with delimiters between them, or
    /// - the service's own body, whose end is reported to a layer.
    ///
    /// Data, trailers, frames of unknown kind and errors keep their order and content.
    /// [`size_hint`](Body::size_hint) is that of the service's body, even if the content
    /// turned out to have another length. Parts have an exact one, and no trailers.
    pub struct ResponseBody<B: Body> {
        #[pin]
        kind: ResponseBodyKind<B>,
    }
}

pin_project! {
    #[project = ResponseBodyKindProj]
    enum ResponseBodyKind<B: Body> {
        Inner {
            #[pin]
            body: B,
        },
        Bytes {
            bytes: Bytes,
        },
        // Boxed, so that moving the other variants is cheap.
        Replay {
            replay: Box<Replay<B>>,
        },
        Watched {
            watched: Box<WatchedBody<B>>,
        },
        Slice {
            slice: Pin<Box<Slice<B>>>,
        },
        // The body was polled before, so frames of it are in another of these bodies.
        SliceOfPolled {
            slice: Pin<Box<Slice<ResponseBody<B>>>>,
        },
        Byteranges {
            byteranges: Box<Byteranges<B>>,
        },
    }
}

/// Frames that were read ahead, then the frame or error that ended the reading, then the rest.
struct Replay<B: Body> {
    data: Chain<option::IntoIter<Bytes>, vec::IntoIter<Bytes>>,
    /// The bytes that the body announced and that have not been returned yet. The content may
    /// have another length.
    announced: u64,
    ending: Option<Result<Frame<Bytes>, B::Error>>,
    rest: Rest<B>,
}

/// The rest of a body behind the frames that were read ahead.
enum Rest<B> {
    /// The unread rest of the body.
    Unread(Pin<Box<B>>),
    /// The end, which only the next poll may report.
    UnreportedEnd,
    /// The end.
    Nothing,
}

impl<B: Body<Data = Bytes>> ResponseBody<B> {
    pub(crate) fn inner(body: B) -> Self {
        Self {
            kind: ResponseBodyKind::Inner { body },
        }
    }

    pub(crate) fn empty() -> Self {
        Self::bytes(Bytes::new())
    }

    pub(crate) fn bytes(bytes: Bytes) -> Self {
        Self {
            kind: ResponseBodyKind::Bytes { bytes },
        }
    }

    /// Creates a body with the bytes of `body` that a range selects.
    pub(crate) fn slice(body: B, range: ByteRange) -> Self {
        Self {
            kind: ResponseBodyKind::Slice {
                slice: Box::pin(Slice::new(body, range)),
            },
        }
    }

    /// Creates a body as [`slice`](Self::slice) does, of a body that was polled before.
    pub(crate) fn slice_of_polled(body: Self, range: ByteRange) -> Self {
        Self {
            kind: ResponseBodyKind::SliceOfPolled {
                slice: Box::pin(Slice::new(body, range)),
            },
        }
    }

    fn replay(replay: Replay<B>) -> Self {
        Self {
            kind: ResponseBodyKind::Replay {
                replay: Box::new(replay),
            },
        }
    }
}

impl<B: Body<Data = Bytes>> Body for ResponseBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().kind.project() {
            ResponseBodyKindProj::Inner { body } => body.poll_frame(cx),
            ResponseBodyKindProj::Bytes { bytes } if bytes.is_empty() => Poll::Ready(None),
            ResponseBodyKindProj::Bytes { bytes } => {
                Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes)))))
            }
            ResponseBodyKindProj::Replay { replay } => replay.poll_frame(cx),
            ResponseBodyKindProj::Watched { watched } => watched.poll_frame(cx),
            ResponseBodyKindProj::Slice { slice } => slice.as_mut().poll_frame(cx),
            ResponseBodyKindProj::SliceOfPolled { slice } => slice.as_mut().poll_frame(cx),
            ResponseBodyKindProj::Byteranges { byteranges } => byteranges.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            ResponseBodyKind::Inner { body } => body.is_end_stream(),
            ResponseBodyKind::Bytes { bytes } => bytes.is_empty(),
            ResponseBodyKind::Replay { replay } => replay.is_end_stream(),
            ResponseBodyKind::Watched { watched } => watched.is_end_stream(),
            ResponseBodyKind::Slice { slice } => slice.is_end_stream(),
            ResponseBodyKind::SliceOfPolled { slice } => slice.is_end_stream(),
            ResponseBodyKind::Byteranges { byteranges } => byteranges.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            ResponseBodyKind::Inner { body } => body.size_hint(),
            ResponseBodyKind::Bytes { bytes } => SizeHint::with_exact(bytes.len() as u64),
            ResponseBodyKind::Replay { replay } => replay.size_hint(),
            ResponseBodyKind::Watched { watched } => watched.size_hint(),
            ResponseBodyKind::Slice { slice } => slice.size_hint(),
            ResponseBodyKind::SliceOfPolled { slice } => slice.size_hint(),
            ResponseBodyKind::Byteranges { byteranges } => byteranges.size_hint(),
        }
    }
}

impl<B: Body<Data = Bytes>> Replay<B> {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        if let Some(data) = self.data.next() {
            self.announced = self.announced.saturating_sub(data.len() as u64);
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        if let Some(ending) = self.ending.take() {
            return Poll::Ready(Some(ending));
        }
        let frame = match &mut self.rest {
            Rest::Unread(rest) => ready!(rest.as_mut().poll_frame(cx)),
            Rest::UnreportedEnd | Rest::Nothing => None,
        };
        if frame.is_none() {
            self.rest = Rest::Nothing;
        }
        Poll::Ready(frame)
    }

    fn has_returned_all_data(&self) -> bool {
        self.data.size_hint().0 == 0
    }

    fn is_end_stream(&self) -> bool {
        let over = match &self.rest {
            Rest::Unread(rest) => rest.is_end_stream(),
            Rest::UnreportedEnd => false,
            Rest::Nothing => true,
        };
        over && self.has_returned_all_data() && self.ending.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.rest {
            Rest::Unread(rest) if self.has_returned_all_data() => rest.size_hint(),
            _ => SizeHint::with_exact(self.announced),
        }
    }
}

impl<B: Body<Data = Bytes>> Default for ResponseBody<B> {
    /// Creates an empty body. Some layers of tower-http replace a body with the default.
    fn default() -> Self {
        Self::empty()
    }
}

impl<B: Body> fmt::Debug for ResponseBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.kind {
            ResponseBodyKind::Inner { .. } => "Inner",
            ResponseBodyKind::Bytes { .. } => "Bytes",
            ResponseBodyKind::Replay { .. } => "Replay",
            ResponseBodyKind::Watched { .. } => "Watched",
            ResponseBodyKind::Slice { .. } => "Slice",
            ResponseBodyKind::SliceOfPolled { .. } => "SliceOfPolled",
            ResponseBodyKind::Byteranges { .. } => "Byteranges",
        };
        f.debug_tuple("ResponseBody").field(&kind).finish()
    }
}
