//! The comparison of content with its digests.

use std::{
    future::poll_fn,
    task::{Context, Poll},
};

use bytes::Bytes;
use sha2::{Digest, Sha256, Sha512};

use crate::semantics::validator::digest_fields::Digests;

/// The largest number of bytes that are hashed without a pause. They take about a millisecond.
pub(super) const BYTES_BETWEEN_PAUSES: usize = 256 * 1024;

/// The hash of the content so far, and the digests that the client announced.
pub(super) struct PendingDigest {
    expected: Digests,
    // Only the algorithms that the client chose cost time.
    sha256: Option<Sha256>,
    sha512: Option<Sha512>,
}

impl PendingDigest {
    pub(super) fn new(expected: Digests) -> Self {
        Self {
            sha256: expected.sha256.map(|_| Sha256::new()),
            sha512: expected.sha512.map(|_| Sha512::new()),
            expected,
        }
    }

    pub(super) fn update(&mut self, data: &[u8]) {
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(data);
        }
        if let Some(sha512) = &mut self.sha512 {
            sha512.update(data);
        }
    }

    /// Returns `true` if the content so far has all of its digests.
    pub(super) fn matches(self) -> bool {
        let found = Digests {
            sha256: self.sha256.map(|hash| hash.finalize().into()),
            sha512: self.sha512.map(|hash| hash.finalize().into()),
        };
        found == self.expected
    }

    /// Returns `true` if these frames have all of the digests. Long content is hashed with pauses,
    /// so that other tasks run.
    pub(super) async fn matches_frames(mut self, frames: Vec<Bytes>) -> bool {
        let mut left = BYTES_BETWEEN_PAUSES;
        for mut frame in frames {
            while !frame.is_empty() {
                if left == 0 {
                    pause().await;
                    left = BYTES_BETWEEN_PAUSES;
                }
                let piece = frame.split_to(frame.len().min(left));
                left -= piece.len();
                self.update(&piece);
            }
        }
        self.matches()
    }
}

/// Lets other tasks run once.
async fn pause() {
    let mut has_paused = false;
    poll_fn(|cx: &mut Context<'_>| {
        if has_paused {
            return Poll::Ready(());
        }
        has_paused = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
