use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Method, Request, Response, StatusCode,
    header::{
        CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_RANGE,
        CONTENT_TYPE, ETAG, LAST_MODIFIED, UPGRADE,
    },
};
use http_body::{Body, SizeHint};
use proptest::{collection::vec, prelude::*};

use super::{ContentDigest, ContentHasher, EtagLayer, ResponseFuture};
use crate::{
    body::ResponseBody,
    outcome::{Outcome, TagOrigin},
    semantics::{etag::EntityTag, method::SafeMethods, tagging::Untagged},
    test_support::{Act, ScriptedBody, content, read, send},
};

type Answer = Response<ResponseBody<ScriptedBody>>;

fn request(method: &Method) -> Request<()> {
    Request::builder().method(method).body(()).unwrap()
}

fn get<H, F>(layer: &EtagLayer<H>, respond: F) -> Answer
where
    H: ContentHasher,
    F: FnMut(Request<()>) -> Response<ScriptedBody>,
{
    send(layer, request(&Method::GET), respond)
}

fn hello() -> ScriptedBody {
    ScriptedBody::sized([Act::data("hello")])
}

fn with(name: HeaderName, value: &'static str) -> Response<ScriptedBody> {
    let mut response = Response::new(hello());
    response
        .headers_mut()
        .insert(name, HeaderValue::from_static(value));
    response
}

fn tag<B>(response: &Response<B>) -> Option<EntityTag> {
    let value = response.headers().get(ETAG)?;
    Some(EntityTag::try_from(value).expect("a well-formed tag"))
}

fn tag_of<H: ContentHasher>(layer: &EtagLayer<H>, response: Response<ScriptedBody>) -> EntityTag {
    let mut response = Some(response);
    tag(&get(layer, |_| response.take().unwrap())).expect("a tag")
}

fn why_untagged(layer: EtagLayer, method: &Method, response: Response<ScriptedBody>) -> Untagged {
    let before = response.headers().get(ETAG).cloned();
    let mut response = Some(response);
    let response = send(&layer.explain(), request(method), |_| {
        response.take().unwrap()
    });
    assert_eq!(response.headers().get(ETAG).cloned(), before);
    match Outcome::of(&response).and_then(Outcome::tag) {
        Some(TagOrigin::Untouched(why)) => why,
        other => panic!("tagged: {other:?}"),
    }
}

/// R-9110-8.8.1-a: the same bytes give the same tag in every process, which a
/// value written down once shows.
#[test]
fn a_tag_is_a_function_of_the_content() {
    let layer = EtagLayer::new();
    let tag = tag_of(&layer, Response::new(hello()));
    assert_eq!(tag.to_string(), "\"NeNOTx-dmqDjOQM-ZFcyGw\"");
    assert!(!tag.is_weak());
    let other = ScriptedBody::sized([Act::data("hellp")]);
    assert!(!tag.weak_eq(&tag_of(&layer, Response::new(other))));
}

/// R-9110-8.8.1-a: a collision-resistant hash with 128 bits.
#[test]
fn a_tag_spells_128_bits() {
    let tag = tag_of(&EtagLayer::new(), Response::new(hello()));
    assert_eq!(tag.opaque().len(), 22);
}

/// R-9110-9.3.2-a: where the content is there, `HEAD` gives the tag of `GET`;
/// where it is not, there is no tag of nothing.
#[test]
fn head_has_the_tag_of_get_or_none() {
    let layer = EtagLayer::new();
    let get = tag_of(&layer, Response::new(hello()));
    let head = send(&layer, request(&Method::HEAD), |_| Response::new(hello()));
    assert!(tag(&head).unwrap().strong_eq(&get));

    let nothing = Response::new(ScriptedBody::sized([]));
    let why = why_untagged(EtagLayer::new(), &Method::HEAD, nothing);
    assert_eq!(why, Untagged::HeadWithoutContent);
    let other_length = with(CONTENT_LENGTH, "500");
    let why = why_untagged(EtagLayer::new(), &Method::HEAD, other_length);
    assert_eq!(why, Untagged::LengthMismatch);
}

