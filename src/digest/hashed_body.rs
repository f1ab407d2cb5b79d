//! A body that is compared with its digests as it is read.

use std::{
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::hash::{BYTES_BETWEEN_PAUSES, PendingDigest};
use crate::{observe::exchange, outcome::Outcome};

pin_project! {
    /// A body that holds its newest frame of data back until the next one has been hashed, or the
    /// whole content is verified.
    pub(super) struct HashedBody<B> {
        #[pin]
        body: B,
        state: HashedState,
        // The newest frame of data that was hashed whole.
        held: Bytes,
        // The frame that is being hashed, and the part of it that is left.
        newest: Bytes,
        unhashed: Bytes,
        trailers: Option<Frame<Bytes>>,
    }
}

#[expect(clippy::large_enum_variant, reason = "the body is in a box")]
enum HashedState {
    Reading(PendingDigest),
    /// The content is verified. Only trailers may follow.
    Verified,
    /// The body inside has ended, or broke off.
    Ended,
}

/// A step of the body.
pub(super) enum HashedFrame<E> {
    Frame(Frame<Bytes>),
    /// The error of the body inside.
    Error(E),
    /// The content differs from its digests.
    Differs,
    End,
}

/// The largest number of frames that are read without a pause, since frames without data may go
/// on for ever.
const FRAMES_BETWEEN_PAUSES: usize = 128;

impl<B: Body<Data = Bytes>> HashedBody<B> {
    pub(super) fn new(body: B, pending: PendingDigest) -> Self {
        Self {
            body,
            state: HashedState::Reading(pending),
            held: Bytes::new(),
            newest: Bytes::new(),
            unhashed: Bytes::new(),
            trailers: None,
        }
    }

    pub(super) fn poll_hashed(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<HashedFrame<B::Error>> {
        for _ in 0..FRAMES_BETWEEN_PAUSES {
            if !self.as_mut().hash_newest() {
                break;
            }
            let released = self.as_mut().release();
            if let Some(frame) = released {
                return Poll::Ready(HashedFrame::Frame(frame));
            }
            let this = self.as_mut().project();
            if matches!(this.state, HashedState::Ended) {
                return Poll::Ready(HashedFrame::End);
            }
            let frame = ready!(this.body.poll_frame(cx));
            if let Some(end) = self.as_mut().take_frame(frame) {
                return Poll::Ready(end);
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Hashes the newest frame. Returns `false` if a part of it is left.
    fn hash_newest(self: Pin<&mut Self>) -> bool {
        let this = self.project();
        if let HashedState::Reading(pending) = this.state {
            let length = this.unhashed.len().min(BYTES_BETWEEN_PAUSES);
            pending.update(&this.unhashed.split_to(length));
        }
        this.unhashed.is_empty()
    }

    /// Takes the next frame that may be passed on.
    fn release(self: Pin<&mut Self>) -> Option<Frame<Bytes>> {
        let this = self.project();
        let data = if matches!(this.state, HashedState::Reading(_)) {
            if this.newest.is_empty() {
                return None;
            }
            mem::replace(this.held, mem::take(this.newest))
        } else {
            mem::take(this.held)
        };
        if data.is_empty() {
            return this.trailers.take();
        }
        Some(Frame::data(data))
    }

    /// Takes what the body inside returned. Returns the end of a body that breaks off.
    fn take_frame(
        self: Pin<&mut Self>,
        frame: Option<Result<Frame<Bytes>, B::Error>>,
    ) -> Option<HashedFrame<B::Error>> {
        let this = self.project();
        let is_verified = match frame.map(|frame| frame.map(Frame::into_data)) {
            Some(Err(error)) => {
                // The bytes before the error are not verified, so the last of them stay back.
                *this.state = HashedState::Ended;
                *this.held = Bytes::new();
                return Some(HashedFrame::Error(error));
            }
            Some(Ok(Ok(data))) if data.is_empty() => true,
            Some(Ok(Ok(data))) => {
                *this.unhashed = data.clone();
                *this.newest = data;
                // Data behind trailers belongs to no content (RFC 9110, section 6.5).
                matches!(this.state, HashedState::Reading(_))
            }
            Some(Ok(Err(trailers))) => {
                *this.trailers = Some(trailers);
                this.state.verify(HashedState::Verified)
            }
            None => this.state.verify(HashedState::Ended),
        };
        if is_verified {
            return None;
        }
        exchange::record_decision(Outcome::set_digest_refused);
        *this.state = HashedState::Ended;
        *this.held = Bytes::new();
        *this.trailers = None;
        *this.newest = Bytes::new();
        *this.unhashed = Bytes::new();
        Some(HashedFrame::Differs)
    }

    pub(super) fn is_end(&self) -> bool {
        matches!(self.state, HashedState::Ended) && self.held.is_empty() && self.trailers.is_none()
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        let held = (self.held.len() + self.newest.len()) as u64;
        if matches!(self.state, HashedState::Ended) {
            return SizeHint::with_exact(held);
        }
        let rest = self.body.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(held));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(held));
        }
        hint
    }
}

impl HashedState {
    /// Goes on to the next state. Returns `false` if the content differs from its digests.
    fn verify(&mut self, next: Self) -> bool {
        match mem::replace(self, next) {
            Self::Reading(pending) => pending.matches(),
            Self::Verified | Self::Ended => true,
        }
    }
}
