//! Reads a body up to a limit and gives it back whole.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame};

use super::{Replay, ResponseBody};

/// Holds the frames of a body as they came, uncopied, up to a limit.
///
/// The body is boxed because it must be movable after it has been polled.
pub(crate) struct Collector<B: Body> {
    body: Pin<Box<B>>,
    limit: u64,
    first: Option<Bytes>,
    more: Vec<Bytes>,
    length: u64,
    ending: Option<Result<Frame<Bytes>, B::Error>>,
    body_ended: bool,
}

/// The most frames that room is made for at once.
const MOST_EXPECTED: usize = 64;

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
    /// All content has been read.
    Complete,
    /// There is more content than the limit allows.
    TooLong,
    /// The body broke, or sent a frame that is neither data nor trailers.
    Broken,
}

impl<B: Body<Data = Bytes>> Collector<B> {
    #[inline]
    pub(crate) fn new(body: B, limit: u64) -> Self {
        Self {
            body: Box::pin(body),
            limit,
            first: None,
            more: Vec::new(),
            length: 0,
            ending: None,
            body_ended: false,
        }
    }

    /// Whether the body says that nothing follows what was read.
    #[inline]
    pub(crate) fn is_complete(&mut self) -> bool {
        self.body_ended |= self.body.is_end_stream();
        self.body_ended
    }

    /// How reading ended, if it did at the first look: most content is there
    /// in one frame. If that has over `most` bytes, or is not all, reading goes
    /// on with [`poll_step`](Self::poll_step).
    #[inline]
    pub(crate) fn poll_whole(&mut self, cx: &mut Context<'_>, most: usize) -> Option<Ending> {
        match self.poll_step(cx) {
            Poll::Ready(Step::Ended(ending)) => Some(ending),
            Poll::Ready(Step::Data) if self.length <= most as u64 && self.is_complete() => {
                Some(Ending::Complete)
            }
            Poll::Ready(Step::Data) | Poll::Pending => None,
        }
    }

    /// Reads the next frame. Not to be called again after [`Step::Ended`].
    #[inline]
    pub(crate) fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        // Asking first saves the poll that would only say that it is over.
        if self.is_complete() {
            return Poll::Ready(Step::Ended(Ending::Complete));
        }
        let ending = match ready!(self.body.as_mut().poll_frame(cx)) {
            None => {
                self.body_ended = true;
                Ending::Complete
            }
            Some(Err(error)) => {
                self.ending = Some(Err(error));
                Ending::Broken
            }
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => return Poll::Ready(self.push(data)),
                // Trailers come after all content (RFC 9110, section 6.5).
                Err(frame) => {
                    let ending = if frame.is_trailers() {
                        Ending::Complete
                    } else {
                        Ending::Broken
                    };
                    self.ending = Some(Ok(frame));
                    ending
                }
            },
        };
        Poll::Ready(Step::Ended(ending))
    }

    fn push(&mut self, data: Bytes) -> Step {
        self.length += data.len() as u64;
        if self.first.is_none() {
            self.first = Some(data);
        } else {
            self.make_room(data.len());
            self.more.push(data);
        }
        if self.length > self.limit {
            Step::Ended(Ending::TooLong)
        } else {
            Step::Data
        }
    }

    /// Bodies tend to come in frames of one size.
    fn make_room(&mut self, frame: usize) {
        if self.more.capacity() == 0 {
            let left = self.body.size_hint().lower();
            let frames = left.div_ceil(frame.max(1) as u64).saturating_add(1);
            let frames = usize::try_from(frames).unwrap_or(MOST_EXPECTED);
            self.more.reserve_exact(frames.min(MOST_EXPECTED));
        }
    }

    /// The data frame that came last.
    #[inline]
    pub(crate) fn last(&self) -> &[u8] {
        self.more
            .last()
            .or(self.first.as_ref())
            .map_or(&[], Bytes::as_ref)
    }

    /// The bytes of content read so far.
    #[inline]
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// The body that was read, from its first frame on.
    #[inline]
    pub(crate) fn into_body(self) -> ResponseBody<B> {
        let only_data = self.more.is_empty() && self.ending.is_none() && self.body_ended;
        match self.first {
            None if only_data => ResponseBody::empty(),
            Some(data) if only_data && !data.is_empty() => ResponseBody::bytes(data),
            first => ResponseBody::replay(Replay {
                data: first.into_iter().chain(self.more),
                length: self.length,
                ending: self.ending,
                rest: (!self.body_ended).then_some(self.body),
            }),
        }
    }
}
