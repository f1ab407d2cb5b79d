//! The work of one poll, and the wake-up for the next one.

use std::{
    cell::RefCell,
    future::{Future, ready},
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::{Body, Frame, SizeHint};
use tower::{Layer, Service, service_fn};

use crate::etag::tests::{request, tag};
use crate::{
    EtagLayer,
    body::ResponseBody,
    etag::{ContentHasher, Sha256},
    outcome::{Outcome, TagOrigin},
    semantics::validator::UntaggedReason,
    test_support::{Broken, run_counting},
};

/// The number of frames that each poll of a future took.
#[derive(Clone, Default)]
struct Taken(Rc<RefCell<Vec<usize>>>);

/// A body that is always ready, with frames of one length.
struct Eager {
    frame: Bytes,
    left: u64,
    announced: u64,
    taken: Taken,
}

impl Body for Eager {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        self.announced = self.announced.saturating_sub(self.frame.len() as u64);
        if let Some(frames) = self.taken.0.borrow_mut().last_mut() {
            *frames += 1;
        }
        Poll::Ready(Some(Ok(Frame::data(self.frame.clone()))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}

/// Returns the response to `frames` frames of `length` bytes each, and how many of them
/// each poll took.
fn answer(
    limit: usize,
    announced: u64,
    length: usize,
    frames: u64,
) -> (Response<ResponseBody<Eager>>, Vec<usize>) {
    let taken = Taken::default();
    let body = Eager {
        frame: Bytes::from(vec![7; length]),
        left: frames,
        announced,
        taken: taken.clone(),
    };
    let mut body = Some(body);
    let mut service = EtagLayer::new()
        .max_body_bytes(limit)
        .explain()
        .layer(service_fn(move |_: Request<()>| {
            ready(Ok::<_, Broken>(Response::new(body.take().unwrap())))
        }));
    let mut future = pin!(service.call(request(&Method::GET)));
    let counted = std::future::poll_fn(|cx| {
        taken.0.borrow_mut().push(0);
        future.as_mut().poll(cx)
    });
    let (response, _) = run_counting(counted);
    let taken = taken.0.borrow().clone();
    (response.unwrap(), taken)
}

fn origin<B>(response: &Response<B>) -> Option<TagOrigin> {
    Outcome::of(response).and_then(Outcome::tag)
}

const MIB: usize = 1 << 20;
const TOO_MANY_FRAMES: Option<TagOrigin> =
    Some(TagOrigin::Untouched(UntaggedReason::TooManyFrames));

/// Issue 10, A.5: frames without data end the reading. One poll takes at most 128 of them.
#[test]
fn frames_without_data_are_counted() {
    let (response, taken) = answer(MIB, 10, 0, 20_000_000);
    assert_eq!(origin(&response), TOO_MANY_FRAMES);
    assert!(taken.iter().all(|frames| *frames <= 128));
    // As many as a list of 1 MiB has room for, and the first.
    assert_eq!(taken.iter().sum::<usize>(), 32 * 1024 + 1);
    assert_eq!(response.body().size_hint().exact(), Some(10));

    let (response, taken) = answer(1, 0, 0, 20_000_000);
    assert_eq!(origin(&response), TOO_MANY_FRAMES);
    assert_eq!(taken, [65]);
}

/// Issue 10, A.5: small frames are read while the list of frames is no larger than the
/// limit.
#[test]
fn small_frames_are_counted() {
    let (response, taken) = answer(MIB, MIB as u64, 1, MIB as u64);
    assert_eq!(origin(&response), TOO_MANY_FRAMES);
    assert!(taken.iter().all(|frames| *frames <= 128));
    assert_eq!(taken.iter().sum::<usize>(), 32 * 1024 + 1);

    let (response, taken) = answer(MIB, 20_000, 1, 20_000);
    assert_eq!(origin(&response), Some(TagOrigin::Hashed(20_000)));
    assert_eq!(taken.len(), 20_000_usize.div_ceil(128));

    // Issue 12: in many frames or in one.
    for (bytes, frames) in [(1, 5), (5, 1)] {
        let (response, _) = answer(5, 5, bytes, frames);
        assert_eq!(origin(&response), Some(TagOrigin::Hashed(5)));
    }
}

/// The reading of an endless body ends at its announced length.
#[test]
fn a_body_without_end_is_read_to_its_announced_length() {
    let (response, taken) = answer(MIB, 10_000, 100, u64::MAX);
    assert_eq!(
        origin(&response),
        Some(TagOrigin::Untouched(UntaggedReason::LengthMismatch))
    );
    assert_eq!(taken, [101]);
}

/// Hashing pauses after the hash's number of bytes, in frames of every size.
#[test]
fn many_frames_share_one_budget() {
    let budget = <Sha256 as ContentHasher>::YIELD_AFTER;
    let frame = budget / 4;
    let (response, taken) = answer(MIB, 8 * frame as u64, frame, 8);
    assert!(tag(&response).is_some());
    assert_eq!(taken.len(), 2);
    // The last of the first four is hashed in full, and the fifth has been read.
    assert_eq!(taken, [5, 3]);

    let (response, taken) = answer(MIB, 4 * budget as u64, 2 * budget, 2);
    assert!(tag(&response).is_some());
    assert_eq!(taken, [1, 1, 0, 0]);
}
