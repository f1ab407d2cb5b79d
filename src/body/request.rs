//! The body of a request that may have been read ahead.

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
    /// The body of a request inside a layer that reads content ahead.
    ///
    /// It is the client's body, of which some frames may have been read before. Data, trailers,
    /// frames of unknown kind and errors keep their order and content.
    pub struct RequestBody<B: Body> {
        #[pin]
        kind: RequestBodyKind<B>,
    }
}

pin_project! {
    #[project = RequestBodyKindProj]
    enum RequestBodyKind<B: Body> {
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

/// A body that is read before the service polls it.
///
/// The body is boxed, because it must be movable after it has been polled.
pub(crate) struct ReadAhead<B: Body> {
    frames: VecDeque<FrameResult<B>>,
    /// The number of data bytes in the frames.
    length: u64,
    /// The memory of the frames in bytes, including their data.
    held: usize,
    /// The unread rest, or `None` after the end.
    rest: Option<Pin<Box<B>>>,
    begun: bool,
}

/// The largest number of frames that are read without a pause. Otherwise a body that is always
/// ready would keep other tasks from running.
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

    /// Returns `true` if reading has begun. A client that waited for a 100 has then received
    /// it.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun
    }

    /// Returns `true` if the body was read to its end without an error.
    pub(crate) fn is_complete(&self) -> bool {
        self.rest.is_none() && !matches!(self.frames.back(), Some(Err(_)))
    }

    /// Returns `true` if the last thing that was read is an error.
    pub(crate) fn is_broken(&self) -> bool {
        matches!(self.frames.back(), Some(Err(_)))
    }

    /// Returns the number of bytes of data that were read.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Returns the data that was read, frame by frame.
    pub(crate) fn data(&self) -> impl Iterator<Item = &B::Data> {
        let frames = self.frames.iter().filter_map(|frame| frame.as_ref().ok());
        frames.filter_map(Frame::data_ref)
    }

    /// Reads the frames that have arrived. Returns `true` if the body was read to its end, or if
    /// the frames take more than `max_bytes`.
    pub(crate) async fn read_available(&mut self, max_bytes: usize) -> bool {
        poll_fn(|cx| Poll::Ready(self.poll(cx, |read| read.held > max_bytes).is_ready())).await
    }

    /// Reads the body to its end, or until the frames take more than `max_bytes`.
    pub(crate) async fn read(&mut self, max_bytes: usize) {
        poll_fn(|cx| self.poll(cx, |read| read.held > max_bytes)).await;
    }

    /// Reads the body to its end, or until its data is longer than `max_bytes`. The frames
    /// around the data may take as much memory again, and at least 64 KiB.
    #[cfg(feature = "tokio")]
    pub(crate) async fn read_data(&mut self, max_bytes: usize) {
        let max_overhead = max_bytes.max(64 << 10);
        let is_full = |read: &Self| {
            let length = usize::try_from(read.length).unwrap_or(usize::MAX);
            length > max_bytes || read.held.saturating_sub(length) > max_overhead
        };
        poll_fn(|cx| self.poll(cx, is_full)).await;
    }

    fn poll(&mut self, cx: &mut Context<'_>, is_full: impl Fn(&Self) -> bool) -> Poll<()> {
        self.begun = true;
        for _ in 0..FRAMES_BETWEEN_PAUSES {
            if is_full(self) {
                return Poll::Ready(());
            }
            let Some(rest) = self.rest.as_mut() else {
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
            kind: RequestBodyKind::ReadAhead { read: self },
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
            kind: RequestBodyKind::Unread { body },
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
            RequestBodyKindProj::Unread { body } => body.poll_frame(cx),
            RequestBodyKindProj::ReadAhead { read } => read.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            RequestBodyKind::Unread { body } => body.is_end_stream(),
            RequestBodyKind::ReadAhead { read } => read.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            RequestBodyKind::Unread { body } => body.size_hint(),
            RequestBodyKind::ReadAhead { read } => read.size_hint(),
        }
    }
}

impl<B: Body + Default> Default for RequestBody<B> {
    /// Creates a body from the default of the client's body type.
    fn default() -> Self {
        Self::unread(B::default())
    }
}

impl<B: Body> fmt::Debug for RequestBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.kind {
            RequestBodyKind::Unread { .. } => "Unread",
            RequestBodyKind::ReadAhead { .. } => "ReadAhead",
        };
        f.debug_tuple("RequestBody").field(&kind).finish()
    }
}
