//! The content of a response: its hash, and the frames that pass on.

mod announced_length;
mod pauses;

use std::{
    convert::Infallible,
    future::ready,
    pin::pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::{Body, SizeHint};
use proptest::{collection::vec, prelude::*};
use tower::{Layer, Service, service_fn};

use super::{get, hello, request, tag, tag_of};
use crate::{
    EtagLayer,
    etag::{ContentHasher, Sha256},
    test_support::{Act, Broken, ScriptedBody, content, read, run_counting},
};

/// P-TR-bodyerr, R-9111-3.3-a.
#[test]
fn a_broken_body_has_no_tag_and_breaks_again() {
    let acts = [Act::data("hel"), Act::Wait, Act::Error];
    let response = get(&EtagLayer::new(), |_| {
        Response::new(ScriptedBody::sized(acts.clone()).with_hint(SizeHint::with_exact(5)))
    });
    assert!(tag(&response).is_none());
    let mut cx = Context::from_waker(Waker::noop());
    let mut body = pin!(response.into_body());
    assert!(matches!(
        body.as_mut().poll_frame(&mut cx),
        Poll::Ready(Some(Ok(_)))
    ));
    assert!(matches!(
        body.as_mut().poll_frame(&mut cx),
        Poll::Ready(Some(Err(Broken)))
    ));
}

/// R-9110-6.5-a, R-9110-6.5.1-a.
#[test]
fn trailers_stay_trailers() {
    let acts = [Act::data("hello"), Act::trailers()];
    let response = get(&EtagLayer::new(), |_| {
        Response::new(ScriptedBody::sized(acts.clone()))
    });
    assert!(!response.headers().contains_key("x-checksum"));
    let without = tag_of(&EtagLayer::new(), Response::new(hello()));
    assert!(tag(&response).unwrap().strong_eq(&without));
    assert_eq!(read(response.into_body()), acts);
}

/// Long hashing lets other tasks run, and wakes its own task.
#[test]
fn long_hashing_yields() {
    let long = vec![1; Sha256::YIELD_AFTER + 1];
    let body = ScriptedBody::sized([Act::data(&long)]);
    let whole = tag_of(&EtagLayer::new(), Response::new(body));
    let mut service = EtagLayer::new().layer(service_fn(move |_: Request<()>| {
        let body = ScriptedBody::sized([Act::data(&long)]);
        ready(Ok::<_, Infallible>(Response::new(body)))
    }));
    let (response, polls) = run_counting(service.call(request(&Method::GET)));
    assert_eq!(polls, 2);
    assert!(tag(&response.unwrap()).unwrap().strong_eq(&whole));
}

fn frames(content: &[u8], cuts: &[usize]) -> Vec<Act> {
    let mut acts = Vec::new();
    let mut rest = Bytes::copy_from_slice(content);
    for cut in cuts {
        acts.push(Act::Data(rest.split_to((*cut).min(rest.len()))));
        acts.push(Act::Wait);
    }
    acts.push(Act::Data(rest));
    acts
}

proptest! {
    /// R-9110-8.8.1-b, and design invariant 1 through the layer.
    #[test]
    fn frame_boundaries_never_change_a_tag(
        bytes in vec(any::<u8>(), 0..2000),
        cuts in vec(0_usize..500, 0..8),
    ) {
        let layer = EtagLayer::new();
        let whole = ScriptedBody::sized([Act::data(&bytes)]);
        let expected = tag_of(&layer, Response::new(whole));
        let acts = frames(&bytes, &cuts);
        let response = get(&layer, |_| Response::new(ScriptedBody::sized(acts.clone())));
        prop_assert!(tag(&response).unwrap().strong_eq(&expected));
        prop_assert_eq!(response.body().size_hint().exact(), Some(bytes.len() as u64));
        prop_assert_eq!(content(&read(response.into_body())), bytes);
    }
}

/// The hash functions of features keep the same rules.
#[cfg(any(feature = "blake3", feature = "xxh3"))]
mod other_hashes {
    use super::*;

    fn holds<H: ContentHasher>(hasher: H) {
        let layer = EtagLayer::new().hasher(hasher).max_body_bytes(usize::MAX);
        let bytes = vec![9; 3 * H::YIELD_AFTER / 2];
        let whole = Response::new(ScriptedBody::sized([Act::data(&bytes)]));
        let cut = Response::new(ScriptedBody::sized(frames(&bytes, &[1, 63, 1024, 70_000])));
        let tag = tag_of(&layer, whole);
        assert!(tag.strong_eq(&tag_of(&layer, cut)));
        assert_eq!(tag.opaque().len(), 22);
        let other = Response::new(ScriptedBody::sized([Act::data(&bytes[1..])]));
        assert!(!tag.weak_eq(&tag_of(&layer, other)));
    }

    #[cfg(feature = "blake3")]
    #[test]
    fn blake3() {
        holds(crate::etag::Blake3::new());
    }

    #[cfg(feature = "xxh3")]
    #[test]
    fn xxh3() {
        holds(crate::etag::Xxh3::new());
    }
}
