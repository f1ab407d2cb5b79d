mod functions;

use std::{error::Error, fmt, sync::Arc};

use http::request::Parts;

use super::*;
use crate::{
    semantics::validator::{EntityTag, Validators},
    test_support::{Log, knows, request, run, tagged},
};

fn parts(path: &str) -> Parts {
    request("GET", path, []).into_parts().0
}

/// The opaque tag of what the source says, `-` for absent, `?` for unknown, `!`
/// for a failure.
///
/// What it has at hand is the same.
fn told(source: &impl ValidatorSource, path: &str) -> String {
    let told = text(run(ask(source, &parts(path))));
    if let Some(at_hand) = ask_at_hand(source, &parts(path)) {
        assert_eq!(text(at_hand), told);
    }
    told
}

fn text(answer: Result<Current, SourceError>) -> String {
    match answer {
        Ok(Current::Unknown) => "?".to_owned(),
        Ok(Current::Absent) => "-".to_owned(),
        Ok(Current::Present(validators)) => validators.etag.unwrap().to_string(),
        Err(error) => format!("! {error}"),
    }
}

#[derive(Debug, Clone, Copy)]
struct Down;

impl fmt::Display for Down {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("down")
    }
}

impl Error for Down {}

fn fails() -> impl ValidatorSource + Copy {
    now(|_| Err::<Current, _>(Down))
}

fn panics() -> impl ValidatorSource + Copy {
    now(|_| -> Current { panic!("on purpose") })
}

#[test]
fn functions_and_shared_sources_are_sources() {
    assert_eq!(told(&knows(tagged("1")), "/"), "\"1\"");
    assert_eq!(told(&Arc::new(knows(tagged("1"))), "/"), "\"1\"");
    assert_eq!(told(&(), "/"), "?");
    let by_path = now(|request| EntityTag::strong(&request.uri.path()[1..]));
    assert_eq!(told(&by_path, "/a"), "\"a\"");
}

#[test]
fn what_is_there_becomes_a_state() {
    assert_eq!(told(&knows(None::<Validators>), "/"), "-");
    assert_eq!(told(&knows(Some(tagged("1"))), "/"), "\"1\"");
    assert_eq!(told(&knows(&tagged("1")), "/"), "\"1\"");
    assert_eq!(told(&knows(EntityTag::weak("1").unwrap()), "/"), "W/\"1\"");
}

/// An error is kept with its cause, a panic is a failure.
#[test]
fn failures_have_a_kind() {
    let error = run(ask(&fails(), &parts("/"))).unwrap_err();
    assert!(!error.is_panic() && !error.is_timeout());
    assert!(error.source().unwrap().is::<Down>());

    let later = from_fn(async |_| -> Current { panic!("on purpose") });
    for error in [
        run(ask(&panics(), &parts("/"))).unwrap_err(),
        run(ask(&later, &parts("/"))).unwrap_err(),
    ] {
        assert!(error.is_panic() && !error.is_timeout());
        assert!(error.source().is_none());
    }
    // An error of ours keeps its kind through the sources around it.
    let around = panics().at("/").unwrap().or_else(());
    let error = run(ask(&around, &parts("/"))).unwrap_err();
    assert!(error.is_panic() && !error.is_timeout());
}

#[test]
fn the_second_source_fills_in() {
    let one = || knows(tagged("1"));
    let two = || knows(tagged("2"));
    let absent = || knows(Current::Absent);
    let failed = "! the source of validators failed";
    let panicked = "! the source of validators panicked";
    assert_eq!(told(&one().or_else(two()), "/"), "\"1\"");
    assert_eq!(told(&absent().or_else(two()), "/"), "-");
    assert_eq!(told(&().or_else(two()), "/"), "\"2\"");
    assert_eq!(told(&().or_else(absent()), "/"), "-");
    assert_eq!(told(&().or_else(()), "/"), "?");
    assert_eq!(told(&fails().or_else(two()), "/"), "\"2\"");
    assert_eq!(told(&panics().or_else(two()), "/"), "\"2\"");
    assert_eq!(told(&one().or_else(panics()), "/"), "\"1\"");
    assert_eq!(told(&().or_else(fails()), "/"), failed);
    // A failure stands where nobody knows better.
    assert_eq!(told(&panics().or_else(()), "/"), panicked);
    assert_eq!(told(&fails().or_else(panics()), "/"), panicked);
}