/// R-9110-8.8.1-d.
#[test]
fn equal_bytes_with_another_meaning_get_another_tag() {
    let layer = EtagLayer::new();
    let responses = [
        Response::new(hello()),
        with(CONTENT_TYPE, "text/plain"),
        with(CONTENT_TYPE, "text/html"),
        with(CONTENT_LANGUAGE, "text/html"),
        with(CONTENT_ENCODING, "gzip"),
    ];
    let tags = responses.map(|response| tag_of(&layer, response));
    for (at, one) in tags.iter().enumerate() {
        assert!(tags[..at].iter().all(|other| !one.weak_eq(other)));
    }
    let ignores_type = EtagLayer::new().contributors([]);
    let plain = tag_of(&ignores_type, with(CONTENT_TYPE, "text/plain"));
    assert!(plain.strong_eq(&tag_of(&ignores_type, with(CONTENT_TYPE, "text/html"))));
}

/// The parts of what is hashed never run into each other.
#[test]
fn the_content_cannot_pose_as_its_context() {
    let of = |id: &str, text: &str| {
        let layer = EtagLayer::new().build_id(id).contributors([]);
        tag_of(
            &layer,
            Response::new(ScriptedBody::sized([Act::data(text)])),
        )
    };
    assert!(!of("ab", "c").weak_eq(&of("a", "bc")));
    assert!(!of("", "abc").weak_eq(&of("a", "bc")));
    // Longer than the buffer that gathers small inputs.
    let long = "x".repeat(1000);
    assert!(!of(&long, "c").weak_eq(&of(&long[1..], "xc")));
    assert!(of(&long, "c").strong_eq(&of(&long, "c")));
}

/// R-9110-8.8.3-c and R-9110-8.8.1-e: the weak tag changes with every byte,
/// so a substitute that is not one never keeps it.
#[test]
fn weak_tags_are_marked() {
    let layer = EtagLayer::new().weak();
    let weak = tag_of(&layer, Response::new(hello()));
    assert!(weak.is_weak());
    assert!(weak.weak_eq(&tag_of(&EtagLayer::new(), Response::new(hello()))));
    let other = ScriptedBody::sized([Act::data("hellp")]);
    assert!(!weak.weak_eq(&tag_of(&layer, Response::new(other))));
}

#[test]
fn a_key_hides_what_a_build_id_separates() {
    let plain = tag_of(&EtagLayer::new(), Response::new(hello()));
    let keyed = |key: &str| tag_of(&EtagLayer::new().key(key), Response::new(hello()));
    assert!(!keyed("one").weak_eq(&plain));
    assert!(!keyed("one").weak_eq(&keyed("two")));
    assert!(keyed("one").strong_eq(&keyed("one")));
    let built = tag_of(&EtagLayer::new().build_id("7"), Response::new(hello()));
    assert!(!built.weak_eq(&plain));
}

/// R-9110-8.8-a: the handler's tag wins, malformed or not, and its body is
/// not touched.
#[test]
fn the_handlers_tag_wins() {
    for own in ["\"v7\"", "W/\"v7\"", "abc", "w/\"x\"", "\"a b\"", ""] {
        let response = with(ETAG, own);
        let why = why_untagged(EtagLayer::new(), &Method::GET, response);
        assert_eq!(why, Untagged::HandlerTag, "{own}");
    }
}

/// R-9110-8.8.3.1-a.
#[test]
fn last_modified_stays_beside_the_tag() {
    let date = "Tue, 15 Nov 1994 12:45:26 GMT";
    let mut response = Some(with(LAST_MODIFIED, date));
    let response = get(&EtagLayer::new(), |_| response.take().unwrap());
    assert_eq!(response.headers()[LAST_MODIFIED], date);
    assert!(tag(&response).is_some());
}

/// R-9110-8.8-c, R-9110-15.3.7-b, R-9110-15.2-a, R-SSE-a, R-GRPC-a,
/// R-INCR-3-a.
#[test]
fn what_has_no_tag_from_its_content() {
    const INCREMENTAL: HeaderName = HeaderName::from_static("incremental");
    let cases = [
        (Untagged::Part, CONTENT_RANGE, "bytes 0-4/10"),
        (Untagged::Live, CONTENT_TYPE, "text/event-stream"),
        (
            Untagged::Live,
            CONTENT_TYPE,
            "Text/Event-Stream; charset=utf-8",
        ),
        (Untagged::Live, CONTENT_TYPE, "application/grpc+proto"),
        (
            Untagged::Live,
            CONTENT_TYPE,
            "multipart/x-mixed-replace; boundary=x",
        ),
        (Untagged::Live, INCREMENTAL, "?1"),
        (Untagged::NoStore, CACHE_CONTROL, "private, No-Store"),
        (Untagged::LengthMismatch, CONTENT_LENGTH, "6"),
        (Untagged::LengthMismatch, CONTENT_LENGTH, "five"),
    ];
    for (expected, name, value) in cases {
        let why = why_untagged(EtagLayer::new(), &Method::GET, with(name, value));
        assert_eq!(why, expected, "{value}");
    }
    for status in [
        100, 103, 201, 202, 203, 204, 205, 206, 301, 304, 400, 404, 412, 500, 503,
    ] {
        let mut response = Response::new(hello());
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        let why = why_untagged(EtagLayer::new(), &Method::GET, response);
        assert_eq!(why, Untagged::Status, "{status}");
    }
}

