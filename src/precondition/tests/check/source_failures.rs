//! Sources that fail.

use std::{error::Error, fmt, future::Future};

use http::{StatusCode, request::Parts};

use crate::precondition::tests::{problem, resource, status};
use crate::{
    Outcome, PreconditionLayer,
    outcome::Verdict,
    semantics::condition::Current,
    source::{OnSourceError, SelfGet, SourceError, ValidatorSource},
    test_support::{Log, knows, request, send, tagged},
};

#[derive(Debug)]
struct Down;

impl fmt::Display for Down {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the database at 10.0.0.1 is down")
    }
}

impl Error for Down {}

/// A source with a given answer.
#[derive(Clone, Copy)]
enum Bad {
    Fails,
    PanicsWhenAsked,
    PanicsLater,
    /// The answer is returned at once, without a future.
    FailsAtOnce,
    PanicsAtOnce,
}

impl ValidatorSource for Bad {
    type Error = Down;

    fn current(&self, _: &Parts) -> impl Future<Output = Result<Current, Down>> + Send {
        let bad = *self;
        assert!(!matches!(bad, Self::PanicsWhenAsked), "on purpose");
        async move {
            assert!(!matches!(bad, Self::PanicsLater), "on purpose");
            Err(Down)
        }
    }

    fn try_current(&self, _: &Parts) -> Option<Result<Current, Down>> {
        assert!(!matches!(self, Self::PanicsAtOnce), "on purpose");
        matches!(self, Self::FailsAtOnce).then_some(Err(Down))
    }
}

/// The failing sources, with `true` for those that panic.
const ALL: [(Bad, bool); 5] = [
    (Bad::Fails, false),
    (Bad::PanicsWhenAsked, true),
    (Bad::PanicsLater, true),
    (Bad::FailsAtOnce, false),
    (Bad::PanicsAtOnce, true),
];

const CONDITION: (&str, &str) = ("if-match", "\"1\"");

/// A failed source is a 503 with `Retry-After`. Nothing is performed, and the reason is not
/// sent.
#[test]
fn writes_are_refused() {
    for (bad, panics) in ALL {
        for layer in [
            PreconditionLayer::new(bad),
            PreconditionLayer::new(bad).require(),
        ] {
            let log = Log::default();
            let put = request("PUT", "/", [CONDITION]);
            let answer = send(&layer.explain(), put, resource(None, &log));
            assert_eq!(answer.status(), 503);
            assert_eq!(answer.headers()["retry-after"], "1");
            assert_eq!(answer.headers()["cache-control"], "no-store");
            assert!(log.take().is_empty(), "performed");
            let error: &SourceError = answer.extensions().get().unwrap();
            assert_eq!((error.is_panic(), error.is_timeout()), (panics, false));
            let cause = error.source().map(ToString::to_string);
            let down = (!panics).then(|| Down.to_string());
            assert_eq!(cause, down);
            let verdict = Outcome::of(&answer).unwrap().verdict();
            assert_eq!(verdict, Some(Verdict::SourceFailed));
            assert!(!problem(answer).to_string().contains("10.0.0.1"));
        }
    }
}

/// A write without a condition needs no source if none is required.
#[test]
fn unconditional_writes_do_not_depend_on_the_source() {
    for (bad, _) in ALL {
        let log = Log::default();
        let layer = PreconditionLayer::new(bad);
        let answer = send(&layer, request("PUT", "/", []), resource(None, &log));
        assert_eq!((answer.status().as_u16(), log.take().len()), (204, 1));
    }
}

/// The other reaction: an unknown state, by which writes proceed or get 428.
#[test]
fn writes_can_proceed() {
    for (bad, _) in ALL {
        let log = Log::default();
        let layer = PreconditionLayer::new(bad).on_source_error(OnSourceError::Proceed);
        let put = request("PUT", "/", [CONDITION]);
        let answer = send(&layer, put, resource(None, &log));
        assert_eq!((answer.status().as_u16(), log.take().len()), (204, 1));
        let answer = send(
            &layer.require(),
            request("PUT", "/", []),
            resource(None, &log),
        );
        assert_eq!((answer.status().as_u16(), log.take().len()), (428, 0));
    }
}

