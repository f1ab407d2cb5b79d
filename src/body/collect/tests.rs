use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http_body::{Body, SizeHint};
use proptest::prelude::*;

use super::{Collector, ReadEnd, ReadStep, ResponseBody, read_at_once};
use crate::{
    body::tests::{script, visible},
    test_support::{Act, ScriptedBody, content, read, read_unchecked},
};

/// Collects a body that announces this many bytes, with any number of frames.
fn collect(body: ScriptedBody, announced: u64) -> (ReadEnd, ResponseBody<ScriptedBody>) {
    let mut cx = Context::from_waker(Waker::noop());
    let begun = match read_at_once(&mut cx, body, announced, usize::MAX) {
        Ok(content) => return (ReadEnd::Complete, ResponseBody::bytes(content)),
        Err(begun) => begun,
    };
    let mut collector = Collector::new(begun, announced, u64::MAX);
    loop {
        match collector.poll_step(&mut cx) {
            Poll::Ready(ReadStep::Ended(ending)) => return (ending, collector.into_body()),
            Poll::Ready(ReadStep::Data) | Poll::Pending => {}
        }
    }
}

#[test]
fn frames_are_not_copied() {
    let frame = Bytes::from(vec![7; 100]);
    let address = frame.as_ptr();
    let (ending, body) = collect(ScriptedBody::sized([Act::Data(frame)]), 100);
    assert_eq!(ending, ReadEnd::Complete);
    assert_eq!(body.size_hint().exact(), Some(100));
    let Act::Data(frame) = &read(body)[0] else {
        panic!("no data");
    };
    assert_eq!(frame.as_ptr(), address);
}

/// Issue 10, A.5, P-TR-limit: a body that is longer than announced is passed on whole.
#[test]
fn a_longer_body_continues_as_head_and_rest() {
    let acts = [Act::data("abc"), Act::data("def"), Act::data("ghi")];
    let (ending, body) = collect(ScriptedBody::sized(acts.clone()), 5);
    assert_eq!(ending, ReadEnd::LengthMismatch);
    assert_eq!(hints(body), [Some(5), Some(2), Some(3), Some(0)]);
    let (_, body) = collect(ScriptedBody::sized(acts.clone()), 5);
    assert_eq!(read_unchecked(body), acts);
}

/// Returns the size hints before each frame and before the end.
fn hints<B: Body<Data = Bytes>>(body: B) -> Vec<Option<u64>> {
    let mut body = pin!(body);
    let mut cx = Context::from_waker(Waker::noop());
    let mut hints = Vec::new();
    loop {
        hints.push(body.size_hint().exact());
        match body.as_mut().poll_frame(&mut cx) {
            Poll::Ready(Some(_)) | Poll::Pending => {}
            Poll::Ready(None) => return hints,
        }
    }
}

/// The size hint is that of the remaining content.
#[test]
fn a_hint_counts_down() {
    let acts = [Act::data("abc"), Act::data("de"), Act::trailers()];
    for body in [ScriptedBody::sized, ScriptedBody::unsized_].map(|new| new(acts.to_vec())) {
        let (ending, body) = collect(body.with_hint(SizeHint::with_exact(5)), 5);
        assert_eq!(ending, ReadEnd::Complete);
        assert_eq!(hints(body), [Some(5), Some(2), Some(0), Some(0)]);
    }
    let (_, body) = collect(ScriptedBody::unsized_(acts[..2].to_vec()), 5);
    assert_eq!(hints(body), [Some(5), Some(2), Some(0)]);
    // The body announces 9 bytes and ends after 5.
    let (ending, body) = collect(ScriptedBody::unsized_(acts[..2].to_vec()), 9);
    assert_eq!(ending, ReadEnd::LengthMismatch);
    assert_eq!(hints(body), [Some(9), Some(6), Some(4)]);
}

