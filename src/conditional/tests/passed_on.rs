//! The requests that reach the service, and the answers that stay its own.

use std::convert::Infallible;

use http::Request;

use super::{
    EARLIER, MODIFIED,
    sourced::{by, hello},
};
use crate::{
    ConditionalLayer, Outcome,
    semantics::{
        condition::Current,
        field::{HttpDate, SafeMethods},
    },
    source::{ValidatorSource, from_fn},
    test_support::{Log, Upload, knows, read, request, send, tagged, wait_once},
};

/// A source whose answer has to be awaited.
fn waits() -> impl ValidatorSource + Clone {
    from_fn(async |_| {
        wait_once().await;
        Ok::<_, Infallible>(Current::from(tagged("1")))
    })
}

/// Returns a handler that notes the method and the headers of a part.
fn handler(
    log: &Log,
) -> impl FnMut(Request<Upload>) -> http::Response<crate::test_support::ScriptedBody>
+ Clone
+ Send
+ 'static {
    let log = log.clone();
    move |request| {
        let part = ["range", "if-range"].map(|name| request.headers().contains_key(name));
        log.note(format!("{} {part:?}", request.method()));
        hello()
    }
}

/// Returns the request that the handler got, and `true` if the answer is empty.
macro_rules! pass_on {
    ($layer:expr, $method:expr) => {{
        let log = Log::default();
        let part = [("range", "bytes=0-1"), ("if-range", "\"1\"")];
        let part = part.into_iter().chain([("if-none-match", "\"0\"")]);
        let answer = send(&$layer, request($method, "/", part), handler(&log));
        let empty = read(answer.into_body()).is_empty();
        (log.take().join(", "), empty)
    }};
}

/// R-9110-9.3.2-a: only a `HEAD` that becomes a `GET` loses the headers of a part,
/// and its content.
#[test]
fn a_read_is_passed_on_as_it_is() {
    let plain = ConditionalLayer::new().explain();
    for (method, expected) in [("GET", "GET [true, true]"), ("HEAD", "HEAD [true, true]")] {
        let same = (expected.to_owned(), false);
        assert_eq!(pass_on!(plain, method), same);
        assert_eq!(pass_on!(by(knows(tagged("1"))), method), same);
        assert_eq!(pass_on!(by(waits()), method), same);
    }
    for (method, expected, empty) in [
        ("GET", "GET [true, true]", false),
        ("HEAD", "GET [false, false]", true),
    ] {
        let changed = (expected.to_owned(), empty);
        assert_eq!(pass_on!(plain.clone().head_as_get(), method), changed);
        assert_eq!(
            pass_on!(by(knows(tagged("1"))).head_as_get(), method),
            changed
        );
        assert_eq!(pass_on!(by(waits()).head_as_get(), method), changed);
    }
}

/// The source is not asked for a method that the layer leaves alone.
#[test]
fn a_source_answers_the_chosen_methods_only() {
    let layer = by(knows(tagged("1"))).methods(SafeMethods::GET);
    for (method, status) in [("GET", 304), ("HEAD", 200)] {
        let known = [("if-none-match", "\"1\"")];
        let answer = send(&layer, request(method, "/", known), |_: Request<Upload>| {
            hello()
        });
        assert_eq!(answer.status(), status, "{method}");
    }
}

/// Without `explain`, the layer leaves nothing in the extensions.
#[test]
fn an_outcome_is_recorded_if_it_is_wanted() {
    for tag in ["\"1\"", "\"0\""] {
        let known = [("if-none-match", tag)];
        let layer = ConditionalLayer::new().source(knows(tagged("1")));
        let asked = || request("GET", "/", known);
        let answer = send(&layer, asked(), |_| hello());
        assert!(Outcome::of(&answer).is_none(), "{tag}");
        let answer = send(&layer.explain(), asked(), |_| hello());
        assert!(Outcome::of(&answer).is_some(), "{tag}");
    }
}

/// Issue 10, A.2: the state of the source decides if it has a date, and not the handler's own.
#[test]
fn the_date_of_the_source_decides_if_it_has_one() {
    let date = HttpDate::from_unix_seconds(784_903_526);
    let weak = crate::EntityTag::weak("1").expect("a tag");
    let dated = crate::Validators::from(weak).with_last_modified(date);
    let asked = request("GET", "/", [("if-modified-since", EARLIER)]);
    let answer = send(&by(knows(dated)), asked, |_: Request<Upload>| {
        let mut own = hello();
        let earlier = EARLIER.parse().expect("a value");
        own.headers_mut().insert("last-modified", earlier);
        own
    });
    assert_eq!(answer.status(), 200, "since {MODIFIED}");
}

/// A replay is the answer to the first request, whatever the condition of this one is.
#[cfg(feature = "tokio")]
#[test]
fn a_replay_is_not_judged() {
    for (field, judged) in [("if-none-match", 304), ("if-match", 412)] {
        let tag = if judged == 304 { "\"own\"" } else { "\"0\"" };
        for (replayed, status) in [(true, 200), (false, judged)] {
            let asked = request("GET", "/", [(field, tag)]);
            let answer = send(&ConditionalLayer::new(), asked, |_: Request<Upload>| {
                let mut own = hello();
                let tag = "\"own\"".parse().expect("a value");
                own.headers_mut().insert("etag", tag);
                if replayed {
                    own.extensions_mut().insert(Outcome::replay());
                }
                own
            });
            assert_eq!(answer.status(), status, "{field} {replayed}");
        }
    }
}

/// An extractor that rejects the request tells the state of nothing. The handler has the same one,
/// and answers itself, also where a failed source is refused.
#[cfg(feature = "axum")]
#[test]
fn a_rejected_read_is_left_to_the_handler() {
    use crate::source::{OnSourceError, SourceError, now};

    for (rejected, status) in [(404, 200), (500, 503)] {
        let fails = now(move |_| {
            let response = axum_core::response::Response::builder().status(rejected);
            let response = response.body(axum_core::body::Body::empty());
            let response = response.expect("a response");
            Err::<Current, _>(crate::test_support::run(SourceError::rejected(response)))
        });
        let layer = by(fails).on_source_error(OnSourceError::Refuse);
        let asked = request("GET", "/", [("if-none-match", "\"1\"")]);
        let answer = send(&layer, asked, |_: Request<Upload>| hello());
        assert_eq!(answer.status(), status);
    }
}
