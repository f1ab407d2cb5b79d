//! Bodies that break their announced length.

use std::{
    cell::Cell,
    convert::Infallible,
    future::Future,
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{Method, Response, header::CONTENT_LENGTH};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Limited;
use tower::{Layer, Service};

use crate::etag::tests::{Answer, get, hello, request, tag};
use crate::{
    EtagLayer,
    outcome::{Outcome, TagOrigin},
    semantics::validator::UntaggedReason,
    test_support::{Act, Broken, ScriptedBody, read_unchecked, run_counting, send},
};

/// Returns a response that records why it has no tag.
fn answer(body: ScriptedBody) -> Answer {
    let mut body = Some(body);
    get(&EtagLayer::new().explain(), |_| {
        Response::new(body.take().expect("one request"))
    })
}

#[track_caller]
fn assert_untagged<B>(response: &Response<B>, why: UntaggedReason) {
    let origin = Outcome::of(response).and_then(Outcome::tag);
    assert_eq!(origin, Some(TagOrigin::Untouched(why)));
    assert!(tag(response).is_none());
}

fn announcing(length: u64, acts: &[Act]) -> ScriptedBody {
    ScriptedBody::unsized_(acts.to_vec()).with_hint(SizeHint::with_exact(length))
}

/// Returns the values of `is_end_stream` before each frame and before the end.
fn ends<B: Body<Data = Bytes>>(body: B) -> Vec<bool> {
    let mut body = pin!(body);
    let mut cx = Context::from_waker(Waker::noop());
    let mut ends = Vec::new();
    loop {
        let end = body.is_end_stream();
        match body.as_mut().poll_frame(&mut cx) {
            Poll::Pending => continue,
            Poll::Ready(Some(_)) => ends.push(end),
            Poll::Ready(None) => {
                ends.push(end);
                return ends;
            }
        }
    }
}

/// Issue 10, A.5, P-TR-bodyerr: a body that ends early has no tag. It announces the same
/// length as before, and `is_end_stream` has the same values.
#[test]
fn a_body_that_ends_early_is_not_tagged_and_ends_early_again() {
    let scripts: [&[Act]; 5] = [
        &[],
        &[Act::data("hello")],
        &[Act::data("hel"), Act::data(""), Act::data("lo")],
        &[Act::Wait, Act::data("hel"), Act::Wait, Act::data("lo")],
        &[Act::data("hello"), Act::trailers()],
    ];
    for acts in scripts {
        for tells_end in [true, false] {
            let body = || {
                let body = announcing(10, acts);
                if tells_end {
                    body
                } else {
                    body.without_telling_end()
                }
            };
            let response = answer(body());
            assert_untagged(&response, UntaggedReason::LengthMismatch);
            assert_eq!(response.body().size_hint().exact(), Some(10), "{acts:?}");
            assert_eq!(ends(response.into_body()), ends(body()), "{acts:?}");
        }
    }
}

/// Issue 10, A.5: a body that is longer than announced passes from there on.
#[test]
fn a_body_that_goes_on_is_not_tagged_and_not_read_to_its_end() {
    let acts = ["abc", "def", "ghi", "jkl"].map(Act::data);
    for announced in [0, 3, 5] {
        let response = answer(announcing(announced, &acts));
        assert_untagged(&response, UntaggedReason::LengthMismatch);
        assert_eq!(response.body().size_hint().exact(), Some(announced));
        assert!(!response.body().is_end_stream());
        assert_eq!(read_unchecked(response.into_body()), acts, "{announced}");
    }
    let waits = [Act::data("abcdef"), Act::Wait, Act::data("ghi")];
    let mut body = Some(announcing(3, &waits));
    let mut service = EtagLayer::new().layer(tower::service_fn(|_: http::Request<()>| {
        std::future::ready(Ok::<_, Broken>(Response::new(body.take().unwrap())))
    }));
    let (response, polls) = run_counting(service.call(request(&Method::GET)));
    assert_eq!(polls, 1);
    assert!(tag(&response.unwrap()).is_none());
}

/// Issue 10, A.5, P-TR-bodyerr, R-9111-3.3-a: an error after any number of bytes comes
/// after the same bytes.
#[test]
fn an_error_at_each_byte_has_no_tag() {
    for at in 0..=10 {
        let mut acts = vec![Act::data("x"); at];
        acts.push(Act::Error);
        let response = answer(announcing(10, &acts));
        assert_untagged(&response, UntaggedReason::BodyError);
        assert_eq!(response.body().size_hint().exact(), Some(10));
        assert_eq!(read_unchecked(response.into_body()), acts);
    }
}

/// A body that changes its size hint with each frame.
struct Fickle {
    body: Pin<Box<ScriptedBody>>,
    hints: Vec<SizeHint>,
}

impl Body for Fickle {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        if self.hints.len() > 1 {
            self.hints.remove(0);
        }
        self.body.as_mut().poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.hints[0]
    }
}