/// `is_end_stream` reports the end as soon as nothing follows, and not before.
#[test]
fn the_end_of_collected_content_is_reported() {
    let ends = |acts: &[Act], announced| {
        let body = ScriptedBody::sized(acts.to_vec()).without_telling_end();
        let mut body = pin!(collect(body, announced).1);
        let mut cx = Context::from_waker(Waker::noop());
        let mut ends = vec![body.is_end_stream()];
        while let Poll::Ready(Some(_)) = body.as_mut().poll_frame(&mut cx) {
            ends.push(body.is_end_stream());
        }
        assert!(body.is_end_stream() || acts.contains(&Act::trailers()));
        ends
    };
    let two = [Act::data("abc"), Act::data("de")];
    assert_eq!(ends(&two, 5), [false, false, true]);
    assert_eq!(ends(&two[..1], 3), [false, true]);
    assert_eq!(ends(&[], 0), [true]);
    assert_eq!(ends(&[Act::data("")], 0), [false, true]);
    let with_trailers = [Act::data("abc"), Act::trailers()];
    assert_eq!(ends(&with_trailers, 3), [false, false, false]);
    // A body that is shorter than announced reports its end only when polled.
    assert_eq!(ends(&two, 9), [false, false, false]);
    assert_eq!(ends(&[], 9), [false]);
}

/// The inner body is not polled after its end. The scripted body would panic.
#[test]
fn a_body_is_not_polled_after_its_end() {
    for announced in [5, 9] {
        let acts = [Act::data("abc"), Act::data("de")];
        let body = ScriptedBody::sized(acts).without_telling_end();
        let mut body = pin!(collect(body, announced).1);
        let mut cx = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(_)) = body.as_mut().poll_frame(&mut cx) {}
        for _ in 0..3 {
            assert!(matches!(
                body.as_mut().poll_frame(&mut cx),
                Poll::Ready(None)
            ));
        }
    }
}

/// Issue 10, A.5: an empty frame is passed on, but its memory is released.
#[test]
fn an_empty_frame_holds_no_memory() {
    struct Unfilled(Arc<Vec<u8>>);

    impl AsRef<[u8]> for Unfilled {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }

    let memory = Arc::new(Vec::with_capacity(100));
    let empty = || Act::Data(Bytes::from_owner(Unfilled(Arc::clone(&memory))));
    let acts = [empty(), Act::data("a"), empty()];
    assert_eq!(Arc::strong_count(&memory), 3);
    let (ending, body) = collect(ScriptedBody::sized(acts), 1);
    assert_eq!(ending, ReadEnd::Complete);
    assert_eq!(Arc::strong_count(&memory), 1);
    let expected = [Act::data(""), Act::data("a"), Act::data("")];
    assert_eq!(read(body), expected);
}

/// P-TR-bodyerr: an error keeps its place.
#[test]
fn an_error_comes_after_the_bytes_before_it() {
    let acts = [Act::data("abc"), Act::Error];
    let (ending, body) = collect(ScriptedBody::sized(acts.clone()), 100);
    assert_eq!(ending, ReadEnd::Broken);
    assert!(!body.is_end_stream());
    assert_eq!(read_unchecked(body), acts);
}

/// R-9110-6.5-a: trailers keep their place.
#[test]
fn trailers_come_after_the_data() {
    let acts = [Act::data("abc"), Act::trailers()];
    let (ending, body) = collect(ScriptedBody::sized(acts.clone()), 3);
    assert_eq!(ending, ReadEnd::Complete);
    assert!(!body.is_end_stream());
    assert_eq!(read(body), acts);
}

proptest! {
    /// Design invariant 1: a body is passed on unchanged, for any frames, limits, errors, trailers
    /// and size hints.
    #[test]
    fn a_body_is_passed_on_unchanged(
        acts in script(),
        lie in -50_i64..50,
        honest: bool,
        tells_end: bool,
    ) {
        let length = content(&acts).len() as u64;
        let lie = if honest { 0 } else { lie };
        let announced = length.saturating_add_signed(lie);
        let hint = SizeHint::with_exact(announced);
        let mut body = ScriptedBody::unsized_(acts.clone()).with_hint(hint);
        if !tells_end {
            body = body.without_telling_end();
        }
        let (ending, body) = collect(body, announced);
        prop_assert_eq!(body.size_hint().exact(), Some(announced));
        if acts.last() != Some(&Act::Error) {
            prop_assert_eq!(ending == ReadEnd::Complete, length == announced);
        }
        prop_assert_eq!(read_unchecked(body), visible(&acts));
    }
}

/// Design invariant 1: a body of one empty frame keeps that frame.
#[test]
fn a_single_empty_frame_is_passed_on() {
    let (ending, body) = collect(ScriptedBody::sized([Act::data("")]), 0);
    assert_eq!(ending, ReadEnd::Complete);
    assert_eq!(read(body), [Act::data("")]);
}