/// The service itself answers if the source cannot.
#[test]
fn a_get_replaces_a_failed_source() {
    for (bad, _) in ALL {
        let log = Log::default();
        let layer = PreconditionLayer::new(bad)
            .with_self_get(SelfGet::inner_tells_methods_apart().writers_may_read());
        for (tag, expected) in [("\"1\"", 204), ("\"2\"", 412)] {
            let put = request("PUT", "/", [("if-match", tag)]);
            let answer = send(&layer, put, resource(Some("\"1\""), &log));
            assert_eq!(answer.status(), expected);
        }
        let second = knows(tagged("1"));
        let layer = PreconditionLayer::new(bad.or_else(second));
        let put = request("PUT", "/", [("if-match", "\"2\"")]);
        assert_eq!(send(&layer, put, resource(None, &log)).status(), 412);
    }
}

/// A `GET` without a state does not replace a failed source.
#[test]
fn an_unknown_get_leaves_the_source_failed() {
    for bad in [Bad::Fails, Bad::FailsAtOnce] {
        let layer = PreconditionLayer::new(bad)
            .with_self_get(SelfGet::inner_tells_methods_apart().writers_may_read());
        let answer = send(&layer, request("PUT", "/", [CONDITION]), |_| {
            status(StatusCode::METHOD_NOT_ALLOWED)
        });
        assert_eq!(answer.status(), 503);
        let error: &SourceError = answer.extensions().get().unwrap();
        assert!(error.source().unwrap().is::<Down>());
    }
}

/// A panic in the service's answer to the `GET` is a failed source, too.
#[test]
fn a_get_that_panics_is_a_failed_source() {
    let layer =
        PreconditionLayer::self_get(SelfGet::inner_tells_methods_apart().writers_may_read());
    let answer = send(&layer, request("PUT", "/", [CONDITION]), |request| {
        assert_ne!(request.method(), http::Method::GET, "on purpose");
        status(StatusCode::NO_CONTENT)
    });
    assert_eq!(answer.status(), 503);
    let error: &SourceError = answer.extensions().get().unwrap();
    assert!(error.is_panic());
}

/// A source that hangs blocks no request: the write is refused after the timeout.
#[cfg(feature = "tokio")]
#[tokio::test(start_paused = true)]
async fn a_source_that_hangs_is_a_failed_source() {
    use std::{convert::Infallible, pin::Pin, time::Duration};

    use tower::{Layer, ServiceExt, service_fn};

    use crate::{
        source::from_fn,
        test_support::{ScriptedBody, Upload},
    };

    const LIMIT: Duration = Duration::from_millis(200);
    type Boxed =
        Pin<Box<dyn Future<Output = Result<http::Response<ScriptedBody>, Infallible>> + Send>>;

    let hangs = from_fn(async |_| std::future::pending::<Current>().await);
    let log = Log::default();
    let service = || {
        let log = log.clone();
        service_fn(move |request: http::Request<Upload>| -> Boxed {
            if request.method() == http::Method::GET {
                return Box::pin(std::future::pending());
            }
            log.note("performed");
            Box::pin(std::future::ready(Ok(status(StatusCode::NO_CONTENT))))
        })
    };
    let put = || request("PUT", "/", [CONDITION]);
    let started = tokio::time::Instant::now();
    let by_source = PreconditionLayer::new(hangs.timeout(LIMIT)).layer(service());
    let by_get = PreconditionLayer::self_get(
        SelfGet::inner_tells_methods_apart()
            .writers_may_read()
            .timeout(LIMIT),
    )
    .layer(service());
    let named = SelfGet::of(service()).timeout(LIMIT);
    let by_named = PreconditionLayer::self_get(named).layer(service());
    for answer in [
        by_source.oneshot(put()).await,
        by_get.oneshot(put()).await,
        by_named.oneshot(put()).await,
    ] {
        let Ok(answer) = answer;
        assert_eq!(answer.status(), 503);
        let error: &SourceError = answer.extensions().get().unwrap();
        assert!(error.is_timeout());
    }
    assert_eq!(started.elapsed(), 3 * LIMIT);
    assert!(log.take().is_empty());

    // Issue 11, A.13: there is a timeout by default.
    let started = tokio::time::Instant::now();
    let by_get = PreconditionLayer::self_get(SelfGet::inner_tells_methods_apart());
    let Ok(answer) = by_get.layer(service()).oneshot(put()).await;
    assert_eq!(answer.status(), 503);
    assert_eq!(started.elapsed().as_secs(), 10);

    // The other reaction, with a service that has to be made ready again.
    let goes_on = PreconditionLayer::self_get(
        SelfGet::inner_tells_methods_apart()
            .writers_may_read()
            .timeout(LIMIT),
    )
    .on_source_error(OnSourceError::Proceed)
    .layer(service());
    let Ok(answer) = goes_on.oneshot(put()).await;
    assert_eq!(answer.status(), 204);
    assert_eq!(log.take(), ["performed"]);
}