/// Issue 10, A.5: the hint before the first frame counts, and no later one.
#[test]
fn a_hint_that_changes_is_read_once() {
    let hints = |first| {
        let later = [SizeHint::with_exact(0), SizeHint::new(), exact(1 << 40)];
        [exact(first)].into_iter().chain(later).collect()
    };
    let send = |first: u64| {
        let acts = ["ab", "cd", "e"].map(Act::data);
        let body = Fickle {
            body: Box::pin(ScriptedBody::unsized_(acts)),
            hints: hints(first),
        };
        let mut body = Some(body);
        send(&EtagLayer::new().explain(), request(&Method::GET), |_| {
            Response::new(body.take().unwrap())
        })
    };
    assert!(tag(&send(5)).is_some());
    for lie in [4, 6] {
        let response = send(lie);
        assert_untagged(&response, UntaggedReason::LengthMismatch);
        assert_eq!(response.body().size_hint().exact(), Some(lie));
    }
}

fn exact(length: u64) -> SizeHint {
    SizeHint::with_exact(length)
}

/// Issue 10, A.5: a body without an exact length is a stream, with any bounds.
#[test]
fn a_body_with_bounds_is_a_stream() {
    for (lower, upper) in [(0, Some(100)), (5, None), (5, Some(6)), (0, None)] {
        let mut hint = SizeHint::new();
        hint.set_lower(lower);
        if let Some(upper) = upper {
            hint.set_upper(upper);
        }
        let response = answer(hello().with_hint(hint));
        assert_untagged(&response, UntaggedReason::UnknownLength);
        assert_eq!(response.body().size_hint().lower(), lower);
        assert_eq!(response.body().size_hint().upper(), upper);
    }
}

/// A body that panics when it is polled.
struct Untouchable;

impl Body for Untouchable {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        panic!("the body was read");
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::new()
    }
}

/// Issue 10, A.5: `Limited` around a stream gives an upper bound only.
#[test]
fn a_limited_stream_is_not_held_back() {
    let layer = EtagLayer::new().explain();
    let response = send(&layer, request(&Method::GET), |_| {
        Response::new(Limited::new(Untouchable, 100))
    });
    assert_untagged(&response, UntaggedReason::UnknownLength);
}

/// Issue 10, A.5, R-9110-8.6-a: a `Content-Length` that contradicts the body is detected
/// before the body is read, on whichever line it is.
#[test]
fn a_contradicted_content_length_is_seen_at_once() {
    for lines in [&["6"][..], &["5", "6"], &["6", "5"], &["five"]] {
        let acts = [Act::Wait, Act::data("hello")];
        let mut response = Response::new(ScriptedBody::sized(acts));
        for line in lines {
            let headers = response.headers_mut();
            headers.append(CONTENT_LENGTH, line.parse().unwrap());
        }
        let mut response = Some(response);
        let mut service =
            EtagLayer::new()
                .explain()
                .layer(tower::service_fn(|_: http::Request<()>| {
                    std::future::ready(Ok::<_, Broken>(response.take().unwrap()))
                }));
        let (response, polls) = run_counting(service.call(request(&Method::GET)));
        assert_untagged(&response.unwrap(), UntaggedReason::LengthMismatch);
        assert_eq!(polls, 1, "{lines:?}");
    }
}

/// Issue 10, A.5: a body that is never ready is polled only when it is woken.
#[test]
fn a_body_that_is_never_ready_is_waited_for() {
    let polls = Rc::new(Cell::new(0));
    struct Never(Rc<Cell<usize>>);

    impl Body for Never {
        type Data = Bytes;
        type Error = Broken;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
            self.0.set(self.0.get() + 1);
            Poll::Pending
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::with_exact(10)
        }
    }

    let mut service = EtagLayer::new().layer(tower::service_fn(|_: http::Request<()>| {
        std::future::ready(Ok::<_, Broken>(Response::new(Never(Rc::clone(&polls)))))
    }));
    let mut future = pin!(service.call(request(&Method::GET)));
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..3 {
        assert!(future.as_mut().poll(&mut cx).is_pending());
    }
    // The first poll of the future polls the body twice: for all content, then for more.
    assert!(polls.get() <= 4, "{} polls", polls.get());
}
