//! The content of a request, read ahead.

#[cfg(test)]
mod tests;

use std::{
    collections::VecDeque,
    fmt,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// The body of a request that came through a layer of this crate that waits for it.
    ///
    /// It is the client's own body, of which some may have been read before. Data,
    /// trailers, frames of unknown kind and errors come out as they came in.
    pub struct RequestBody<B: Body> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[project = KindProj]
    enum Kind<B: Body> {
        Unread {
            #[pin]
            body: B,
        },
        ReadAhead {
            read: ReadAhead<B>,
        },
    }
}

/// A frame of a body, or the error of the body.
type FrameResult<B> = Result<Frame<<B as Body>::Data>, <B as Body>::Error>;

/// A body that is read before anybody asks for it.
///
/// It is boxed because it must be movable after it has been polled.
pub(crate) struct ReadAhead<B: Body> {
    frames: VecDeque<FrameResult<B>>,
    /// Bytes of data in the frames.
    length: u64,
    /// Bytes of memory that the frames take, their data included.
    held: usize,
    /// Not there once its end was seen.
    rest: Option<Pin<Box<B>>>,
    begun: bool,
}

/// Frames that are taken without a pause. A body that is always ready would otherwise
/// keep other tasks from running.
const FRAMES_BETWEEN_PAUSES: usize = 128;

impl<B: Body> ReadAhead<B> {
    pub(crate) fn new(body: B) -> Self {
        Self {
            frames: VecDeque::new(),
            length: 0,
            held: 0,
            rest: (!body.is_end_stream()).then(|| Box::pin(body)),
            begun: false,
        }
    }

    /// Returns `true` if reading has begun, by which a client that waited for a 100 gets it.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun
    }

    /// Returns `true` if the body was read to its end, and without an error.
    pub(crate) fn is_complete(&self) -> bool {
        self.rest.is_none() && !matches!(self.frames.back(), Some(Err(_)))
    }

    /// Reads the frames that have come. Returns `true` if the body was read to its end, or
    /// if more than `max_bytes` are here.
    pub(crate) async fn read_available(&mut self, max_bytes: usize) -> bool {
        poll_fn(|cx| Poll::Ready(self.poll(cx, max_bytes).is_ready())).await
    }

    /// Reads the body to its end, or until more than `max_bytes` are here.
    pub(crate) async fn read(&mut self, max_bytes: usize) {
        poll_fn(|cx| self.poll(cx, max_bytes)).await;
    }

    fn poll(&mut self, cx: &mut Context<'_>, max_bytes: usize) -> Poll<()> {
        self.begun = true;
        for _ in 0..FRAMES_BETWEEN_PAUSES {
            let Some(rest) = self.rest.as_mut().filter(|_| self.held <= max_bytes) else {
                return Poll::Ready(());
            };
            let frame = ready!(rest.as_mut().poll_frame(cx));
            // Some bodies must not be polled after an error.
            let over = !matches!(frame, Some(Ok(_))) || rest.is_end_stream();
            if let Some(frame) = frame {
                self.hold(frame);
            }
            if over {
                self.rest = None;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn hold(&mut self, frame: FrameResult<B>) {
        let data = frame.as_ref().ok().and_then(Frame::data_ref);
        let length = data.map_or(0, Buf::remaining);
        self.length += length as u64;
        self.held += length + size_of::<FrameResult<B>>();
        self.frames.push_back(frame);
    }

    pub(crate) fn into_body(self) -> RequestBody<B> {
        RequestBody {
            kind: Kind::ReadAhead { read: self },
        }
    }

    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<FrameResult<B>>> {
        if let Some(frame) = self.frames.pop_front() {
            let data = frame.as_ref().ok().and_then(Frame::data_ref);
            self.length -= data.map_or(0, Buf::remaining) as u64;
            return Poll::Ready(Some(frame));
        }
        match &mut self.rest {
            Some(rest) => rest.as_mut().poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.frames.is_empty() && self.rest.as_ref().is_none_or(|rest| rest.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.as_ref();
        let rest = rest.map_or_else(|| SizeHint::with_exact(0), |rest| rest.size_hint());
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(self.length));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(self.length));
        }
        hint
    }
}

impl<B: Body> RequestBody<B> {
    pub(crate) fn unread(body: B) -> Self {
        Self {
            kind: Kind::Unread { body },
        }
    }
}

impl<B: Body> Body for RequestBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        match self.project().kind.project() {
            KindProj::Unread { body } => body.poll_frame(cx),
            KindProj::ReadAhead { read } => read.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Unread { body } => body.is_end_stream(),
            Kind::ReadAhead { read } => read.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Unread { body } => body.size_hint(),
            Kind::ReadAhead { read } => read.size_hint(),
        }
    }
}

impl<B: Body + Default> Default for RequestBody<B> {
    /// The default of the client's body.
    fn default() -> Self {
        Self::unread(B::default())
    }
}

impl<B: Body> fmt::Debug for RequestBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.kind {
            Kind::Unread { .. } => "Unread",
            Kind::ReadAhead { .. } => "ReadAhead",
        };
        f.debug_tuple("RequestBody").field(&kind).finish()
    }
}
