//! Reads whose validators are known before the service runs.

mod confirmation;
mod repeated_headers;

use http::{Method, Request, Response, StatusCode};

use super::{Answer, EARLIER, MODIFIED};
use crate::{
    ConditionalLayer, Outcome,
    conditional::SourceConfig,
    outcome::Verdict,
    semantics::{
        condition::Current,
        field::{HttpDate, SafeMethods},
    },
    source::{OnSourceError, SourceError, ValidatorSource, now},
    test_support::{Act, Log, ScriptedBody, Upload, content, knows, read, request, send, tagged},
};

type Sourced<Q> = ConditionalLayer<SourceConfig<Q>>;

pub(super) fn by<Q: ValidatorSource>(source: Q) -> Sourced<Q> {
    ConditionalLayer::new().source(source).explain()
}

pub(super) fn hello() -> Response<ScriptedBody> {
    Response::new(ScriptedBody::sized([Act::data("hello")]))
}

/// Returns a handler that notes that it ran.
fn handler(
    log: &Log,
) -> impl FnMut(Request<Upload>) -> Response<ScriptedBody> + Clone + Send + 'static {
    let log = log.clone();
    move |request| {
        log.note(request.method().as_str());
        hello()
    }
}

/// Returns the answer, and `true` if the service ran.
pub(super) fn get<Q: ValidatorSource>(
    layer: &Sourced<Q>,
    method: &str,
    fields: &[(&str, &str)],
) -> (Answer, bool) {
    let log = Log::default();
    let request = request(method, "/", fields.iter().copied());
    let answer = send(layer, request, handler(&log));
    (answer, !log.take().is_empty())
}

pub(super) fn verdict(answer: &Answer) -> Verdict {
    Outcome::of(answer).unwrap().verdict().unwrap()
}

/// R-9110-8.8-b: the tag is read before the content and confirmed after it. A new tag never
/// goes out on old bytes.
#[test]
fn the_label_is_read_before_the_content() {
    let log = Log::default();
    let source = {
        let log = log.clone();
        now(move |_| {
            log.note("label");
            tagged("1")
        })
    };
    let content_of = {
        let log = log.clone();
        move |_: Request<Upload>| {
            log.note("content");
            hello()
        }
    };
    let layer = by(source);
    for fields in [&[][..], &[("if-none-match", "\"0\"")]] {
        let request = request("GET", "/", fields.iter().copied());
        let answer = send(&layer, request, content_of.clone());
        assert_eq!(answer.headers()["etag"], "\"1\"");
        assert_eq!(log.take(), ["label", "content", "label"]);
    }
}

/// Without a match the service runs. Its own tag wins, also for the conditions.
#[test]
fn a_miss_runs_the_service() {
    let layer = by(knows(tagged("1")));
    let (answer, ran) = get(&layer, "GET", &[("if-none-match", "\"0\"")]);
    assert_eq!((answer.status().as_u16(), ran), (200, true));
    assert_eq!(answer.headers()["etag"], "\"1\"");
    assert_eq!(verdict(&answer), Verdict::Proceeded);
    assert_eq!(content(&read(answer.into_body())), b"hello");

    for (sent, expected) in [("\"0\"", 200), ("\"own\"", 304)] {
        let sent = request("GET", "/", [("if-none-match", sent)]);
        let answer = send(&layer, sent, |_| {
            let mut own = hello();
            own.headers_mut().insert("etag", "\"own\"".parse().unwrap());
            own
        });
        assert_eq!(answer.status(), expected);
        assert_eq!(answer.headers()["etag"], "\"own\"");
    }
}

/// R-9110-13.2.1-a, R-9110-13.2.1-b: an absent target is the service's 404. An unknown one
/// is answered as without a source.
#[test]
fn an_absent_or_unknown_target_is_left_to_the_service() {
    for (current, code, answered) in [
        (Current::Absent, 404, 404),
        (Current::Unknown, 404, 404),
        (Current::Unknown, 200, 304),
        (tagged("1").into(), 404, 404),
    ] {
        let conditions = if matches!(current, Current::Present(_)) {
            [("if-match", "\"1\""), ("if-none-match", "\"0\"")]
        } else {
            [("if-match", "\"own\""), ("if-none-match", "\"own\"")]
        };
        let layer = by(knows(current));
        let answer = send(
            &layer,
            request("GET", "/", conditions),
            move |request: Request<Upload>| {
                assert!(request.headers().contains_key("if-match"));
                let mut answer = hello();
                *answer.status_mut() = StatusCode::from_u16(code).unwrap();
                if code == 200 {
                    answer
                        .headers_mut()
                        .insert("etag", "\"own\"".parse().unwrap());
                }
                answer
            },
        );
        assert_eq!(answer.status(), answered);
        assert_eq!(answer.headers().contains_key("etag"), code == 200);
    }
}

