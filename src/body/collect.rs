//! Reads a body of announced length and gives it back whole.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame};

use super::{Replay, ResponseBody, Rest};

/// A body after its first poll, which did not return all content.
pub(crate) struct Begun<B: Body> {
    // Boxed because it must be movable after it has been polled.
    body: Pin<Box<B>>,
    first_poll: FirstPoll<B::Error>,
}

/// The result of the first poll of a body. `None` is a body that said before that it is
/// over, and was not polled.
type FirstPoll<E> = Option<Poll<Option<Result<Frame<Bytes>, E>>>>;

/// Reads content that is there at once and in one frame of at most `max_bytes` bytes.
/// Most content is, and needs neither a list of frames nor a hash that goes on.
#[inline]
pub(crate) fn read_at_once<B: Body<Data = Bytes>>(
    cx: &mut Context<'_>,
    body: B,
    announced: u64,
    max_bytes: usize,
) -> Result<Bytes, Begun<B>> {
    // Asking first saves the poll that would only say that it is over.
    let over = body.is_end_stream();
    if over && announced == 0 {
        return Ok(Bytes::new());
    }
    let mut body = Box::pin(body);
    let mut first_poll = (!over).then(|| body.as_mut().poll_frame(cx));
    let is_all = |data: &Bytes| {
        // A frame without data keeps its place.
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
    Err(Begun { body, first_poll })
}

/// Holds the frames of a body as they came, uncopied, as long as the body keeps
/// to the length that it announced.
pub(crate) struct Collector<B: Body> {
    body: Pin<Box<B>>,
    announced: u64,
    limit: u64,
    first: Option<Bytes>,
    more: Vec<Bytes>,
    length: u64,
    ending: Option<Result<Frame<Bytes>, B::Error>>,
    end: End,
    /// Frames that are taken before other tasks run.
    frames_left: u32,
    /// Taken by the first step.
    first_poll: FirstPoll<B::Error>,
}

/// Whether the body has ended, and how that is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// It has not.
    Ahead,
    /// `is_end_stream` told it.
    Told,
    /// There was no further frame, which nothing had told before.
    Found,
}

/// The most frames that room is made for at once, and that any limit allows.
const FEW_FRAMES: usize = 64;

/// The most frames that are taken without a pause. A body that is always ready
/// would otherwise keep other tasks from running.
const FRAMES_BETWEEN_PAUSES: u32 = 128;

/// One step of reading.
pub(crate) enum Step {
    /// A data frame came, which [`Collector::last`] shows.
    Data,
    /// Reading is over.
    Ended(Ending),
}

/// How reading ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// All content has been read, and it is as long as announced.
    Complete,
    /// The content ended early, or went on beyond the announced length.
    LengthMismatch,
    /// There are so many frames that the list of them would exceed the limit.
    TooManyFrames,
    /// The body broke, or sent a frame that is neither data nor trailers.
    Broken,
}

impl<B: Body<Data = Bytes>> Collector<B> {
    /// Reads on in a body whose exact size hint was `announced`.
    ///
    /// The list of its frames takes at most `limit` bytes, which leaves room for
    /// `limit / 32` frames after the first, and for 64 with any limit.
    pub(crate) fn new(begun: Begun<B>, announced: u64, limit: u64) -> Self {
        Self {
            body: begun.body,
            announced,
            limit,
            first: None,
            more: Vec::new(),
            length: 0,
            ending: None,
            end: End::Ahead,
            frames_left: FRAMES_BETWEEN_PAUSES,
            first_poll: begun.first_poll,
        }
    }

    /// Whether the body says that nothing follows what was read.
    fn is_over(&mut self) -> bool {
        if self.end == End::Ahead && self.body.is_end_stream() {
            self.end = End::Told;
        }
        self.end != End::Ahead
    }

    /// The ending of content that nothing follows.
    fn over(&self) -> Ending {
        if self.length == self.announced {
            Ending::Complete
        } else {
            Ending::LengthMismatch
        }
    }

    /// Reads the next frame. Not to be called again after [`Step::Ended`].
    ///
    /// Is pending, and asks to be polled again, after 128 frames in a row.
    pub(crate) fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        if let Some(first) = self.first_poll.take() {
            return first.map(|frame| self.take(frame));
        }
        // Asking first saves the poll that would only say that it is over.
        if self.is_over() {
            return Poll::Ready(Step::Ended(self.over()));
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

    fn take(&mut self, frame: Option<Result<Frame<Bytes>, B::Error>>) -> Step {
        self.frames_left -= 1;
        let ending = match frame {
            None => {
                self.end = End::Found;
                self.over()
            }
            Some(Err(error)) => {
                self.ending = Some(Err(error));
                Ending::Broken
            }
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => return self.push(data),
                // Trailers come after all content (RFC 9110, section 6.5).
                Err(frame) => {
                    let ending = if frame.is_trailers() {
                        self.over()
                    } else {
                        Ending::Broken
                    };
                    self.ending = Some(Ok(frame));
                    ending
                }
            },
        };
        Step::Ended(ending)
    }

    fn push(&mut self, data: Bytes) -> Step {
        self.length = self.length.saturating_add(data.len() as u64);
        // An empty frame may hold memory, such as a buffer that was not filled.
        let data = if data.is_empty() { Bytes::new() } else { data };
        if self.first.is_none() {
            self.first = Some(data);
        } else {
            self.make_room(data.len());
            self.more.push(data);
        }
        if self.length > self.announced {
            Step::Ended(Ending::LengthMismatch)
        } else if self.more.len() >= self.most_frames() {
            Step::Ended(Ending::TooManyFrames)
        } else {
            Step::Data
        }
    }

    /// The length of the longest list of frames after the first.
    fn most_frames(&self) -> usize {
        let frames = self.limit / size_of::<Bytes>() as u64;
        usize::try_from(frames).map_or(usize::MAX, |frames| frames.max(FEW_FRAMES))
    }

    /// Makes room for one more frame, which has so many bytes. Bodies tend to
    /// come in frames of one size.
    fn make_room(&mut self, frame: usize) {
        let room = self.more.capacity();
        if room > self.more.len() {
            return;
        }
        let more = if room == 0 {
            let left = self.announced.saturating_sub(self.length);
            let frames = left.div_ceil(frame.max(1) as u64).saturating_add(1);
            usize::try_from(frames).map_or(FEW_FRAMES, |frames| frames.min(FEW_FRAMES))
        } else {
            room
        };
        self.more.reserve_exact(more.min(self.most_frames() - room));
    }

    /// The data frame that came last.
    pub(crate) fn last(&self) -> &[u8] {
        self.more
            .last()
            .or(self.first.as_ref())
            .map_or(&[], Bytes::as_ref)
    }

    /// The bytes of content read so far.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// The body that was read, from its first frame on.
    pub(crate) fn into_body(self) -> ResponseBody<B> {
        let as_announced = self.length == self.announced;
        let only_data = self.more.is_empty() && self.ending.is_none() && self.end != End::Ahead;
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
                    End::Ahead => Rest::Unread(self.body),
                    // A server that was told earlier would take a body that
                    // ends early for a whole one.
                    End::Found if !as_announced => Rest::UntoldEnd,
                    End::Told | End::Found => Rest::Nothing,
                },
            }),
        }
    }
}
