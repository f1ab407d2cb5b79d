//! Content that is verified as the service reads it.

use std::task::{Context, Poll, Waker};

use http_body::Body;

use super::{CONTENT, SHA_256, SHA_512, StreamEnd, read_stream, sha_256, streamed};
use crate::test_support::{Act, content};

fn acts(frames: &[&str]) -> Vec<Act> {
    frames.iter().map(Act::data).collect()
}

#[test]
fn whole_content_arrives_frame_by_frame() {
    for frames in [&["abc"][..], &["a", "bc"], &["a", "b", "c"]] {
        let body = streamed(acts(frames), &sha_256("abc"));
        assert_eq!(read_stream(body), (acts(frames), StreamEnd::Whole));
    }
    let both = format!("{SHA_256}, {SHA_512}");
    let body = streamed(vec![Act::data(CONTENT)], &both);
    assert_eq!(read_stream(body).1, StreamEnd::Whole);
}

/// R-9530-2-a: nobody takes content that differs for whole, also not by its length.
#[test]
fn an_error_takes_the_place_of_the_last_frame() {
    for frames in [&["abc"][..], &["a", "bc"], &["a", "b", "c"]] {
        let body = streamed(acts(frames), &sha_256("abd"));
        let read = read_stream(body);
        let before = acts(&frames[..frames.len() - 1]);
        assert_eq!(read, (before, StreamEnd::Differs));
    }
    // No content at all.
    let body = streamed(vec![], &sha_256("abc"));
    assert_eq!(read_stream(body), (vec![], StreamEnd::Differs));
    let body = streamed(vec![], &sha_256(""));
    assert_eq!(read_stream(body), (vec![], StreamEnd::Whole));
    // One algorithm of two.
    let half = format!("{SHA_256}, {}", super::sha_512("other"));
    let body = streamed(vec![Act::data(CONTENT)], &half);
    assert_eq!(read_stream(body), (vec![], StreamEnd::Differs));
}

#[test]
fn trailers_follow_verified_content_only() {
    let with_trailers = |frames: &[&str]| [acts(frames), vec![Act::trailers()]].concat();
    for frames in [&[][..], &["abc"], &["ab", "c"]] {
        let body = streamed(with_trailers(frames), &sha_256(frames.concat()));
        assert_eq!(read_stream(body), (with_trailers(frames), StreamEnd::Whole));
        let body = streamed(with_trailers(frames), &sha_256("other"));
        let before = acts(&frames[..frames.len().saturating_sub(1)]);
        assert_eq!(read_stream(body), (before, StreamEnd::Differs));
    }
    // Bytes behind the trailers were not announced.
    let behind = [with_trailers(&["abc"]), acts(&["d"])].concat();
    let body = streamed(behind.clone(), &sha_256("abc"));
    assert_eq!(
        read_stream(body),
        (with_trailers(&["abc"]), StreamEnd::Differs)
    );
    let body = streamed(behind, &sha_256("abcd"));
    assert_eq!(read_stream(body), (vec![], StreamEnd::Differs));
}

/// The last bytes before an error may be the last of the content.
#[test]
fn an_error_at_each_place_stays_an_error() {
    let whole = [acts(&["a", "b"]), vec![Act::trailers()]].concat();
    for place in 0..=whole.len() {
        let mut acts = whole.clone();
        acts.insert(place, Act::Error);
        let (read, end) = read_stream(streamed(acts, &sha_256("ab")));
        assert_eq!(end, StreamEnd::Error, "{place}");
        let expected: &[u8] = [&b""[..], b"", b"a", b"ab"][place];
        assert_eq!(content(&read), expected, "{place}");
    }
}

/// An empty frame in the place of the last one would let the last data go unverified.
#[test]
fn empty_frames_take_no_place() {
    let frames = acts(&["", "ab", "", "", "c", ""]);
    let body = streamed(frames.clone(), &sha_256("abc"));
    assert_eq!(read_stream(body), (acts(&["ab", "c"]), StreamEnd::Whole));
    let body = streamed(frames, &sha_256("abd"));
    assert_eq!(read_stream(body), (acts(&["ab"]), StreamEnd::Differs));
}

/// A million empty frames are read with pauses, so that other tasks run.
#[test]
fn endless_empty_frames_do_not_keep_the_thread() {
    let mut body = Box::pin(streamed(acts(&[""; 1_000]), &sha_256("")));
    let mut cx = Context::from_waker(Waker::noop());
    let mut pauses = 0;
    while body.as_mut().poll_frame(&mut cx).is_pending() {
        pauses += 1;
    }
    assert_eq!(pauses, 7);
}

/// One long frame is hashed with pauses.
#[test]
fn a_long_frame_is_hashed_with_pauses() {
    let long = vec![b'x'; 1_000_000];
    let mut body = Box::pin(streamed(vec![Act::data(&long)], &sha_256(&long)));
    let mut cx = Context::from_waker(Waker::noop());
    let mut pauses = 0;
    let frame = loop {
        assert!(!body.is_end_stream());
        match body.as_mut().poll_frame(&mut cx) {
            Poll::Pending => pauses += 1,
            Poll::Ready(frame) => break frame.unwrap().unwrap(),
        }
    };
    assert_eq!(pauses, 3);
    assert_eq!(frame.into_data().unwrap(), long);
}

/// The held frame counts, since the service has not read it.
#[test]
fn the_size_hint_counts_the_frame_that_is_held_back() {
    let waiting = vec![Act::data("ab"), Act::data("c"), Act::Wait, Act::data("d")];
    let mut body = Box::pin(streamed(waiting, &sha_256("abcd")));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(body.as_mut().poll_frame(&mut cx).is_ready());
    assert_eq!(body.size_hint().lower(), 1);
    assert!(body.as_mut().poll_frame(&mut cx).is_pending());
    assert_eq!(body.size_hint().lower(), 1);
    let read = crate::test_support::read_unchecked(body);
    assert_eq!(read, acts(&["c", "d"]));
}