/// Other methods pass. Issue 10, A.8: a `QUERY` selects its result by its content, which no
/// source sees.
#[test]
fn other_methods_pass() {
    let asked = now(|_| -> Current { panic!("the source was asked") });
    let refuses = by(asked).on_source_error(OnSourceError::Refuse);
    for (method, field) in [
        ("PUT", ("if-none-match", "*")),
        ("QUERY", ("if-none-match", "\"1\"")),
        ("OPTIONS", ("if-match", "\"0\"")),
    ] {
        let (answer, ran) = get(&refuses, method, &[field]);
        assert_eq!((answer.status().as_u16(), ran), (200, true), "{method}");
    }
    let named = refuses.methods(SafeMethods::default() | SafeMethods::REPORT);
    let (answer, ran) = get(&named, "REPORT", &[("if-match", "*")]);
    assert_eq!((answer.status().as_u16(), ran), (200, true));
    assert!(!answer.headers().contains_key("etag"));
}

/// Issue 10, A.1, R-9110-7.8-a: `Upgrade` switches nothing off.
#[test]
fn a_source_decides_in_spite_of_upgrade() {
    let layer = by(knows(tagged("1")));
    for (condition, status) in [("if-none-match", 304), ("if-match", 200)] {
        let fields = [("upgrade", "h2c"), (condition, "\"1\"")];
        let (answer, _) = get(&layer, "GET", &fields);
        assert_eq!(answer.status(), status);
        assert_eq!(answer.headers()["etag"], "\"1\"");
    }
}

/// R-9110-9.3.2-a: a `HEAD` that becomes a `GET` gets the tag of the source.
#[test]
fn head_as_get_is_labelled() {
    let log = Log::default();
    let layer = by(knows(tagged("1"))).head_as_get();
    let answer = send(&layer, request("HEAD", "/", []), handler(&log));
    assert_eq!(log.take(), [Method::GET.as_str()]);
    assert_eq!(answer.headers()["etag"], "\"1\"");
    assert_eq!(answer.headers()["content-length"], "5");
    assert!(read(answer.into_body()).is_empty());
}

/// Reads proceed if the source fails. A 503 is the other reaction.
#[test]
fn a_failed_source() {
    let panics = now(|_| -> Current { panic!("on purpose") });
    let fails = now(|_| Err::<Current, _>("down"));
    check_failure(&panics, true);
    check_failure(&fails, false);
}

fn check_failure(source: &(impl ValidatorSource + Clone), panics: bool) {
    for fields in [
        &[][..],
        &[("if-none-match", "\"1\"")],
        &[("if-match", "\"0\"")],
    ] {
        let (answer, ran) = get(&by(source.clone()), "GET", fields);
        // The service sets no tag, so `If-Match` fails after it ran.
        let expected = if fields.iter().any(|(name, _)| *name == "if-match") {
            412
        } else {
            200
        };
        assert_eq!((answer.status().as_u16(), ran), (expected, true));
        assert!(!answer.headers().contains_key("etag"));

        let refuses = by(source.clone()).on_source_error(OnSourceError::Refuse);
        for method in ["GET", "HEAD"] {
            let (answer, ran) = get(&refuses, method, fields);
            assert_eq!((answer.status().as_u16(), ran), (503, false));
            assert_eq!(answer.headers()["retry-after"], "1");
            assert_eq!(answer.headers()["cache-control"], "no-store");
            assert_eq!(verdict(&answer), Verdict::SourceFailed);
            let error: &SourceError = answer.extensions().get().unwrap();
            assert_eq!((error.is_panic(), error.is_timeout()), (panics, false));
            assert_eq!(read(answer.into_body()).is_empty(), method == "HEAD");
        }
    }
}

