//! A part of a body.

#[cfg(test)]
mod tests;

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::semantics::condition::range::ByteRange;

pin_project! {
    /// The bytes of a body that a range selects, or several ranges one after the other.
    ///
    /// Frames are cut, and never copied. Bytes before the range are read and dropped. After the last
    /// byte of the last range, the rest and its trailers are dropped unread. An error before or
    /// inside of the range stays that error.
    pub(super) struct Slice<B> {
        // `None` after the last byte, so that what the body holds is released.
        #[pin]
        body: Option<B>,
        // The rest of a frame that reaches beyond the range.
        held: Bytes,
        skip: u64,
        take: u64,
        has_more: bool,
    }
}

/// The largest number of frames that are dropped in one poll. Otherwise a body that is always ready
/// would keep other tasks from running.
const FRAMES_BETWEEN_PAUSES: u32 = 128;

impl<B> Slice<B> {
    pub(super) fn new(body: B, range: ByteRange) -> Self {
        Self {
            body: Some(body),
            held: Bytes::new(),
            skip: range.first(),
            take: range.length(),
            has_more: false,
        }
    }

    /// Selects nothing, until [`select_next`](Self::select_next) is called.
    pub(super) fn before_first_range(body: B) -> Self {
        Self {
            body: Some(body),
            held: Bytes::new(),
            skip: 0,
            take: 0,
            has_more: true,
        }
    }

    /// Selects the next range after the last byte of the one before: `length` bytes after `gap`
    /// others.
    pub(super) fn select_next(self: Pin<&mut Self>, gap: u64, length: u64, has_more: bool) {
        let this = self.project();
        *this.skip = gap;
        *this.take = length;
        *this.has_more = has_more;
    }

    /// Drops the body.
    fn end(self: Pin<&mut Self>) {
        let mut this = self.project();
        this.body.set(None);
        *this.held = Bytes::new();
    }
}

impl<B: Body<Data = Bytes>> Body for Slice<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        for _ in 0..FRAMES_BETWEEN_PAUSES {
            let mut this = self.as_mut().project();
            let Some(body) = this.body.as_mut().as_pin_mut() else {
                return Poll::Ready(None);
            };
            if this.held.is_empty() {
                *this.held = match ready!(body.poll_frame(cx)) {
                    Some(Ok(frame)) => match frame.into_data() {
                        Ok(data) => data,
                        // Trailers before the last byte: the body is shorter than it announced.
                        Err(_) => continue,
                    },
                    Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                    None => {
                        self.end();
                        return Poll::Ready(None);
                    }
                };
            }
            let skipped = clamped(*this.skip, this.held.len());
            *this.skip -= skipped as u64;
            drop(this.held.split_to(skipped));
            let data = this.held.split_to(clamped(*this.take, this.held.len()));
            if data.is_empty() {
                continue;
            }
            *this.take -= data.len() as u64;
            if *this.take == 0 && !*this.has_more {
                self.end();
            }
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.take)
    }
}

/// Returns the smaller number.
fn clamped(bytes: u64, length: usize) -> usize {
    usize::try_from(bytes).map_or(length, |bytes| bytes.min(length))
}
