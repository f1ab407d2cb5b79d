use std::{
    collections::HashSet,
    pin::pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};
use http_body::{Body, Frame};
use proptest::{collection::vec, prelude::*};

use super::{PartContent, draw_boundary};
use crate::{
    body::ResponseBody,
    semantics::condition::range::{Boundary, ByteRange, MultipartFraming},
    test_support::{Act, ScriptedBody, content, read, read_unchecked, run_counting},
};

const COMPLETE: u64 = 1 << 20;
const DIGITS: &str = "00112233445566778899aabbccddeeff";

fn boundary() -> Boundary {
    Boundary::new(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff)
}

fn ranges(ranges: &[(u64, u64)]) -> Vec<ByteRange> {
    let ranges = ranges.iter();
    ranges
        .map(|(first, last)| ByteRange::new(*first, *last))
        .collect()
}

fn framing(parts: &[(u64, u64)]) -> MultipartFraming {
    let text = HeaderValue::from_static("text/plain");
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, text)]);
    MultipartFraming::new(&ranges(parts), COMPLETE, &headers, &boundary()).expect("short")
}

fn stream(acts: &[Act], parts: &[(u64, u64)]) -> ResponseBody<ScriptedBody> {
    let body = ScriptedBody::sized(acts.to_vec());
    ResponseBody::byteranges(framing(parts), PartContent::Stream(body))
}

/// The content of these parts, written in another way.
fn expected(parts: &[(u64, u64)], whole: &[u8]) -> String {
    let mut text = String::new();
    for (first, last) in parts {
        let line_break = if text.is_empty() { "" } else { "\r\n" };
        let content = &whole[*first as usize..=*last as usize];
        text.push_str(&format!(
            "{line_break}--{DIGITS}\r\nContent-Type: text/plain\r\n\
             Content-Range: bytes {first}-{last}/{COMPLETE}\r\n\r\n{}",
            str::from_utf8(content).expect("ASCII"),
        ));
    }
    text + &format!("\r\n--{DIGITS}--\r\n")
}

fn text(acts: &[Act]) -> String {
    String::from_utf8(content(acts)).expect("ASCII")
}

/// R-9110-15.3.7.2-a: all three sources give the same bytes, of exactly the announced length.
#[test]
fn each_part_stands_between_delimiters_with_its_own_head() {
    let whole = "abcdefghij";
    let parts = [(0, 0), (3, 5), (9, 9)];
    let each: Vec<_> = parts
        .iter()
        .map(|(first, last)| &whole[*first as usize..=*last as usize])
        .map(|part| ScriptedBody::sized([Act::data(part)]))
        .collect();
    for source in [
        PartContent::Stream(ScriptedBody::sized([Act::data(whole)])),
        PartContent::Whole(whole.into()),
        PartContent::Each(each.into_iter()),
    ] {
        let body = ResponseBody::byteranges(framing(&parts), source);
        let announced = body.size_hint().exact();
        let acts = read(body);
        assert_eq!(text(&acts), expected(&parts, whole.as_bytes()));
        assert_eq!(announced, Some(content(&acts).len() as u64));
    }
}

#[test]
fn a_part_without_a_media_type_has_only_its_range() {
    let parts = ranges(&[(0, 1), (400, 400)]);
    let framing = MultipartFraming::new(&parts, 500, &HeaderMap::new(), &boundary());
    let heads = framing.expect("short").parts.into_iter();
    let heads: Vec<_> = heads.map(|part| part.head).collect();
    let first = format!("--{DIGITS}\r\nContent-Range: bytes 0-1/500\r\n\r\n");
    let second = format!("\r\n--{DIGITS}\r\nContent-Range: bytes 400-400/500\r\n\r\n");
    assert_eq!(heads, [first, second]);
}

/// RFC 9110, section 15.3.7.2: a part has the order of the request.
#[test]
fn parts_of_one_frame_come_in_any_order() {
    let parts = [(7, 9), (0, 1)];
    let body = ResponseBody::<ScriptedBody>::byteranges(
        framing(&parts),
        PartContent::Whole("abcdefghij".into()),
    );
    assert_eq!(text(&read(body)), expected(&parts, b"abcdefghij"));
}

#[test]
fn content_is_not_copied() {
    let frame = Bytes::from(vec![b'x'; 100]);
    let address = frame.as_ptr() as usize;
    let acts = read(stream(&[Act::Data(frame)], &[(10, 19), (50, 59)]));
    let addresses: Vec<_> = acts
        .iter()
        .map(|act| match act {
            Act::Data(data) => data.as_ptr() as usize,
            _ => panic!("{act:?}"),
        })
        .collect();
    assert_eq!(addresses.len(), 5);
    assert_eq!([addresses[1], addresses[3]], [address + 10, address + 50]);
}

/// Both parts in one frame, one part in many frames, and frames that end where a part does.
#[test]
fn frames_are_cut_wherever_they_end() {
    let whole = b"abcdefghijklmnop";
    for size in 1..=whole.len() {
        let acts: Vec<_> = whole.chunks(size).map(Act::data).collect();
        let parts = [(1, 3), (4, 6), (9, 14)];
        assert_eq!(text(&read(stream(&acts, &parts))), expected(&parts, whole));
    }
}

/// The rest of the content may never come, and is not asked for.
#[test]
fn nothing_is_read_behind_the_last_part() {
    let acts = [Act::data("abcdef"), Act::Error];
    let body = stream(&acts, &[(0, 0), (5, 5)]);
    assert_eq!(text(&read(body)), expected(&[(0, 0), (5, 5)], b"abcdef"));
}