/// P-TR-limit.
#[test]
fn what_is_too_long_or_of_unknown_length_is_not_touched() {
    let limited = || EtagLayer::new().limit(4);
    let why = why_untagged(limited(), &Method::GET, Response::new(hello()));
    assert_eq!(why, Untagged::TooLong);

    let stream = ScriptedBody::unsized_([Act::data("hello"), Act::Wait]);
    let why = why_untagged(EtagLayer::new(), &Method::GET, Response::new(stream));
    assert_eq!(why, Untagged::UnknownLength);

    // It says three bytes and has five.
    let liar = hello().with_hint(SizeHint::with_exact(3));
    let why = why_untagged(limited(), &Method::GET, Response::new(liar));
    assert_eq!(why, Untagged::TooLong);
    assert!(tag(&get(&limited().limit(5), |_| Response::new(hello()))).is_some());
}

/// R-9110-8.8-b, R-9110-9.3.4-a, R-9110-7.8-a.
#[test]
fn unsafe_methods_and_upgrades_pass() {
    let layer = EtagLayer::new();
    let query = Method::from_bytes(b"QUERY").unwrap();
    let purge = Method::from_bytes(b"PURGE").unwrap();
    for method in [
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
        Method::CONNECT,
        query.clone(),
        purge,
    ] {
        let response = send(&layer, request(&method), |_| Response::new(hello()));
        assert!(tag(&response).is_none(), "{method}");
    }
    let mut upgrade = request(&Method::GET);
    upgrade
        .headers_mut()
        .insert(UPGRADE, HeaderValue::from_static("websocket"));
    assert!(tag(&send(&layer, upgrade, |_| Response::new(hello()))).is_none());

    let layer = layer.methods(SafeMethods::GET | SafeMethods::QUERY);
    let response = send(&layer, request(&query), |_| Response::new(hello()));
    assert!(tag(&response).is_some());
}

#[test]
fn statuses_are_refused_when_built() {
    assert!(EtagLayer::new().statuses([StatusCode::OK]).is_ok());
    let layer = EtagLayer::new().statuses([StatusCode::NON_AUTHORITATIVE_INFORMATION]);
    let mut response = Response::new(hello());
    *response.status_mut() = StatusCode::NON_AUTHORITATIVE_INFORMATION;
    tag_of(&layer.unwrap(), response);
    for status in [
        StatusCode::CREATED,
        StatusCode::PARTIAL_CONTENT,
        StatusCode::NOT_FOUND,
    ] {
        let error = EtagLayer::new().statuses([status]).unwrap_err();
        assert!(error.to_string().contains(status.as_str()));
    }
}

/// R-9110-8.8-a: a known digest gives a tag though the body is endless.
#[test]
fn a_known_digest_is_used_in_place_of_the_content() {
    let answer = |digest: u8| {
        let mut response = Response::new(ScriptedBody::unsized_([Act::data("a"), Act::data("b")]));
        let digest = ContentDigest::new([digest; 32]).unwrap();
        response.extensions_mut().insert(digest);
        response
    };
    let layer = EtagLayer::new().limit(0).explain();
    let response = get(&layer, |_| answer(1));
    assert_eq!(
        Outcome::of(&response).and_then(Outcome::tag),
        Some(TagOrigin::KnownDigest)
    );
    let one = tag(&response).unwrap();
    assert_eq!(read(response.into_body()), [Act::data("a"), Act::data("b")]);
    assert!(one.strong_eq(&tag_of(&layer, answer(1))));
    assert!(!one.weak_eq(&tag_of(&layer, answer(2))));

    let mut sent_as_content = Response::new(ScriptedBody::sized([Act::data([1; 32])]));
    *sent_as_content.status_mut() = StatusCode::OK;
    assert!(!one.weak_eq(&tag_of(&EtagLayer::new(), sent_as_content)));

    assert!(ContentDigest::new([0; 15]).is_err());
    assert!(ContentDigest::new([0; 65]).is_err());
    assert_eq!(ContentDigest::new([3; 64]).unwrap().as_bytes(), [3; 64]);
}

