//! Bodies for tests, and functions that read them.

use std::{
    collections::VecDeque,
    convert::Infallible,
    error::Error,
    fmt,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

/// One step of a [`ScriptedBody`]: the result of one poll.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Act {
    Data(Bytes),
    Trailers(HeaderMap),
    Error,
    /// Returns `Pending` once, and wakes the task at once.
    Wait,
}

impl Act {
    pub(crate) fn data(bytes: impl AsRef<[u8]>) -> Self {
        Self::Data(Bytes::copy_from_slice(bytes.as_ref()))
    }

    pub(crate) fn trailers() -> Self {
        let mut trailers = HeaderMap::new();
        trailers.insert("x-checksum", HeaderValue::from_static("1"));
        Self::Trailers(trailers)
    }
}

pin_project! {
    /// A body that follows a script, and is not `Unpin`.
    #[derive(Debug)]
    pub(crate) struct ScriptedBody {
        acts: VecDeque<Act>,
        hint: SizeHint,
        // `true` if `is_end_stream` reports the end, which a body need not do.
        tells_end: bool,
        ended: bool,
        #[pin]
        _pinned: std::marker::PhantomPinned,
    }
}

/// The error of a [`ScriptedBody`].
#[derive(Debug, PartialEq)]
pub(crate) struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the script has an error here")
    }
}

impl Error for Broken {}

impl ScriptedBody {
    /// Creates a body with an exact size hint, as bodies in memory have.
    pub(crate) fn sized(acts: impl IntoIterator<Item = Act>) -> Self {
        let body = Self::unsized_(acts);
        let length = body
            .acts
            .iter()
            .map(|act| match act {
                Act::Data(data) => data.len() as u64,
                _ => 0,
            })
            .sum();
        body.with_hint(SizeHint::with_exact(length))
    }

    /// Creates a body without a size hint, like a stream.
    pub(crate) fn unsized_(acts: impl IntoIterator<Item = Act>) -> Self {
        Self {
            acts: acts.into_iter().collect(),
            hint: SizeHint::new(),
            tells_end: true,
            ended: false,
            _pinned: std::marker::PhantomPinned,
        }
    }

    pub(crate) fn with_hint(self, hint: SizeHint) -> Self {
        Self { hint, ..self }
    }

    /// Returns the steps that are left.
    #[cfg(feature = "json")]
    pub(crate) fn acts(&self) -> impl Iterator<Item = &Act> {
        self.acts.iter()
    }

    pub(crate) fn without_telling_end(self) -> Self {
        Self {
            tells_end: false,
            ..self
        }
    }
}

impl Body for ScriptedBody {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let this = self.project();
        match this.acts.pop_front() {
            None => {
                assert!(!*this.ended, "polled again after the end");
                *this.ended = true;
                Poll::Ready(None)
            }
            Some(Act::Data(data)) => {
                let left = |bound: u64| bound.saturating_sub(data.len() as u64);
                let mut hint = SizeHint::new();
                hint.set_lower(left(this.hint.lower()));
                if let Some(upper) = this.hint.upper() {
                    hint.set_upper(left(upper));
                }
                *this.hint = hint;
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
            Some(Act::Trailers(trailers)) => Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
            Some(Act::Error) => Poll::Ready(Some(Err(Broken))),
            Some(Act::Wait) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.tells_end && self.acts.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        self.hint
    }
}

/// Reads a body to its end or error, and polls again after `Pending`. Checks that the size hint
/// and `is_end_stream` were true.
pub(crate) fn read<B>(body: B) -> Vec<Act>
where
    B: Body<Data = Bytes>,
{
    let hint = body.size_hint();
    let ended = body.is_end_stream();
    let read = read_unchecked(body);
    if read.last() == Some(&Act::Error) {
        return read;
    }
    let length: u64 = content(&read).len() as u64;
    assert!(
        !ended || read.is_empty(),
        "said to be over, then gave frames"
    );
    assert!(hint.lower() <= length, "{hint:?} but {length} bytes came");
    assert!(
        hint.upper().is_none_or(|upper| length <= upper),
        "{hint:?} but {length} bytes came"
    );
    read
}

/// Reads a body to its end or error, and polls again after `Pending`. Checks nothing.
pub(crate) fn read_unchecked<B>(body: B) -> Vec<Act>
where
    B: Body<Data = Bytes>,
{
    let mut body = pin!(body);
    let mut read = Vec::new();
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        match body.as_mut().poll_frame(&mut cx) {
            Poll::Pending => {}
            Poll::Ready(None) => return read,
            Poll::Ready(Some(Err(_))) => {
                read.push(Act::Error);
                return read;
            }
            Poll::Ready(Some(Ok(frame))) => read.push(match frame.into_data() {
                Ok(data) => Act::Data(data),
                Err(frame) => Act::Trailers(frame.into_trailers().expect("trailers")),
            }),
        }
    }
}

/// Returns the data of all steps in one piece.
pub(crate) fn content(acts: &[Act]) -> Vec<u8> {
    acts.iter()
        .filter_map(|act| match act {
            Act::Data(data) => Some(data.as_ref()),
            _ => None,
        })
        .collect::<Vec<_>>()
        .concat()
}

/// The content of a request that must not be read, because its client waits for a 100.
///
/// The default differs from the client's content. So tests can recognize a request that a layer
/// made.
#[derive(Debug, Default, PartialEq)]
pub(crate) enum Upload {
    #[default]
    MadeUp,
    OfTheClient,
}

impl Body for Upload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        panic!("the content of the request was read");
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(1 << 30)
    }
}

/// Content that never arrives. The default is no content.
#[derive(Debug, Default)]
pub(crate) enum Silent {
    #[default]
    Empty,
    Announced,
}

impl Body for Silent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Empty)
    }
}