/// A source that hangs blocks no request: the service runs after the timeout.
#[cfg(feature = "tokio")]
#[tokio::test(start_paused = true)]
async fn a_source_that_hangs_times_out() {
    use std::{convert::Infallible, future::ready, time::Duration};

    use tower::{Layer, ServiceExt, service_fn};

    use crate::source::from_fn;

    let limit = Duration::from_millis(50);
    let hangs = from_fn(async |_| std::future::pending::<Current>().await);
    let inner = service_fn(|_: Request<Upload>| ready(Ok::<_, Infallible>(hello())));
    let service = by(hangs.timeout(limit)).layer(inner);
    let started = tokio::time::Instant::now();
    let get = request("GET", "/", [("if-none-match", "*")]);
    let Ok(answer) = service.oneshot(get).await;
    assert_eq!((answer.status().as_u16(), started.elapsed()), (304, limit));
}

/// The layer outside sees a 304 that it did not make.
#[test]
fn the_verdict_of_the_innermost_layer_stays() {
    let inside = by(knows(tagged("v1")));
    let layer = tower_layer::Stack::new(inside, ConditionalLayer::new().explain());
    let outcome = |tag| {
        let asked = request("GET", "/", [("if-none-match", tag)]);
        let response = send(&layer, asked, |_| hello());
        Outcome::of(&response).expect("an outcome").clone()
    };
    let known = outcome("\"v1\"");
    assert_eq!(known.verdict(), Some(Verdict::NotModified));
    assert_eq!(known.source(), Some(Current::Present(())));
    assert_eq!(known.handler_status(), None);
    let old = outcome("\"v0\"");
    assert_eq!(old.verdict(), Some(Verdict::Proceeded));
    assert_eq!(old.handler_status(), Some(StatusCode::OK));
}

/// Issue 12: the state of the source is recorded in every answer.
#[test]
fn the_answer_of_the_source_is_explained() {
    let miss = [("if-none-match", "\"0\"")];
    for (current, answer) in [
        (tagged("1").into(), Current::Present(())),
        (Current::Absent, Current::Absent),
        (Current::Unknown, Current::Unknown),
    ] {
        let (response, ran) = get(&by(knows(current)), "GET", &miss);
        assert!(ran);
        let outcome = Outcome::of(&response).unwrap();
        assert_eq!(outcome.source(), Some(answer));
        assert_eq!(outcome.handler_status(), Some(StatusCode::OK));
    }
    let failed = by(now(|_| Err::<Current, _>("down")));
    let (response, _) = get(&failed, "GET", &miss);
    let answer = Outcome::of(&response).unwrap().source();
    assert_eq!(answer, Some(Current::Unknown));
}

/// Issue 12: the handler's own tag goes out with the date of the source.
#[test]
fn a_handlers_own_tag_goes_out_with_the_date() {
    let date = HttpDate::from_unix_seconds(784_903_526);
    let layer = by(knows(tagged("1").with_last_modified(date)));
    let answer = send(&layer, request("GET", "/", []), |_: Request<Upload>| {
        let mut own = hello();
        own.headers_mut().insert("etag", "\"own\"".parse().unwrap());
        own
    });
    assert_eq!(answer.headers()["etag"], "\"own\"");
    assert_eq!(answer.headers()["last-modified"], MODIFIED);
}

/// Issue 10, A.2: if the source knows the tag and the handler the date, both count.
#[test]
fn the_handlers_own_date_counts_beside_the_sources_tag() {
    let dated = |_: Request<Upload>| {
        let mut response = hello();
        let date = MODIFIED.parse().unwrap();
        response.headers_mut().insert("last-modified", date);
        response
    };
    for (fields, status) in [
        ([("if-unmodified-since", EARLIER)], 412),
        ([("if-unmodified-since", MODIFIED)], 200),
        ([("if-modified-since", MODIFIED)], 304),
        ([("if-modified-since", EARLIER)], 200),
        ([("if-match", "\"1\"")], 200),
    ] {
        let layer = by(knows(tagged("1")));
        let answer = send(&layer, request("GET", "/", fields), dated);
        assert_eq!(answer.status(), status, "{fields:?}");
        assert_eq!(answer.headers()["etag"], "\"1\"", "{fields:?}");
    }
}
