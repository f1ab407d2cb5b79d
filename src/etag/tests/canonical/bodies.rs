//! The bodies of JSON responses, which pass on as they came.

use std::{convert::Infallible, future::ready};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::{Body, SizeHint};
use proptest::{collection::vec, prelude::*};
use tower::{Layer, Service, service_fn};

use super::{Answer, get, json, layer, origin, tag, tag_of, typed};
use crate::{
    EtagLayer,
    body::BrokenContent,
    etag::{ContentHasher, Sha256, tests::request},
    outcome::{NotCanonical, TagOrigin},
    semantics::validator::UntaggedReason,
    test_support::{Act, content, read, read_unchecked, run_counting},
};

/// Returns the response to a body of these steps, which announces `length` bytes.
fn announced(length: u64, acts: &[Act]) -> Answer {
    get(&layer(), |_| {
        typed("application/json", acts.iter().cloned())
            .map(|body| body.with_hint(SizeHint::with_exact(length)))
    })
}

/// R-9110-6.5-a, R-9110-6.5.1-a.
#[test]
fn frames_and_trailers_pass_on() {
    let acts = [
        Act::data("{ \"b\":1,"),
        Act::Wait,
        Act::data(""),
        Act::data("\"a\" :2 }"),
        Act::trailers(),
    ];
    let response = announced(16, &acts);
    assert!(
        tag(&response)
            .unwrap()
            .weak_eq(&tag_of(&layer(), json("{\"a\":2,\"b\":1}")))
    );
    assert_eq!(response.body().size_hint().exact(), Some(16));
    let data: Vec<_> = acts.into_iter().filter(|act| *act != Act::Wait).collect();
    assert_eq!(read(response.into_body()), data);
}

/// P-TR-bodyerr, R-9111-3.3-a: content that breaks off has no tag, and breaks off again.
#[test]
fn a_broken_body_has_no_tag() {
    for acts in [
        vec![Act::data("{\"a\":"), Act::Error],
        vec![Act::data("{}"), Act::Wait, Act::Error],
        vec![Act::Error],
    ] {
        let response = announced(7, &acts);
        assert!(tag(&response).is_none());
        let reason = TagOrigin::Untouched(UntaggedReason::BodyError);
        assert_eq!(origin(&response), Some(reason));
        assert!(response.extensions().get::<BrokenContent>().is_some());
        let left: Vec<_> = acts.into_iter().filter(|act| *act != Act::Wait).collect();
        assert_eq!(read_unchecked(response.into_body()), left);
    }
}

/// A body with another length than it announced has no tag, also if its content is JSON.
#[test]
fn a_wrong_length_has_no_tag() {
    for length in [1, 3] {
        let acts = [Act::data("{}")];
        let response = announced(length, &acts);
        let reason = TagOrigin::Untouched(UntaggedReason::LengthMismatch);
        assert_eq!(origin(&response), Some(reason), "{length}");
        assert_eq!(read_unchecked(response.into_body()), acts);
    }
}

/// Bad input has a tag from its bytes, and goes out whole.
#[test]
fn bad_input_passes_whole() {
    let deep = vec![b'['; 100_000];
    let cases: [(&[u8], NotCanonical); 4] = [
        (&deep, NotCanonical::TooDeep { at: 128 }),
        (b"[\"\xff\"]", NotCanonical::Utf8 { at: 2 }),
        (b"{\"a\":1,\"a\":1}", NotCanonical::DuplicateName { at: 7 }),
        (b"{\"a\":", NotCanonical::Syntax { at: 5 }),
    ];
    for (bytes, reason) in cases {
        for acts in [vec![Act::data(bytes)], cut(bytes, &[1, 3])] {
            let length = bytes.len() as u64;
            let response = announced(length, &acts);
            let expected = TagOrigin::NotCanonical {
                bytes: length,
                reason,
            };
            assert_eq!(origin(&response), Some(expected));
            assert!(tag(&response).expect("a tag").is_weak());
            assert_eq!(content(&read(response.into_body())), bytes);
        }
    }
}

fn cut(bytes: &[u8], cuts: &[usize]) -> Vec<Act> {
    let mut acts = Vec::new();
    let mut rest = bytes;
    for at in cuts {
        let (frame, others) = rest.split_at((*at).min(rest.len()));
        acts.extend([Act::data(frame), Act::Wait]);
        rest = others;
    }
    acts.push(Act::data(rest));
    acts
}