/// A source that knows is the last that is asked.
#[test]
fn the_second_source_is_asked_only_if_needed() {
    let log = Log::default();
    let noting = log.clone();
    let second = now(move |_| {
        noting.note("asked");
        Current::Unknown
    });
    told(&knows(tagged("1")).or_else(second.clone()), "/");
    assert!(log.take().is_empty());
    let either = ().or_else(second);
    assert_eq!(text(run(ask(&either, &parts("/")))), "?");
    assert_eq!(log.take(), ["asked"]);
}

#[test]
fn a_source_for_one_route() {
    let source = knows(tagged("1")).at("/notes/{id}").unwrap();
    for (path, expected) in [
        ("/notes/7", "\"1\""),
        ("/notes/7?a=/", "\"1\""),
        ("/notes/", "?"),
        ("/notes", "?"),
        ("/notes/7/", "?"),
        ("/notes/7/tags", "?"),
        ("/Notes/7", "?"),
        ("/", "?"),
    ] {
        assert_eq!(told(&source, path), expected, "{path}");
    }
    // Elsewhere it is not even asked.
    assert_eq!(told(&panics().at("/a").unwrap(), "/b"), "?");
    let authority = {
        let mut connect = request("CONNECT", "/", []);
        *connect.uri_mut() = "example.com:443".parse().unwrap();
        connect.into_parts().0
    };
    let asked = run(ask(&source, &authority)).unwrap();
    assert!(matches!(asked, Current::Unknown));
}

#[test]
fn an_invalid_route_is_refused() {
    let refused = knows(Current::Absent).at("/:id");
    assert_eq!(
        refused.err().unwrap().to_string(),
        "invalid route \"/:id\": parameters are written \"{id}\""
    );
}

/// Time begins when the source has to wait, and what is there at once needs no
/// timer.
#[cfg(feature = "tokio")]
#[test]
fn a_source_that_is_ready_needs_no_timer() {
    let source = knows(tagged("1")).timeout(std::time::Duration::ZERO);
    assert_eq!(told(&source, "/"), "\"1\"");
    assert_eq!(
        told(&fails().timeout(std::time::Duration::ZERO), "/"),
        "! the source of validators failed"
    );
}

#[cfg(feature = "tokio")]
#[tokio::test(start_paused = true)]
async fn a_source_that_hangs_times_out() {
    use std::{future::pending, time::Duration};

    let limit = Duration::from_millis(250);
    let hangs = from_fn(async |_| pending::<Current>().await);
    let started = tokio::time::Instant::now();
    let error = ask(&hangs.timeout(limit), &parts("/")).await.unwrap_err();
    assert!(error.is_timeout() && !error.is_panic());
    assert_eq!(started.elapsed(), limit);
    // The next one is asked then.
    let chain = hangs.timeout(limit).or_else(knows(tagged("2")));
    let current = ask(&chain, &parts("/")).await.unwrap();
    assert!(current.validators().is_some());
    // A slow one that is in time.
    let slow = from_fn(async |_| {
        // Just within the limit, on a paused clock.
        tokio::time::sleep(Duration::from_millis(249)).await;
        Current::Absent
    });
    let current = ask(&slow.timeout(limit), &parts("/")).await.unwrap();
    assert!(matches!(current, Current::Absent));
}

/// Issue 11, A.13: the limit that is set is the one that counts, however the source is
/// put together.
#[cfg(feature = "tokio")]
#[tokio::test(start_paused = true)]
async fn a_longer_limit_counts_around_a_route() {
    use std::time::Duration;

    let slow = from_fn(async |_| {
        // On the paused clock, which this moves.
        tokio::time::sleep(Duration::from_secs(20)).await;
        Current::Absent
    });
    let limit = Duration::from_secs(30);
    let at = || slow.at("/a").unwrap();
    assert!(ask(&at(), &parts("/a")).await.is_err(), "10 seconds");
    assert!(ask(&at().timeout(limit), &parts("/a")).await.is_ok());
    let inside = slow.timeout(limit).at("/a").unwrap();
    assert!(ask(&Arc::new(inside), &parts("/a")).await.is_ok());
    let either = ().or_else(slow.timeout(limit));
    assert!(ask(&either, &parts("/a")).await.is_ok());
}

