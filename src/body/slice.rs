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
    /// The bytes of a body that a range selects.
    ///
    /// Frames are cut, and never copied. Bytes before the range are read and dropped. After the last
    /// byte of the range, the rest and its trailers are dropped unread. An error before or inside of
    /// the range stays that error.
    pub(super) struct Slice<B> {
        // `None` after the last byte, so that what the body holds is released.
        #[pin]
        body: Option<B>,
        skip: u64,
        take: u64,
    }
}

/// The largest number of frames that are dropped in one poll. Otherwise a body that is always ready
/// would keep other tasks from running.
const FRAMES_BETWEEN_PAUSES: u32 = 128;

impl<B> Slice<B> {
    pub(super) fn new(body: B, range: ByteRange) -> Self {
        Self {
            body: Some(body),
            skip: range.first(),
            take: range.length(),
        }
    }
}

impl<B: Body<Data = Bytes>> Body for Slice<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let mut this = self.project();
        for _ in 0..FRAMES_BETWEEN_PAUSES {
            let Some(body) = this.body.as_mut().as_pin_mut() else {
                return Poll::Ready(None);
            };
            let mut data = match ready!(body.poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => data,
                    // Trailers before the last byte: the body is shorter than it announced.
                    Err(_) => continue,
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => {
                    this.body.set(None);
                    return Poll::Ready(None);
                }
            };
            let skipped = clamped(*this.skip, data.len());
            *this.skip -= skipped as u64;
            drop(data.split_to(skipped));
            data.truncate(clamped(*this.take, data.len()));
            if data.is_empty() {
                continue;
            }
            *this.take -= data.len() as u64;
            if *this.take == 0 {
                this.body.set(None);
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
