use http_body::Body;
use proptest::{collection::vec, prelude::*};

use crate::{
    body::ResponseBody,
    semantics::condition::range::ByteRange,
    test_support::{Act, ScriptedBody, content, read},
};

/// Ten bytes in frames of these lengths, with pauses between them.
fn frames(lengths: &[usize]) -> Vec<Act> {
    let mut rest: &[u8] = b"0123456789";
    let mut acts = Vec::new();
    for length in lengths {
        let (frame, after) = rest.split_at(*length.min(&rest.len()));
        acts.extend([Act::Wait, Act::data(frame)]);
        rest = after;
    }
    acts.push(Act::data(rest));
    acts
}

fn slice(body: ScriptedBody, first: u64, last: u64) -> ResponseBody<ScriptedBody> {
    ResponseBody::slice(body, ByteRange::new(first, last))
}

/// Cuts every range out of these steps, and compares it with a slice. `read` checks the size hint.
fn cut_everywhere(acts: &[Act]) {
    for first in 0..10 {
        for last in first..10 {
            let body = slice(ScriptedBody::sized(acts.to_vec()), first, last);
            assert_eq!(body.size_hint().exact(), Some(last - first + 1));
            let found = content(&read(body));
            let expected = &b"0123456789"[first as usize..=last as usize];
            assert_eq!(found, expected, "{first}-{last} of {acts:?}");
        }
    }
}

#[test]
fn a_part_is_that_slice_of_the_whole() {
    cut_everywhere(&[Act::data("0123456789")]);
    cut_everywhere(&frames(&[1; 9]));
    cut_everywhere(&frames(&[3, 0, 4]));
}

/// The trailers are those of the whole.
#[test]
fn trailers_are_dropped_unread() {
    cut_everywhere(&[Act::data("0123456789"), Act::trailers()]);
    cut_everywhere(&[Act::data("0123456789"), Act::Error]);
}

#[test]
fn the_rest_is_dropped_with_the_last_byte() {
    let mut body = Box::pin(slice(ScriptedBody::sized(frames(&[5])), 2, 4));
    assert!(!body.is_end_stream());
    let frame = crate::test_support::run(std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)));
    assert_eq!(frame.unwrap().unwrap().into_data().unwrap(), "234");
    assert!(body.is_end_stream());
    assert_eq!(body.size_hint().exact(), Some(0));
}

/// An error before or inside of the part is that error, after the bytes that precede it.
#[test]
fn an_error_stays_an_error() {
    for at in 0..=10 {
        let (before, after) = b"0123456789".split_at(at);
        let acts = [Act::data(before), Act::Error, Act::data(after)];
        let acts = acts.into_iter().filter(|act| *act != Act::data(""));
        let body = slice(ScriptedBody::sized(acts), 3, 6);
        let mut found = read(body);
        // A body may go on after an error, which a server does not.
        let end = found.iter().position(|act| *act == Act::Error);
        if at > 6 {
            assert_eq!((content(&found), end), (b"3456".to_vec(), None));
        } else {
            found.truncate(end.expect("the error"));
            assert_eq!(content(&found), &b"0123456789"[3.min(at)..at], "{at}");
        }
    }
}

/// A body that is shorter than announced ends the part early. The server sees that by the length.
#[test]
fn a_short_body_ends_early() {
    let acts = [Act::data("01234"), Act::trailers()];
    let body = ScriptedBody::sized(acts).with_hint(http_body::SizeHint::with_exact(10));
    let found = crate::test_support::read_unchecked(slice(body, 3, 6));
    assert_eq!(found, [Act::data("34")]);
}

/// Frames without data before the part do not keep other tasks from running.
#[test]
fn a_million_empty_frames_yield() {
    let acts = std::iter::repeat_n(Act::data(""), 1_000_000).chain([Act::data("0123456789")]);
    let mut body = Box::pin(slice(ScriptedBody::sized(acts), 3, 6));
    let poll = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx));
    let (frame, polls) = crate::test_support::run_counting(poll);
    assert_eq!(frame.unwrap().unwrap().into_data().unwrap(), "3456");
    assert!(polls > 1_000, "{polls}");
}

proptest! {
    /// No cut of the frames changes a part.
    #[test]
    fn frames_do_not_matter(lengths in vec(0_usize..4, 0..12), a in 0_u64..10, b in 0_u64..10) {
        let (first, last) = (a.min(b), a.max(b));
        let body = slice(ScriptedBody::sized(frames(&lengths)), first, last);
        let expected = &b"0123456789"[first as usize..=last as usize];
        prop_assert_eq!(content(&read(body)), expected);
    }
}
