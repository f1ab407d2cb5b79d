//! The content of a response that fills an entry.

use http::Response;
use http_body::{Body, SizeHint};

use super::{Site, head, request};
use crate::{
    body::ResponseBody,
    test_support::{Act, ScriptedBody, read_unchecked},
};

/// Sends a read whose response has this body, uses the response, and returns `true` if its tag is
/// remembered.
async fn fills(
    body: impl Fn() -> ScriptedBody + Clone + Send + Sync + 'static,
    read: impl FnOnce(ResponseBody<ScriptedBody>),
) -> bool {
    let site = Site::new();
    let service = site.serve(&site.layer(), move |site, _| {
        site.page().body(body()).unwrap()
    });
    read(head(&service, request("GET", "/a", &[])).await.into_body());
    assert_eq!(site.store.len() == 1, is_filled(&site));
    is_filled(&site)
}

/// Returns `true` if the last step was a fill, and `false` if the lease was given back.
fn is_filled(site: &Site) -> bool {
    let steps = site.store.steps();
    let is_filled = steps.contains(&"fill");
    let expected = if is_filled { "fill" } else { "release" };
    assert_eq!(
        steps
            .iter()
            .filter(|step| **step != "lookup")
            .collect::<Vec<_>>(),
        [&expected]
    );
    site.store.log_again(steps);
    is_filled
}

fn read_all(body: ResponseBody<ScriptedBody>) {
    read_unchecked(body);
}

/// Returns a body that ends with an error after some bytes, announced or not.
fn broken(good: usize, is_sized: bool) -> ScriptedBody {
    let acts = (0..good).map(|_| Act::data("x")).chain([Act::Error]);
    let hint = if is_sized {
        SizeHint::with_exact(5)
    } else {
        SizeHint::new()
    };
    ScriptedBody::unsized_(acts).with_hint(hint)
}

/// R-9111-3.3-a: a body that breaks, at whatever byte, is not remembered.
#[tokio::test]
async fn a_broken_body_fills_nothing() {
    for good in 0..5 {
        for is_sized in [false, true] {
            assert!(
                !fills(move || broken(good, is_sized), read_all).await,
                "{good} {is_sized}"
            );
        }
    }
    assert!(!fills(|| broken(5, false), read_all).await);
    // A server that has sent the announced bytes sees no error behind them.
    assert!(fills(|| broken(5, true), read_all).await);
}

/// R-9111-3.3-a: content of another length than announced is not remembered.
#[tokio::test]
async fn content_of_another_length_fills_nothing() {
    for announced in [1, 3, 5, 6, 100] {
        let body = move || {
            let acts = ["ab", "cd"].map(Act::data);
            ScriptedBody::unsized_(acts).with_hint(SizeHint::with_exact(announced))
        };
        assert!(!fills(body, read_all).await, "{announced}");
    }
}

/// R-9111-3.3-a: content whose reader has left in the middle is not remembered.
#[tokio::test]
async fn content_that_is_dropped_in_the_middle_fills_nothing() {
    for is_sized in [false, true] {
        let body = move || {
            // Without the wait, content of known length would be complete at once.
            let acts = [Act::Wait, Act::data("ab"), Act::Wait, Act::data("cd")];
            if is_sized {
                ScriptedBody::sized(acts)
            } else {
                ScriptedBody::unsized_(acts)
            }
        };
        for frames in 1..=2 {
            let read = |body| read_frames(body, frames);
            assert_eq!(fills(body, read).await, frames == 2, "{is_sized} {frames}");
        }
        // The client has left: nobody knows if the content would have broken.
        assert!(!fills(body, drop).await, "{is_sized}");
        assert!(fills(body, read_all).await, "{is_sized}");
    }
}

/// R-9111-3.3-a: a 304 of a layer outside drops content unread. It counts if its length was
/// announced, and a stream may still break.
#[tokio::test]
async fn content_that_a_304_drops_counts() {
    for (tag, is_sized) in [("\"v1\"", true), ("\"v1\"", false), ("\"v0\"", true)] {
        let site = Site::new();
        let service = site.serve(&site.layer(), move |site, _| {
            let acts = [Act::Wait, Act::data("ab")];
            let body = match is_sized {
                true => ScriptedBody::sized(acts),
                false => ScriptedBody::unsized_(acts),
            };
            site.page().body(body).unwrap()
        });
        let conditional = request("GET", "/a", &[("if-none-match", tag)]);
        drop(head(&service, conditional).await.into_body());
        let is_304 = tag == "\"v1\"";
        assert_eq!(is_filled(&site), is_304 && is_sized, "{tag} {is_sized}");
    }
}