#[test]
fn trailers_of_the_whole_are_not_sent() {
    let acts = [Act::data("abcdef"), Act::trailers()];
    let read = read(stream(&acts, &[(0, 0), (5, 5)]));
    assert_eq!(text(&read), expected(&[(0, 0), (5, 5)], b"abcdef"));
    assert!(!read.contains(&Act::trailers()));
}

/// A client must not take the parts for complete.
#[test]
fn an_early_end_has_no_closing_delimiter_and_keeps_the_announced_length() {
    let parts = [(0, 1), (4, 9)];
    let acts = [Act::data("abcdef")];
    for ending in [None, Some(Act::trailers())] {
        let acts: Vec<_> = acts.iter().cloned().chain(ending).collect();
        for source in [
            PartContent::Stream(ScriptedBody::unsized_(acts.clone())),
            PartContent::Whole("abcdef".into()),
        ] {
            let mut body = pin!(ResponseBody::byteranges(framing(&parts), source));
            let mut cx = Context::from_waker(Waker::noop());
            let mut returned = Vec::new();
            while let Poll::Ready(Some(frame)) = body.as_mut().poll_frame(&mut cx) {
                assert!(!body.is_end_stream(), "more was announced");
                let data = frame.map(Frame::into_data);
                returned.extend_from_slice(&data.expect("no error").expect("data"));
            }
            let whole = expected(&parts, b"abcdefghij");
            let sent = whole.split_once("ghij").expect("the missing bytes").0;
            assert_eq!(String::from_utf8(returned).expect("ASCII"), sent);
            assert!(!body.is_end_stream());
            assert_eq!(
                body.size_hint().exact(),
                Some((whole.len() - sent.len()) as u64)
            );
            // Nothing is polled after its end.
            assert!(matches!(body.poll_frame(&mut cx), Poll::Ready(None)));
        }
    }
}

#[test]
fn an_error_before_and_inside_of_a_part_stays_that_error() {
    for length in 0..10 {
        let acts = [Act::data(&"abcdefghij"[..length]), Act::Error];
        let acts = read(stream(&acts, &[(2, 4), (8, 9)]));
        let (end, sent) = acts.split_last().expect("an error");
        assert_eq!(end, &Act::Error, "{length}");
        let whole = expected(&[(2, 4), (8, 9)], b"abcdefghij");
        assert!(whole.starts_with(&text(sent)), "{length}");
        assert!(!text(sent).contains(&format!("{DIGITS}--")));
    }
}

#[test]
fn a_body_that_is_longer_than_its_part_is_cut() {
    let bodies = ["abXX", "cdeXX"].map(|part| ScriptedBody::sized([Act::data(part)]));
    let body = ResponseBody::byteranges(
        framing(&[(0, 1), (2, 4)]),
        PartContent::Each(Vec::from(bodies).into_iter()),
    );
    assert_eq!(text(&read(body)), expected(&[(0, 1), (2, 4)], b"abcde"));
}

/// The second part never fills the place of what the first lacks.
#[test]
fn a_body_that_is_shorter_than_its_part_ends_the_content() {
    let bodies = ["a", "bc"].map(|part| ScriptedBody::sized([Act::data(part)]));
    let body = ResponseBody::byteranges(
        framing(&[(0, 1), (4, 5)]),
        PartContent::Each(Vec::from(bodies).into_iter()),
    );
    let acts = read_unchecked(body);
    assert!(text(&acts).ends_with("/1048576\r\n\r\na"), "{acts:?}");
}

/// Otherwise no other task runs while a body that is always ready is skipped.
#[test]
fn a_long_skip_yields_to_other_tasks() {
    let acts: Vec<_> = (0..1000).map(|_| Act::data("x")).collect();
    let mut body = pin!(stream(&acts, &[(0, 0), (998, 999)]));
    let (frames, polls) = run_counting(std::future::poll_fn(|cx| {
        let mut frames = 0;
        loop {
            match body.as_mut().poll_frame(cx) {
                Poll::Ready(Some(_)) => frames += 1,
                Poll::Ready(None) => return Poll::Ready(frames),
                Poll::Pending => return Poll::Pending,
            }
        }
    }));
    assert!(frames <= 6, "{frames}");
    assert!((5..10).contains(&polls), "{polls}");
}

#[test]
fn each_boundary_is_another_one() {
    let parts = ranges(&[(0, 1), (500, 501)]);
    let heads = (0..1000).map(|_| {
        let framing = MultipartFraming::new(&parts, COMPLETE, &HeaderMap::new(), &draw_boundary());
        framing.expect("short").end
    });
    let unique: HashSet<_> = heads.collect();
    assert_eq!(unique.len(), 1000);
}

proptest! {
    /// Cuts of random content in random frames, against slices of it.
    #[test]
    fn parts_are_slices_of_the_whole(
        frames in vec("[a-z]{0,20}", 1..20),
        cuts in vec(any::<prop::sample::Index>(), 2..8),
        pauses in any::<u32>(),
    ) {
        let whole = frames.concat();
        prop_assume!(!whole.is_empty());
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(whole.len()) as u64).collect();
        cuts.sort_unstable();
        cuts.dedup();
        let parts: Vec<_> = cuts.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
        prop_assume!(!parts.is_empty());
        let acts = frames.iter().enumerate().flat_map(|(index, frame)| {
            let waits = pauses >> (index % 32) & 1 == 1;
            [Act::data(frame)].into_iter().chain(waits.then_some(Act::Wait))
        });
        let acts: Vec<_> = acts.collect();
        let read = read(stream(&acts, &parts));
        prop_assert_eq!(text(&read), expected(&parts, whole.as_bytes()));
    }
}