/// Issue 12: who need not wait says so, through every combinator.
#[test]
fn what_is_known_at_once_is_at_hand() {
    let at_hand = |source: &dyn Fn() -> Option<Result<Current, SourceError>>| {
        source().map_or_else(|| "waits".to_owned(), text)
    };
    let waits = from_fn(async |_| tagged("2"));
    let knows = || knows(tagged("1"));
    let absent = now(|_| Current::Absent);
    let now = || now(|_| tagged("3"));
    macro_rules! assert_at_hand {
        ($($source:expr, $path:expr => $told:expr;)*) => {$(
            let source = $source;
            assert_eq!(at_hand(&|| ask_at_hand(&source, &parts($path))), $told);
            assert!(["waits", &*told(&source, $path)].contains(&$told));
        )*};
    }
    assert_at_hand! {
        knows(), "/" => "\"1\"";
        now(), "/" => "\"3\"";
        waits, "/" => "waits";
        fails(), "/" => "! the source of validators failed";
        panics(), "/" => "! the source of validators panicked";
        (), "/" => "?";
        Arc::new(now()), "/" => "\"3\"";
        now().at("/a").unwrap(), "/a" => "\"3\"";
        now().at("/a").unwrap(), "/b" => "?";
        waits.at("/a").unwrap(), "/a" => "waits";
        waits.at("/a").unwrap(), "/b" => "?";
        now().or_else(waits), "/" => "\"3\"";
        absent.or_else(waits), "/" => "-";
        ().or_else(now()), "/" => "\"3\"";
        fails().or_else(now()), "/" => "\"3\"";
        fails().or_else(()), "/" => "! the source of validators failed";
        ().or_else(waits), "/" => "waits";
        waits.or_else(now()), "/" => "waits";
        now().repeating(RepeatedFields::default()), "/" => "\"3\"";
        waits.repeating(RepeatedFields::default()), "/" => "waits";
    }
}

/// A function whose future has to be polled is called once for each question.
#[test]
fn a_future_that_waits_is_made_once() {
    let log = Log::default();
    let calls = log.clone();
    let source = from_fn(move |_: &Parts| {
        calls.note("called");
        async { Current::Absent }
    });
    assert!(ask_at_hand(&source, &parts("/")).is_none());
    assert!(log.take().is_empty());
    assert_eq!(text(run(ask(&source, &parts("/")))), "-");
    assert_eq!(log.take(), ["called"]);
}

/// Issue 11, A.13: each source has ten seconds, or its own limit, however it is put
/// together with others.
#[cfg(feature = "tokio")]
#[tokio::test(start_paused = true)]
async fn no_source_is_waited_for_without_end() {
    use std::{future::pending, time::Duration};

    async fn seconds(source: impl ValidatorSource) -> u64 {
        let started = tokio::time::Instant::now();
        let error = ask(&source, &parts("/notes")).await.unwrap_err();
        assert!(error.is_timeout() && !error.is_panic());
        started.elapsed().as_secs()
    }

    async fn check(source: impl ValidatorSource + Clone, limit: u64) {
        let fields = crate::semantics::validator::RepeatedFields::new();
        assert_eq!(seconds(source.clone()).await, limit);
        assert_eq!(seconds(std::sync::Arc::new(source.clone())).await, limit);
        assert_eq!(seconds(source.clone().repeating(fields)).await, limit);
        assert_eq!(seconds(source.clone().at("/notes").unwrap()).await, limit);
        assert_eq!(seconds(source.clone().or_else(source)).await, 2 * limit);
    }

    let hangs = from_fn(async |_| pending::<Current>().await);
    check(hangs, 10).await;
    check(hangs.timeout(Duration::from_secs(60)), 60).await;
}

/// Outside of a runtime there is no timer, and no limit.
#[cfg(feature = "tokio")]
#[test]
fn a_source_that_waits_needs_no_runtime() {
    let waits = from_fn(async |_| {
        crate::test_support::wait_once().await;
        Current::Absent
    });
    assert_eq!(told(&waits, "/"), "-");
}
