mod at;
mod error;
mod from_fn;
mod or_else;
#[cfg(feature = "tokio")]
mod timeout;

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

/// Returns the answer of a source: the entity tag, `-` for absent, `?` for unknown, or `!` and
/// the error. Checks that `try_current` gives the same answer.
fn state_text(source: &impl ValidatorSource, path: &str) -> String {
    let state_text = text(run(current(source, &parts(path))));
    if let Some(current) = try_current(source, &parts(path)) {
        assert_eq!(text(current), state_text);
    }
    state_text
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
    assert_eq!(state_text(&knows(tagged("1")), "/"), "\"1\"");
    assert_eq!(state_text(&Arc::new(knows(tagged("1"))), "/"), "\"1\"");
    assert_eq!(state_text(&(), "/"), "?");
    let by_path = now(|request| EntityTag::strong(&request.uri.path()[1..]));
    assert_eq!(state_text(&by_path, "/a"), "\"a\"");
}

#[test]
fn returned_values_become_states() {
    assert_eq!(state_text(&knows(None::<Validators>), "/"), "-");
    assert_eq!(state_text(&knows(Some(tagged("1"))), "/"), "\"1\"");
    assert_eq!(state_text(&knows(&tagged("1")), "/"), "\"1\"");
    assert_eq!(
        state_text(&knows(EntityTag::weak("1").unwrap()), "/"),
        "W/\"1\""
    );
}

/// Issue 12: every combinator passes on a state that is known without waiting.
#[test]
fn states_without_waiting() {
    let try_now = |source: &dyn Fn() -> Option<Result<Current, SourceError>>| {
        source().map_or_else(|| "waits".to_owned(), text)
    };
    let waits = from_fn(async |_| tagged("2"));
    let knows = || knows(tagged("1"));
    let absent = now(|_| Current::Absent);
    let now = || now(|_| tagged("3"));
    macro_rules! assert_try_current {
        ($($source:expr, $path:expr => $state_text:expr;)*) => {$(
            let source = $source;
            assert_eq!(try_now(&|| try_current(&source, &parts($path))), $state_text);
            assert!(["waits", &*state_text(&source, $path)].contains(&$state_text));
        )*};
    }
    assert_try_current! {
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

/// An async function is called once for each request.
#[test]
fn an_async_function_is_called_once() {
    let log = Log::default();
    let calls = log.clone();
    let source = from_fn(move |_: &Parts| {
        calls.note("called");
        async { Current::Absent }
    });
    assert!(try_current(&source, &parts("/")).is_none());
    assert!(log.take().is_empty());
    assert_eq!(text(run(current(&source, &parts("/")))), "-");
    assert_eq!(log.take(), ["called"]);
}
