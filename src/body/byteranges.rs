//! The content of a 206 with several parts (RFC 9110, section 15.3.7.2).

mod boundary;
#[cfg(test)]
mod tests;

use std::{
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
    vec,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::{ResponseBody, ResponseBodyKind, slice::Slice};
use crate::semantics::condition::range::{ByteRange, FramedPart, MultipartFraming};

pub(crate) use boundary::{DrawBoundary, draw_boundary};

/// The source of the bytes of all parts.
pub(crate) enum PartContent<B> {
    /// The whole content, which is read once. Its parts ascend.
    Stream(B),
    /// The whole content in one piece.
    Whole(Bytes),
    /// The content of each part by itself.
    Each(vec::IntoIter<B>),
}

/// Delimiters, and the parts between them.
///
/// A body that ends before its part does ends the content without the closing delimiter, so that
/// the server breaks the connection.
pub(super) struct Byteranges<B> {
    parts: vec::IntoIter<FramedPart>,
    end: Bytes,
    source: PartSource<B>,
    /// The bytes of the current part that have not been returned yet.
    left_of_part: u64,
    /// The bytes of the whole content that have not been returned yet.
    left: u64,
}

/// The content of the current part and of those that follow.
enum PartSource<B> {
    Stream {
        slice: Pin<Box<Slice<B>>>,
        /// The position in the body behind the last part.
        position: u64,
    },
    Whole {
        content: Bytes,
        part: Bytes,
    },
    Each {
        bodies: vec::IntoIter<B>,
        slice: Option<Pin<Box<Slice<B>>>>,
    },
}

impl<B: Body<Data = Bytes>> ResponseBody<B> {
    pub(crate) fn byteranges(framing: MultipartFraming, content: PartContent<B>) -> Self {
        let source = match content {
            PartContent::Stream(body) => PartSource::Stream {
                slice: Box::pin(Slice::before_first_range(body)),
                position: 0,
            },
            PartContent::Whole(content) => PartSource::Whole {
                content,
                part: Bytes::new(),
            },
            PartContent::Each(bodies) => PartSource::Each {
                bodies,
                slice: None,
            },
        };
        let byteranges = Box::new(Byteranges {
            parts: framing.parts.into_iter(),
            end: framing.end,
            source,
            left_of_part: 0,
            left: framing.length,
        });
        Self {
            kind: ResponseBodyKind::Byteranges { byteranges },
        }
    }
}

impl<B: Body<Data = Bytes>> Byteranges<B> {
    pub(super) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = if self.left_of_part > 0 {
            ready!(self.poll_part(cx))
        } else if let Some(part) = self.parts.next() {
            self.begin(part.range);
            Some(Ok(Frame::data(part.head)))
        } else {
            let end = mem::take(&mut self.end);
            (!end.is_empty()).then(|| Ok(Frame::data(end)))
        };
        if let Some(Ok(frame)) = &frame {
            let length = frame.data_ref().map_or(0, Bytes::len);
            self.left = self.left.saturating_sub(length as u64);
        }
        Poll::Ready(frame)
    }

    fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = match &mut self.source {
            PartSource::Stream { slice, .. }
            | PartSource::Each {
                slice: Some(slice), ..
            } => ready!(slice.as_mut().poll_frame(cx)),
            PartSource::Each { slice: None, .. } => None,
            PartSource::Whole { part, .. } => {
                let part = mem::take(part);
                (!part.is_empty()).then(|| Ok(Frame::data(part)))
            }
        };
        match &frame {
            Some(Ok(frame)) => {
                let length = frame.data_ref().map_or(0, Bytes::len);
                self.left_of_part = self.left_of_part.saturating_sub(length as u64);
                // A handler may wait for the drop of its last body.
                if self.left_of_part == 0 && self.parts.as_slice().is_empty() {
                    self.drop_source();
                }
            }
            // Nothing follows an early end or an error, not even a delimiter.
            Some(Err(_)) | None => {
                self.drop_source();
                self.left_of_part = 0;
                self.parts = Vec::new().into_iter();
                self.end = Bytes::new();
            }
        }
        Poll::Ready(frame)
    }

    fn begin(&mut self, range: ByteRange) {
        self.left_of_part = range.length();
        match &mut self.source {
            PartSource::Stream { slice, position } => {
                let gap = range.first().saturating_sub(*position);
                let has_more = !self.parts.as_slice().is_empty();
                slice.as_mut().select_next(gap, range.length(), has_more);
                *position = range.last().saturating_add(1);
            }
            PartSource::Whole { content, part } => *part = range.slice(content),
            PartSource::Each { bodies, slice } => {
                let body = bodies.next();
                *slice = body.map(|body| Box::pin(Slice::new(body, range.moved_to_start())));
            }
        }
    }

    fn drop_source(&mut self) {
        self.source = PartSource::Whole {
            content: Bytes::new(),
            part: Bytes::new(),
        };
    }

    /// Returns `true` after the closing delimiter. An early end is not reported: a server would
    /// treat the content as complete.
    pub(super) fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
