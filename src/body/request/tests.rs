use std::{future::poll_fn, pin::pin, task::Waker};

use proptest::prelude::*;

use super::*;
use crate::{
    body::tests::script,
    test_support::{Act, ScriptedBody, Silent, content, read_unchecked, run, run_counting},
};

/// Bytes of memory that a frame takes besides its data.
const FRAME: usize = size_of::<FrameResult<ScriptedBody>>();

/// Reads up to so many bytes ahead.
fn ahead(body: ScriptedBody, max_bytes: usize) -> RequestBody<ScriptedBody> {
    let mut content = ReadAhead::new(body);
    run(content.read(max_bytes));
    content.into_body()
}

fn visible(acts: &[Act]) -> Vec<Act> {
    acts.iter()
        .filter(|act| **act != Act::Wait)
        .cloned()
        .collect()
}

/// What the body says before each frame and after the last: bytes to come, and
/// whether it is over.
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

/// Whatever was read before, the body says what the client's own does.
#[test]
fn a_hint_counts_what_is_here_and_what_is_to_come() {
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
    // All of it is here, so its length is known.
    let hint = ahead(stream(), usize::MAX).size_hint();
    assert_eq!(hint.exact(), Some(5));
}

#[test]
fn no_content_is_over_at_once() {
    let nothing = || ScriptedBody::sized([]);
    assert!(run(ReadAhead::new(nothing()).read_available(0)));
    assert!(run(ReadAhead::new(Silent::Empty).read_available(0)));
    for body in [RequestBody::unread(nothing()), ahead(nothing(), 0)] {
        assert!(body.is_end_stream());
        assert_eq!(body.size_hint().exact(), Some(0));
    }
}

/// What is not here yet is not waited for.
#[test]
fn a_look_takes_what_has_come() {
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

/// Data counts, and so does each frame: empty ones would otherwise be without end.
#[test]
fn so_much_is_read_ahead_and_no_more() {
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

/// Other tasks have their turn between the frames of a body that is always ready.
#[test]
fn many_frames_are_taken_with_pauses() {
    for (frames, polls) in [(126, 1), (128, 2), (300, 3)] {
        let body = ScriptedBody::unsized_(vec![Act::data("x"); frames]).without_telling_end();
        let mut content = ReadAhead::new(body);
        assert_eq!(run_counting(content.read(usize::MAX)).1, polls, "{frames}");
        assert_eq!(content.frames.len(), frames);
    }
}

/// A body that broke is over, and is not polled again.
#[test]
fn an_error_is_the_last_that_is_read() {
    let acts = [Act::data("abc"), Act::Error, Act::data("never")];
    let mut content = ReadAhead::new(ScriptedBody::unsized_(acts.clone()));
    assert!(run(content.read_available(usize::MAX)));
    assert_eq!(content.frames.len(), 2);
    assert_eq!(read_unchecked(content.into_body()), acts[..2]);
}

/// The script does not bear to be polled after its end.
#[test]
fn a_body_is_not_polled_after_its_end() {
    let body = ScriptedBody::unsized_([Act::data("abc")]).without_telling_end();
    let mut body = pin!(ahead(body, usize::MAX));
    let mut frame = || run(poll_fn(|cx| body.as_mut().poll_frame(cx)));
    assert!(frame().is_some());
    assert!(frame().is_none());
    assert!(frame().is_none());
}

/// One that tells its end is taken at its word.
#[test]
fn a_body_that_says_that_it_is_over_is_not_asked() {
    let ends = ScriptedBody::unsized_([Act::data("abc")]);
    assert_eq!(run_counting(ReadAhead::new(ends).read(usize::MAX)).1, 1);
    let body = http_body_util::Full::<bytes::Bytes>::from("abc");
    let mut content = ReadAhead::new(body);
    assert!(run(content.read_available(usize::MAX)));
    assert!(content.rest.is_none());
}

proptest! {
    /// Design invariant 1: what comes out is what the client sent, however much of it
    /// was read before, with the length that it announced.
    #[test]
    fn what_comes_out_is_what_the_client_sent(
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