/// Reads some frames, and no further.
fn read_frames(body: ResponseBody<ScriptedBody>, mut frames: usize) {
    use std::{
        pin::pin,
        task::{Context, Poll, Waker},
    };
    let mut body = pin!(body);
    let mut cx = Context::from_waker(Waker::noop());
    while frames > 0 {
        if let Poll::Ready(frame) = body.as_mut().poll_frame(&mut cx) {
            frame.expect("a frame").expect("no error");
            frames -= 1;
        }
    }
}

/// Trailers, empty frames and bodies that do not tell their end.
#[tokio::test]
async fn all_forms_of_complete_content_fill() {
    let ab = || Act::data("ab");
    let empty = || Act::data("");
    let forms: [fn([Act; 3]) -> ScriptedBody; 4] = [
        |acts| ScriptedBody::sized(acts),
        |acts| ScriptedBody::unsized_(acts),
        |acts| ScriptedBody::sized(acts).without_telling_end(),
        |acts| ScriptedBody::unsized_(acts).without_telling_end(),
    ];
    for form in forms {
        for acts in [
            [ab(), ab(), Act::trailers()],
            [ab(), Act::Wait, ab()],
            [empty(), ab(), empty()],
            [empty(), empty(), empty()],
            [ab(), empty(), Act::trailers()],
            [empty(), Act::Wait, Act::trailers()],
        ] {
            let body = {
                let acts = acts.clone();
                move || form(acts.clone())
            };
            assert!(fills(body, read_all).await, "{acts:?}");
        }
    }
    assert!(fills(|| ScriptedBody::sized([]), read_all).await);
    assert!(
        fills(
            || ScriptedBody::unsized_([]).without_telling_end(),
            read_all
        )
        .await
    );
}

/// Content in memory is complete with the head, and a stream only with its end.
#[tokio::test]
async fn content_in_memory_fills_at_the_head() {
    let site = Site::new();
    let service = site.serve(&site.layer(), |site, request| {
        let acts = [Act::data("hello")];
        let body = match request.uri.path() {
            "/stream" => ScriptedBody::unsized_(acts),
            _ => ScriptedBody::sized(acts),
        };
        site.page().body(body).unwrap()
    });
    let held: Response<_> = head(&service, request("GET", "/memory", &[])).await;
    assert!(site.is_hit(&service, "/memory", "\"v1\"").await);
    drop(held);
    let held = head(&service, request("GET", "/stream", &[])).await;
    site.store.steps();
    assert!(!site.is_hit(&service, "/stream", "\"v1\"").await);
    // The stream has the lease, so that read has filled nothing.
    assert_eq!(site.store.steps(), ["lookup"]);
    read_all(held.into_body());
    assert!(site.is_hit(&service, "/stream", "\"v1\"").await);
}

/// P-BO-frames: the content is that of the handler, frame by frame.
#[tokio::test]
async fn the_content_is_unchanged() {
    let acts = [
        Act::data("ab"),
        Act::data(""),
        Act::data("cd"),
        Act::trailers(),
    ];
    for is_sized in [false, true] {
        let site = Site::new();
        let sent = acts.clone();
        let service = site.serve(&site.layer(), move |site, _| {
            let acts = sent.clone();
            let body = if is_sized {
                ScriptedBody::sized(acts)
            } else {
                ScriptedBody::unsized_(acts)
            };
            site.page().body(body).unwrap()
        });
        let response = head(&service, request("GET", "/a", &[])).await;
        let expected = if is_sized {
            SizeHint::with_exact(4)
        } else {
            SizeHint::new()
        };
        assert_eq!(response.body().size_hint().exact(), expected.exact());
        assert_eq!(crate::test_support::read(response.into_body()), acts);
    }
}
