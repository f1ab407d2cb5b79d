//! A collector that reads a body of announced length, and returns it whole.

#[cfg(test)]
mod tests;

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame};

use super::{Replay, ResponseBody, Rest};

/// A body after its first poll, which did not return all content.
pub(crate) struct PolledBody<B: Body> {
    // Boxed because it must be movable after it has been polled.
    body: Pin<Box<B>>,
    first_poll: FirstPoll<B::Error>,
}

/// The result of the first poll of a body. `None` if the body was not polled, because it had
/// reported its end before.
type FirstPoll<E> = Option<Poll<Option<Result<Frame<Bytes>, E>>>>;

/// Reads content that is ready at once, in one frame of at most `max_bytes` bytes.
///
/// Most content is ready in one frame. It needs neither a list of frames nor an incremental
/// hash.
#[inline]
pub(crate) fn read_at_once<B: Body<Data = Bytes>>(
    cx: &mut Context<'_>,
    body: B,
    announced: u64,
    max_bytes: usize,
) -> Result<Bytes, PolledBody<B>> {
    // This check saves the poll that would only report the end.
    let over = body.is_end_stream();
    if over && announced == 0 {
        return Ok(Bytes::new());
    }
    let mut body = Box::pin(body);
    let mut first_poll = (!over).then(|| body.as_mut().poll_frame(cx));
    let is_all = |data: &Bytes| {
        // A frame without data is still a frame, which must be passed on.
        !data.is_empty() && data.len() as u64 == announced && data.len() <= max_bytes
    };
    if let Some(Poll::Ready(Some(Ok(frame)))) = first_poll {
        let frame = match frame.into_data() {
            Ok(data) if is_all(&data) && body.is_end_stream() => return Ok(data),
            Ok(data) => Frame::data(data),
            Err(frame) => frame,
        };
        first_poll = Some(Poll::Ready(Some(Ok(frame))));
    }
    Err(PolledBody { body, first_poll })
}

/// Returns content that is ready at once in one frame, and any other body unchanged.
pub(crate) fn content_in_one_piece<B: Body<Data = Bytes>>(
    cx: &mut Context<'_>,
    body: B,
    announced: u64,
) -> Result<Bytes, ResponseBody<B>> {
    read_at_once(cx, body, announced, usize::MAX).map_err(|begun| {
        let mut collector = Collector::new(begun, announced, announced);
        // Takes the frame that was read, if there was one.
        let _ = collector.poll_step(cx);
        collector.into_body()
    })
}

/// A collector of the frames of a body, without copies. It stops if the body does not have the
/// announced length.
pub(crate) struct Collector<B: Body> {
    body: Pin<Box<B>>,
    announced: u64,
    limit: u64,
    first: Option<Bytes>,
    more: Vec<Bytes>,
    length: u64,
    ending: Option<Result<Frame<Bytes>, B::Error>>,
    end: EndState,
    /// The number of frames that may be read before other tasks run.
    frames_left: u32,
    /// The result of the first poll, until the first step takes it.
    first_poll: FirstPoll<B::Error>,
}

/// The end of a body, and how it was found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum EndState {
    /// The body has not ended.
    NotReached,
    /// `is_end_stream` reported the end.
    Reported,
    /// A poll returned no further frame, and `is_end_stream` had not reported the end.
    Polled,
}

/// The largest number of frames that are reserved at once, and that every limit allows.
const MIN_FRAMES: usize = 64;

/// The largest number of frames that are read without a pause. Otherwise a body that is always
/// ready would keep other tasks from running.
const FRAMES_BETWEEN_PAUSES: u32 = 128;

/// The result of one step of reading.
pub(crate) enum ReadStep {
    /// A data frame was read. [`Collector::last`] returns it.
    Data,
    /// Reading is over.
    Ended(ReadEnd),
}

/// The way in which reading ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadEnd {
    /// All content has been read, and it has the announced length.
    Complete,
    /// The content is shorter or longer than announced.
    LengthMismatch,
    /// The content has so many frames that their list would exceed the limit.
    TooManyFrames,
    /// The body returned an error, or a frame that is neither data nor trailers.
    Broken,
}

impl<B: Body<Data = Bytes>> Collector<B> {
    /// Creates a collector for a body whose exact size hint was `announced`.
    ///
    /// The list of its frames takes at most `limit` bytes. That is enough for `limit / 32`
    /// frames after the first. Every limit allows 64 frames.
    pub(crate) fn new(begun: PolledBody<B>, announced: u64, limit: u64) -> Self {
        Self {
            body: begun.body,
            announced,
            limit,
            first: None,
            more: Vec::new(),
            length: 0,
            ending: None,
            end: EndState::NotReached,
            frames_left: FRAMES_BETWEEN_PAUSES,
            first_poll: begun.first_poll,
        }
    }

    /// Returns `true` if the body reports that nothing follows.
    fn is_over(&mut self) -> bool {
        if self.end == EndState::NotReached && self.body.is_end_stream() {
            self.end = EndState::Reported;
        }
        self.end != EndState::NotReached
    }

    /// Returns the result for content that has ended.
    fn end_by_length(&self) -> ReadEnd {
        if self.length == self.announced {
            ReadEnd::Complete
        } else {
            ReadEnd::LengthMismatch
        }
    }

