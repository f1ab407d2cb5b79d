use std::{future::poll_fn, pin::pin, task::Waker};

use proptest::prelude::*;

use super::*;
use crate::{
    body::tests::{script, visible},
    test_support::{Act, ScriptedBody, Silent, content, read_unchecked, run, run_counting},
};

/// The memory of a frame in bytes, besides its data.
const FRAME: usize = size_of::<FrameResult<ScriptedBody>>();

/// Reads up to this many bytes ahead.
fn ahead(body: ScriptedBody, max_bytes: usize) -> RequestBody<ScriptedBody> {
    let mut content = ReadAhead::new(body);
    run(content.read(max_bytes));
    content.into_body()
}

/// Returns the size hint and `is_end_stream`, before each frame and after the last.
fn announced<B: Body>(body: B) -> Vec<(Option<u64>, bool)> {
    let mut body = pin!(body);
    let mut cx = Context::from_waker(Waker::noop());
    let mut announced = Vec::new();
    loop {
        announced.push((body.size_hint().exact(), body.is_end_stream()));
        match body.as_mut().poll_frame(&mut cx) {
            Poll::Ready(Some(Ok(_))) | Poll::Pending => {}
            Poll::Ready(_) => return announced,
        }
    }
}

/// The size hint and the end are those of the client's body, however much was read ahead.
#[test]
fn a_hint_counts_frames_and_rest() {
    let body = || ScriptedBody::sized([Act::data("abc"), Act::data("de")]);
    let expected = [(Some(5), false), (Some(2), false), (Some(0), true)];
    assert_eq!(announced(RequestBody::unread(body())), expected);
    for max_bytes in [0, usize::MAX] {
        assert_eq!(announced(ahead(body(), max_bytes)), expected);
    }

    let unread = ReadAhead::new(body()).into_body();
    assert_eq!(announced(unread), expected);

    let bounds = SizeHint::default();
    let stream = || ScriptedBody::unsized_([Act::data("abc"), Act::data("de")]);
    let hint = ahead(stream().with_hint(bounds), 0).size_hint();
    assert_eq!((hint.lower(), hint.upper()), (3, None));
    // The whole body was read, so its length is known.
    let hint = ahead(stream(), usize::MAX).size_hint();
    assert_eq!(hint.exact(), Some(5));
}

#[test]
fn an_empty_body_has_ended_at_once() {
    let nothing = || ScriptedBody::sized([]);
    assert!(run(ReadAhead::new(nothing()).read_available(0)));
    assert!(run(ReadAhead::new(Silent::Empty).read_available(0)));
    for body in [RequestBody::unread(nothing()), ahead(nothing(), 0)] {
        assert!(body.is_end_stream());
        assert_eq!(body.size_hint().exact(), Some(0));
    }
}

/// `read_available` does not wait.
#[test]
fn available_frames_are_read() {
    let mut content = ReadAhead::new(ScriptedBody::unsized_([
        Act::data("abc"),
        Act::Wait,
        Act::data("de"),
    ]));
    assert!(!run(content.read_available(100)));
    assert_eq!(content.size_hint().lower(), 3);
    assert!(run(content.read_available(100)));
    assert!(run(content.read_available(100)), "it stays here");
    assert_eq!(content.size_hint().exact(), Some(5));
}

/// Data and frames both count. Otherwise empty frames could be read without end.
#[test]
fn reading_ahead_is_limited() {
    let frames = |data: &str| vec![Act::data(data); 3];
    let held = |data: &str, max_bytes| {
        let mut content = ReadAhead::new(ScriptedBody::unsized_(frames(data)));
        run(content.read(max_bytes));
        content.frames.len()
    };
    for data in ["", "abc"] {
        let one = FRAME + data.len();
        for (max_bytes, expected) in [(0, 1), (one - 1, 1), (one, 2), (2 * one, 3)] {
            assert_eq!(held(data, max_bytes), expected, "{data:?} {max_bytes}");
        }
    }
}

/// A body that is always ready does not keep other tasks from running.
#[test]
fn many_frames_are_read_with_pauses() {
    for (frames, polls) in [(126, 1), (128, 2), (300, 3)] {
        let body = ScriptedBody::unsized_(vec![Act::data("x"); frames]).without_telling_end();
        let mut content = ReadAhead::new(body);
        assert_eq!(run_counting(content.read(usize::MAX)).1, polls, "{frames}");
        assert_eq!(content.frames.len(), frames);
    }
}

/// A body is not polled after an error.
#[test]
fn reading_ends_after_an_error() {
    let acts = [Act::data("abc"), Act::Error, Act::data("never")];
    let mut content = ReadAhead::new(ScriptedBody::unsized_(acts.clone()));
    assert!(run(content.read_available(usize::MAX)));
    assert_eq!(content.frames.len(), 2);
    assert_eq!(read_unchecked(content.into_body()), acts[..2]);
}

/// The inner body is not polled after its end. The scripted body would panic.
#[test]
fn a_body_is_not_polled_after_its_end() {
    let body = ScriptedBody::unsized_([Act::data("abc")]).without_telling_end();
    let mut body = pin!(ahead(body, usize::MAX));
    let mut frame = || run(poll_fn(|cx| body.as_mut().poll_frame(cx)));
    assert!(frame().is_some());
    assert!(frame().is_none());
    assert!(frame().is_none());
}

/// A body that reports its end is not polled again.
#[test]
fn a_reported_end_needs_no_poll() {
    let ends = ScriptedBody::unsized_([Act::data("abc")]);
    assert_eq!(run_counting(ReadAhead::new(ends).read(usize::MAX)).1, 1);
    let body = http_body_util::Full::<bytes::Bytes>::from("abc");
    let mut content = ReadAhead::new(body);
    assert!(run(content.read_available(usize::MAX)));
    assert!(content.rest.is_none());
}

proptest! {
    /// Design invariant 1: the service gets the client's content with its announced length,
    /// however much was read ahead.
    #[test]
    fn the_content_of_the_client_is_passed_on_unchanged(
        acts in script(),
        max_bytes in 0_usize..4_000,
        looks in 0_usize..4,
        tells_end: bool,
        is_sized: bool,
    ) {
        let mut body = if is_sized {
            ScriptedBody::sized(acts.clone())
        } else {
            ScriptedBody::unsized_(acts.clone())
        };
        if !tells_end {
            body = body.without_telling_end();
        }
        let mut ahead = ReadAhead::new(body);
        for _ in 0..looks {
            run(ahead.read_available(max_bytes));
        }
        let body = ahead.into_body();
        let length = content(&acts).len() as u64;
        if is_sized {
            prop_assert_eq!(body.size_hint().exact(), Some(length));
        }
        prop_assert!(body.size_hint().lower() <= length);
        prop_assert!(body.size_hint().upper().is_none_or(|upper| length <= upper));
        prop_assert_eq!(read_unchecked(body), visible(&acts));
    }
}
