use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::{Body, Frame, SizeHint};

/// The length that a body announces.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Hint {
    Exact,
    Unknown,
}

/// A frame of a [`Scripted`] body, or the error that breaks it.
pub(crate) type BodyStep = io::Result<Frame<Bytes>>;

pub(crate) fn data(bytes: impl Into<Bytes>) -> BodyStep {
    Ok(Frame::data(bytes.into()))
}

pub(crate) fn trailers(name: &'static str, value: &'static str) -> BodyStep {
    let mut fields = HeaderMap::new();
    fields.insert(
        HeaderName::from_static(name),
        HeaderValue::from_static(value),
    );
    Ok(Frame::trailers(fields))
}

pub(crate) fn broken() -> BodyStep {
    Err(io::Error::other("the body broke"))
}

/// A body with given frames.
#[derive(Debug)]
pub(crate) struct Scripted {
    frames: VecDeque<BodyStep>,
    lower: u64,
    upper: Option<u64>,
}

impl Scripted {
    /// Creates a body. The length of an exact hint counts the data of the frames. A body that
    /// breaks or lies announces another length with [`announcing`](Self::announcing).
    pub(crate) fn new(frames: impl IntoIterator<Item = BodyStep>, hint: Hint) -> Self {
        let frames: VecDeque<_> = frames.into_iter().collect();
        let length = frames.iter().flatten().filter_map(Frame::data_ref);
        let length = length.map(|data| data.len() as u64).sum();
        let (lower, upper) = match hint {
            Hint::Exact => (length, Some(length)),
            Hint::Unknown => (0, None),
        };
        Self {
            frames,
            lower,
            upper,
        }
    }

    pub(crate) fn announcing(self, length: u64) -> Self {
        Self {
            lower: length,
            upper: Some(length),
            ..self
        }
    }
}

impl Body for Scripted {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<BodyStep>> {
        let frame = self.frames.pop_front();
        if let Some(Ok(frame)) = &frame
            && let Some(sent) = frame.data_ref()
            && self.upper == Some(self.lower)
        {
            self.lower = self.lower.saturating_sub(sent.len() as u64);
            self.upper = Some(self.lower);
        }
        Poll::Ready(frame)
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = SizeHint::new();
        hint.set_lower(self.lower);
        if let Some(upper) = self.upper {
            hint.set_upper(upper);
        }
        hint
    }
}

/// A long body that counts the bytes that were taken from it.
pub(crate) struct Counted {
    left: u64,
    known: bool,
    taken: Arc<AtomicU64>,
}

impl Counted {
    pub(crate) fn new(length: u64, known: bool, taken: Arc<AtomicU64>) -> Self {
        Self {
            left: length,
            known,
            taken,
        }
    }
}

impl Body for Counted {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<BodyStep>> {
        const CHUNK: u64 = 32 * 1024;
        static ZEROS: [u8; CHUNK as usize] = [0; CHUNK as usize];

        let chunk = self.left.min(CHUNK);
        if chunk == 0 {
            return Poll::Ready(None);
        }
        self.left -= chunk;
        self.taken.fetch_add(chunk, Ordering::Relaxed);
        let chunk = Bytes::from_static(&ZEROS[..usize::try_from(chunk).unwrap()]);
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn size_hint(&self) -> SizeHint {
        if self.known {
            SizeHint::with_exact(self.left)
        } else {
            SizeHint::default()
        }
    }
}