    /// Reads the next frame. Must not be called again after [`ReadStep::Ended`].
    ///
    /// After 128 frames in a row it returns `Pending` once, and wakes the task.
    pub(crate) fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<ReadStep> {
        if let Some(first) = self.first_poll.take() {
            return first.map(|frame| self.take(frame));
        }
        // This check saves the poll that would only report the end.
        if self.is_over() {
            return Poll::Ready(ReadStep::Ended(self.end_by_length()));
        }
        if self.frames_left == 0 {
            self.frames_left = FRAMES_BETWEEN_PAUSES;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let Poll::Ready(frame) = self.body.as_mut().poll_frame(cx) else {
            self.frames_left = FRAMES_BETWEEN_PAUSES;
            return Poll::Pending;
        };
        Poll::Ready(self.take(frame))
    }

    fn take(&mut self, frame: Option<Result<Frame<Bytes>, B::Error>>) -> ReadStep {
        self.frames_left -= 1;
        let ending = match frame {
            None => {
                self.end = EndState::Polled;
                self.end_by_length()
            }
            Some(Err(error)) => {
                self.ending = Some(Err(error));
                ReadEnd::Broken
            }
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => return self.push(data),
                // Trailers come after all content (RFC 9110, section 6.5).
                Err(frame) => {
                    let ending = if frame.is_trailers() {
                        self.end_by_length()
                    } else {
                        ReadEnd::Broken
                    };
                    self.ending = Some(Ok(frame));
                    ending
                }
            },
        };
        ReadStep::Ended(ending)
    }

    fn push(&mut self, data: Bytes) -> ReadStep {
        self.length = self.length.saturating_add(data.len() as u64);
        // An empty frame may own memory, such as an unfilled buffer.
        let data = if data.is_empty() { Bytes::new() } else { data };
        if self.first.is_none() {
            self.first = Some(data);
        } else {
            self.reserve(data.len());
            self.more.push(data);
        }
        if self.length > self.announced {
            ReadStep::Ended(ReadEnd::LengthMismatch)
        } else if self.more.len() >= self.max_frames() {
            ReadStep::Ended(ReadEnd::TooManyFrames)
        } else {
            ReadStep::Data
        }
    }

    /// Returns the largest number of frames after the first.
    fn max_frames(&self) -> usize {
        let frames = self.limit / size_of::<Bytes>() as u64;
        usize::try_from(frames).map_or(usize::MAX, |frames| frames.max(MIN_FRAMES))
    }

    /// Reserves memory for one more frame of `frame_length` bytes. It assumes that the other
    /// frames have the same size.
    fn reserve(&mut self, frame_length: usize) {
        let capacity = self.more.capacity();
        if capacity > self.more.len() {
            return;
        }
        let more = if capacity == 0 {
            let left = self.announced.saturating_sub(self.length);
            let frames = left.div_ceil(frame_length.max(1) as u64).saturating_add(1);
            usize::try_from(frames).map_or(MIN_FRAMES, |frames| frames.min(MIN_FRAMES))
        } else {
            capacity
        };
        self.more
            .reserve_exact(more.min(self.max_frames() - capacity));
    }

    /// Returns the last data frame.
    pub(crate) fn last(&self) -> &[u8] {
        self.more
            .last()
            .or(self.first.as_ref())
            .map_or(&[], Bytes::as_ref)
    }

    /// Returns the number of bytes read so far.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Returns the content read so far in one piece. A single frame is shared, not copied.
    #[cfg(any(feature = "json", feature = "tokio"))]
    pub(crate) fn content(&self) -> Bytes {
        match &self.first {
            Some(first) if self.more.is_empty() => first.clone(),
            first => {
                let frames = first.iter().chain(&self.more).map(|data| &**data);
                frames.collect::<Vec<&[u8]>>().concat().into()
            }
        }
    }

    /// Returns the content read so far in one piece. The frames become parts of it, so that they
    /// take no memory of their own.
    #[cfg(feature = "json")]
    pub(crate) fn join(&mut self) -> Bytes {
        let content = self.content();
        let mut rest = content.clone();
        for frame in self.first.iter_mut().chain(&mut self.more) {
            *frame = rest.split_to(frame.len());
        }
        content
    }

    /// Returns `true` if trailers follow the content.
    #[cfg(feature = "tokio")]
    pub(crate) fn has_trailers(&self) -> bool {
        matches!(&self.ending, Some(Ok(frame)) if frame.is_trailers())
    }

    /// Returns the body from its first frame on.
    pub(crate) fn into_body(self) -> ResponseBody<B> {
        let as_announced = self.length == self.announced;
        let only_data =
            self.more.is_empty() && self.ending.is_none() && self.end != EndState::NotReached;
        match self.first {
            None if only_data && as_announced => ResponseBody::empty(),
            Some(data) if only_data && as_announced && !data.is_empty() => {
                ResponseBody::bytes(data)
            }
            first => ResponseBody::replay(Replay {
                data: first.into_iter().chain(self.more),
                announced: self.announced,
                ending: self.ending,
                rest: match self.end {
                    EndState::NotReached => Rest::Unread(self.body),
                    // If the body reported its end now, a server would treat a short body as
                    // complete.
                    EndState::Polled if !as_announced => Rest::UnreportedEnd,
                    EndState::Reported | EndState::Polled => Rest::Nothing,
                },
            }),
        }
    }
}
