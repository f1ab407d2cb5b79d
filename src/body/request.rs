//! The body of a request that may have been read ahead.

#[cfg(test)]
mod tests;

use std::{
    collections::VecDeque,
    convert, fmt,
    future::poll_fn,
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// The body of a request inside a layer that reads content ahead.
    ///
    /// It is the client's body, of which some frames may have been read before. Data, trailers,
    /// frames of unknown kind and errors keep their order and content. Small data frames that
    /// were read may be joined.
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
    /// The data of small frames in a row, which follow `frames`. Empty without `join`.
    small: BytesMut,
    /// Makes a frame of joined data. `None` if frames stay as they are.
    join: Option<fn(Bytes) -> B::Data>,
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

/// Shorter data frames are small.
const SMALL_FRAME: usize = 1024;

impl<B: Body> ReadAhead<B> {
    pub(crate) fn new(body: B) -> Self {
        Self {
            frames: VecDeque::new(),
            small: BytesMut::new(),
            join: None,
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
    #[cfg(feature = "tokio")]
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
    #[cfg(any(test, feature = "tokio"))]
    pub(crate) async fn read_available(&mut self, max_bytes: usize) -> bool {
        poll_fn(|cx| Poll::Ready(self.poll(cx, max_bytes).is_ready())).await
    }

    /// Reads the body to its end, or until the frames take more than `max_bytes`.
    pub(crate) async fn read(&mut self, max_bytes: usize) {
        poll_fn(|cx| self.poll(cx, max_bytes)).await;
    }

    fn poll(&mut self, cx: &mut Context<'_>, max_bytes: usize) -> Poll<()> {
        self.begun = true;
        for _ in 0..FRAMES_BETWEEN_PAUSES {
            let Some(rest) = self.rest.as_mut().filter(|_| self.held <= max_bytes) else {
                self.flush_small();
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
        self.held += length;
        if self.join.is_some() && is_small(&frame) {
            self.hold_small(frame);
        } else {
            self.flush_small();
            self.push(frame);
        }
    }

    /// Adds the data of a small frame to that of the one before. A single one is not copied.
    fn hold_small(&mut self, frame: FrameResult<B>) {
        if self.small.is_empty() {
            let last = self.frames.back().is_some_and(is_small);
            let Some(last) = last.then(|| self.frames.pop_back()).flatten() else {
                return self.push(frame);
            };
            self.held -= size_of::<FrameResult<B>>();
            self.extend_small(last);
        }
        self.extend_small(frame);
    }

    fn extend_small(&mut self, frame: FrameResult<B>) {
        if let Some(Ok(data)) = frame.ok().map(Frame::into_data) {
            self.small.put(data);
        }
    }

    fn flush_small(&mut self) {
        if let Some(join) = self.join
            && !self.small.is_empty()
        {
            let joined = join(mem::take(&mut self.small).freeze());
            self.push(Ok(Frame::data(joined)));
        }
    }

    fn push(&mut self, frame: FrameResult<B>) {
        self.held += size_of::<FrameResult<B>>();
        self.frames.push_back(frame);
    }

    pub(crate) fn into_body(mut self) -> RequestBody<B> {
        self.flush_small();
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

/// Returns `true` for a small frame of data.
fn is_small<D: Buf, E>(frame: &Result<Frame<D>, E>) -> bool {
    let data = frame.as_ref().ok().and_then(Frame::data_ref);
    data.is_some_and(|data| data.remaining() < SMALL_FRAME)
}

impl<B: Body<Data = Bytes>> ReadAhead<B> {
    /// Joins small data frames as they are read. A client may send its content byte by byte, and
    /// a frame takes more memory than a byte.
    pub(crate) fn joining_small(self) -> Self {
        let join: fn(Bytes) -> Bytes = convert::identity;
        Self {
            join: Some(join),
            ..self
        }
    }

    /// Reads the body to its end, or until it is longer than `max_bytes`. Small frames have to
    /// be joined.
    pub(crate) async fn read_content(&mut self, max_bytes: usize) {
        // Of two frames in a row, one is not small. Frames that are not data have no length.
        let frames = FRAMES_BETWEEN_PAUSES + 2 * (max_bytes / SMALL_FRAME);
        let overhead = frames * size_of::<FrameResult<B>>();
        self.read(max_bytes.saturating_add(overhead)).await;
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
