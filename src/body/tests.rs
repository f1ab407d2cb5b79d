use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body::Body;
use proptest::{collection::vec, prelude::*};

use super::{Collector, Ending, ResponseBody, Step};
use crate::test_support::{Act, ScriptedBody, content, read};

fn collect(body: ScriptedBody, limit: u64) -> (Ending, ResponseBody<ScriptedBody>) {
    let mut collector = Collector::new(body, limit);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        match collector.poll_step(&mut cx) {
            Poll::Ready(Step::Ended(ending)) => return (ending, collector.into_body()),
            Poll::Ready(Step::Data) | Poll::Pending => {}
        }
    }
}

/// The acts that can be seen from outside.
fn visible(acts: &[Act]) -> Vec<Act> {
    acts.iter()
        .filter(|act| **act != Act::Wait)
        .cloned()
        .collect()
}

#[test]
fn an_empty_body_is_over_and_has_an_exact_size() {
    let body = ResponseBody::<ScriptedBody>::empty();
    assert!(body.is_end_stream());
    assert_eq!(body.size_hint().exact(), Some(0));
    assert!(read(body).is_empty());
}

#[test]
fn bytes_come_out_once() {
    let body = ResponseBody::<ScriptedBody>::bytes(Bytes::from_static(b"no"));
    assert!(!body.is_end_stream());
    assert_eq!(body.size_hint().exact(), Some(2));
    assert_eq!(read(body), [Act::data("no")]);
}

#[test]
fn frames_are_kept_uncopied() {
    let frame = Bytes::from(vec![7; 100]);
    let address = frame.as_ptr();
    let (ending, body) = collect(ScriptedBody::sized([Act::Data(frame)]), 100);
    assert_eq!(ending, Ending::Complete);
    assert_eq!(body.size_hint().exact(), Some(100));
    let Act::Data(frame) = &read(body)[0] else {
        panic!("no data");
    };
    assert_eq!(frame.as_ptr(), address);
}

/// P-TR-limit.
#[test]
fn a_body_over_the_limit_continues_as_head_and_rest() {
    let acts = [Act::data("abc"), Act::data("def"), Act::data("ghi")];
    let (ending, body) = collect(ScriptedBody::sized(acts.clone()), 5);
    assert_eq!(ending, Ending::TooLong);
    assert_eq!(read(body), acts);
}

/// P-TR-bodyerr.
#[test]
fn an_error_comes_after_the_bytes_before_it() {
    let acts = [Act::data("abc"), Act::Error];
    let (ending, body) = collect(ScriptedBody::sized(acts.clone()), 100);
    assert_eq!(ending, Ending::Broken);
    assert!(!body.is_end_stream());
    assert_eq!(read(body), acts);
}

/// R-9110-6.5-a.
#[test]
fn trailers_come_after_the_data() {
    let acts = [Act::data("abc"), Act::trailers()];
    let (ending, body) = collect(ScriptedBody::sized(acts.clone()), 100);
    assert_eq!(ending, Ending::Complete);
    assert!(!body.is_end_stream());
    assert_eq!(read(body), acts);
}

#[test]
fn a_body_of_the_service_shows_its_own_hints() {
    let body = ResponseBody::inner(ScriptedBody::sized([Act::data("abc")]));
    assert_eq!(body.size_hint().exact(), Some(3));
    assert!(!body.is_end_stream());
    assert!(ResponseBody::inner(ScriptedBody::sized([])).is_end_stream());
}

fn data() -> impl Strategy<Value = Act> {
    vec(any::<u8>(), 0..40).prop_map(|bytes| Act::Data(bytes.into()))
}

fn script() -> impl Strategy<Value = Vec<Act>> {
    let middle = prop_oneof![4 => data(), 1 => Just(Act::Wait)];
    let end = prop_oneof![
        Just(None),
        Just(Some(Act::trailers())),
        Just(Some(Act::Error))
    ];
    (vec(middle, 0..12), end).prop_map(|(mut acts, end)| {
        acts.extend(end);
        acts
    })
}

proptest! {
    /// Design invariant 1: what comes out is what went in, for any frames,
    /// limits, errors, trailers and hints.
    #[test]
    fn what_comes_out_is_what_went_in(
        acts in script(),
        limit in 0_u64..300,
        sized: bool,
        tells_end: bool,
    ) {
        let mut body = if sized {
            ScriptedBody::sized(acts.clone())
        } else {
            ScriptedBody::unsized_(acts.clone())
        };
        if !tells_end {
            body = body.without_telling_end();
        }
        let length = content(&acts).len() as u64;
        let (ending, body) = collect(body, limit);
        if acts.last() != Some(&Act::Error) {
            prop_assert_eq!(ending == Ending::TooLong, length > limit);
        }
        if ending == Ending::Complete {
            prop_assert_eq!(body.size_hint().lower(), length);
        }
        prop_assert_eq!(read(body), visible(&acts));
    }
}