proptest! {
    /// R-9110-8.8.1-b: neither the frames nor the way to the form change a tag.
    #[test]
    fn frame_boundaries_never_change_a_tag(
        names in vec("[a-z]{1,4}", 0..40),
        cuts in vec(0_usize..300, 0..6),
        padding in 0_usize..3,
    ) {
        // Long content takes another way than short content.
        let members = names.iter().enumerate().map(|(at, name)| format!("\"{name}{at}\":{at}"));
        let spaces = " ".repeat(padding * 50_000);
        let text = format!("{{{spaces}{}}}", members.collect::<Vec<_>>().join(","));
        let expected = tag_of(&layer(), json(text.replace(' ', "")));
        let acts = cut(text.as_bytes(), &cuts);
        let response = announced(text.len() as u64, &acts);
        prop_assert!(tag(&response).unwrap().weak_eq(&expected));
        prop_assert_eq!(response.body().size_hint().exact(), Some(text.len() as u64));
        prop_assert_eq!(content(&read(response.into_body())), text.as_bytes());
    }
}

/// Returns the number of polls that a response with this content takes.
fn polls(layer: &EtagLayer, content: impl Into<Bytes>) -> usize {
    let content = content.into();
    let mut service = layer.layer(service_fn(move |_: Request<()>| {
        let acts = [Act::Data(content.clone())];
        ready(Ok::<Response<_>, Infallible>(typed(
            "application/json",
            acts,
        )))
    }));
    let (response, polls) = run_counting(service.call(request(&Method::GET)));
    assert!(tag(&response.unwrap()).unwrap().is_weak());
    polls
}

/// Long hashing lets other tasks run, of a form and of content without one.
#[test]
fn long_hashing_yields() {
    let two_pauses = 5 * Sha256::YIELD_AFTER / 2;
    let string = format!("\"{}\"", "x".repeat(two_pauses));
    assert_eq!(polls(&layer(), string[1..].to_owned()), 3);
    assert_eq!(polls(&layer(), string), 3);
    assert_eq!(polls(&layer(), "\"x\""), 1);
}

/// 64 MiB of brackets are refused at the first levels, and hashed like any content.
#[test]
fn many_brackets_are_hashed_in_portions() {
    let bytes = 64 << 20;
    let layer = layer().max_body_bytes(bytes);
    let portions = bytes / Sha256::YIELD_AFTER;
    assert_eq!(polls(&layer, vec![b'['; bytes]), portions);
}

/// Long content is made canonical by another thread, while the runtime serves other tasks.
#[cfg(feature = "tokio")]
#[tokio::test]
async fn long_content_is_left_to_another_thread() {
    use std::{
        future::{Future, poll_fn},
        pin::pin,
        task::Poll,
    };

    let long = format!("[{}1]", "1,".repeat(1 << 18));
    let content = long.clone();
    // A thread without a runtime does it in place.
    let in_place = std::thread::spawn(move || tag_of(&layer(), json(&content)));
    let expected = in_place.join().unwrap();
    let content = long.clone();
    let mut service = layer().layer(service_fn(move |_: Request<()>| {
        ready(Ok::<Response<_>, Infallible>(json(&content)))
    }));
    let mut call = pin!(service.call(request(&Method::GET)));
    let mut polls = 0;
    let response = poll_fn(|cx| {
        polls += 1;
        call.as_mut().poll(cx)
    });
    let response = response.await.unwrap();
    // One poll begins the work, the next ones hash: 512 KiB in portions of 128 KiB.
    assert!(polls >= 5, "{polls}");
    assert!(tag(&response).unwrap().weak_eq(&expected));
    assert_eq!(content_of(response), long.as_bytes());

    // A client that leaves takes the work along.
    let mut left = Box::pin(service.call(request(&Method::GET)));
    let pending = poll_fn(|cx| Poll::Ready(left.as_mut().poll(cx).is_pending())).await;
    assert!(pending);
    drop(left);
}

#[cfg(feature = "tokio")]
fn content_of(response: Answer) -> Vec<u8> {
    content(&read(response.into_body()))
}
