//! The bodies that layers put in place of others: one for responses, one for requests.

mod collect;
#[cfg(feature = "tokio")]
mod request;
#[cfg(test)]
mod tests;
mod unread;

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

pub(crate) use collect::{Collector, Ending, Step, read_at_once};
#[cfg(feature = "tokio")]
pub(crate) use request::ReadAhead;
#[cfg(feature = "tokio")]
pub use request::RequestBody;
pub(crate) use unread::UnreadContent;

pin_project! {
    /// The body of a response that came through a layer of this crate.
    ///
    /// It is the service's own body, or what a layer put in its place: nothing
    /// (304), a short text (412), or the frames that were read for a hash and
    /// then whatever had not been read yet. Data, trailers, frames of unknown
    /// kind and errors come out as they went in, in the same order.
    /// [`size_hint`](Body::size_hint) announces what the service's body did, even
    /// if its content turned out to have another length.
    pub struct ResponseBody<B: Body> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[project = KindProj]
    enum Kind<B: Body> {
        Inner {
            #[pin]
            body: B,
        },
        Bytes {
            bytes: Bytes,
        },
        // Boxed, so that the other two are small to move.
        Replay {
            replay: Box<Replay<B>>,
        },
    }
}

/// Frames that were read ahead, then what ended the reading, then the rest.
struct Replay<B: Body> {
    data: Chain<option::IntoIter<Bytes>, vec::IntoIter<Bytes>>,
    /// Bytes that the body announced before it was read and that have not been
    /// given out. It may have other bytes in fact.
    announced: u64,
    ending: Option<Result<Frame<Bytes>, B::Error>>,
    rest: Rest<B>,
}

/// What follows the frames that were read ahead.
enum Rest<B> {
    /// The body from there on.
    Unread(Pin<Box<B>>),
    /// An end that only the next poll tells.
    UntoldEnd,
    Nothing,
}

impl<B: Body<Data = Bytes>> ResponseBody<B> {
    pub(crate) fn inner(body: B) -> Self {
        Self {
            kind: Kind::Inner { body },
        }
    }

    pub(crate) fn empty() -> Self {
        Self::bytes(Bytes::new())
    }

    pub(crate) fn bytes(bytes: Bytes) -> Self {
        Self {
            kind: Kind::Bytes { bytes },
        }
    }

    fn replay(replay: Replay<B>) -> Self {
        Self {
            kind: Kind::Replay {
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
            KindProj::Inner { body } => body.poll_frame(cx),
            KindProj::Bytes { bytes } if bytes.is_empty() => Poll::Ready(None),
            KindProj::Bytes { bytes } => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            KindProj::Replay { replay } => replay.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Inner { body } => body.is_end_stream(),
            Kind::Bytes { bytes } => bytes.is_empty(),
            Kind::Replay { replay } => replay.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Inner { body } => body.size_hint(),
            Kind::Bytes { bytes } => SizeHint::with_exact(bytes.len() as u64),
            Kind::Replay { replay } => replay.size_hint(),
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
            Rest::UntoldEnd | Rest::Nothing => None,
        };
        if frame.is_none() {
            self.rest = Rest::Nothing;
        }
        Poll::Ready(frame)
    }

    fn gave_all_data(&self) -> bool {
        self.data.size_hint().0 == 0
    }

    fn is_end_stream(&self) -> bool {
        let over = match &self.rest {
            Rest::Unread(rest) => rest.is_end_stream(),
            Rest::UntoldEnd => false,
            Rest::Nothing => true,
        };
        over && self.gave_all_data() && self.ending.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.rest {
            Rest::Unread(rest) if self.gave_all_data() => rest.size_hint(),
            _ => SizeHint::with_exact(self.announced),
        }
    }
}

impl<B: Body<Data = Bytes>> Default for ResponseBody<B> {
    /// No content. Some layers of tower-http put it in place of a body.
    fn default() -> Self {
        Self::empty()
    }
}

impl<B: Body> fmt::Debug for ResponseBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.kind {
            Kind::Inner { .. } => "Inner",
            Kind::Bytes { .. } => "Bytes",
            Kind::Replay { .. } => "Replay",
        };
        f.debug_tuple("ResponseBody").field(&kind).finish()
    }
}