/// P-TR-bodyerr, R-9111-3.3-a.
#[test]
fn a_broken_body_has_no_tag_and_breaks_again() {
    let acts = [Act::data("hel"), Act::Wait, Act::Error];
    let response = get(&EtagLayer::new(), |_| {
        Response::new(ScriptedBody::sized(acts.clone()).with_hint(SizeHint::with_exact(5)))
    });
    assert!(tag(&response).is_none());
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let mut body = std::pin::pin!(response.into_body());
    assert!(matches!(
        body.as_mut().poll_frame(&mut cx),
        std::task::Poll::Ready(Some(Ok(_)))
    ));
    assert!(matches!(
        body.as_mut().poll_frame(&mut cx),
        std::task::Poll::Ready(Some(Err(crate::test_support::Broken)))
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

/// R-9530-3-a, R-9530-3.1-a, R-9530-5-a: a digest field is the handler's, true
/// of what it sent, and stays as it is; the layer makes none, whatever the
/// client would like.
#[test]
fn digest_fields_are_the_handlers() {
    const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");
    const WANT_REPR_DIGEST: HeaderName = HeaderName::from_static("want-repr-digest");
    let digest = "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:";
    for method in [Method::GET, Method::HEAD, Method::POST] {
        let mut wants = request(&method);
        let md5 = HeaderValue::from_static("md5=10");
        wants.headers_mut().insert(WANT_REPR_DIGEST, md5);
        let mut plain = Some(Response::new(hello()));
        let response = send(&EtagLayer::new(), wants, |_| plain.take().unwrap());
        assert!(!response.headers().contains_key(REPR_DIGEST));

        let mut own = Some(with(REPR_DIGEST, digest));
        let response = send(&EtagLayer::new(), request(&method), |_| own.take().unwrap());
        assert_eq!(response.headers()[REPR_DIGEST], digest);
    }
}

/// Long hashing lets other tasks run: the future is pending although every
/// byte is there, and has asked to be woken.
#[test]
fn long_hashing_yields() {
    use std::{future::Future, pin::pin, task::Poll};
    let long = vec![1; super::Sha256::YIELD_AFTER + 1];
    let body = ScriptedBody::sized([Act::data(&long)]);
    let mut service = tower_layer::Layer::layer(
        &EtagLayer::new(),
        tower::service_fn(move |_: Request<()>| {
            let body = ScriptedBody::sized([Act::data(&long)]);
            std::future::ready(Ok::<_, std::convert::Infallible>(Response::new(body)))
        }),
    );
    let whole = tag_of(&EtagLayer::new().limit(u64::MAX), Response::new(body));
    let future: ResponseFuture<_, _, _> =
        tower_service::Service::call(&mut service, request(&Method::GET));
    let mut future = pin!(future);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(future.as_mut().poll(&mut cx).is_pending());
    let Poll::Ready(Ok(response)) = future.as_mut().poll(&mut cx) else {
        panic!("still pending");
    };
    assert!(tag(&response).unwrap().strong_eq(&whole));
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

/// Every hash that a feature adds obeys the same rules.
#[cfg(any(feature = "blake3", feature = "xxh3"))]
mod other_hashes {
    use super::*;

    fn holds<H: ContentHasher>(hasher: H) {
        let layer = EtagLayer::new().hasher(hasher).limit(u64::MAX);
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

#[test]
fn a_key_is_not_shown() {
    let shown = |key: &[u8]| format!("{:?}", EtagLayer::new().key(key));
    assert_eq!(shown(b"one secret"), shown(b"another"));
}

#[test]
fn the_service_gives_its_inner_back() {
    let mut service = tower_layer::Layer::layer(&EtagLayer::new(), 5);
    *service.get_mut() += 1;
    assert_eq!(*service.get_ref(), 6);
    assert_eq!(service.into_inner(), 6);
}
