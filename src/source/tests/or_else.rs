use super::*;
use crate::test_support::wait_once;

#[test]
fn the_second_source_is_used_if_the_first_does_not_know() {
    let one = || knows(tagged("1"));
    let two = || knows(tagged("2"));
    let absent = || knows(Current::Absent);
    let failed = "! the source of validators failed";
    let panicked = "! the source of validators panicked";
    assert_eq!(state_text(&one().or_else(two()), "/"), "\"1\"");
    assert_eq!(state_text(&absent().or_else(two()), "/"), "-");
    assert_eq!(state_text(&().or_else(two()), "/"), "\"2\"");
    assert_eq!(state_text(&().or_else(absent()), "/"), "-");
    assert_eq!(state_text(&().or_else(()), "/"), "?");
    assert_eq!(state_text(&fails().or_else(two()), "/"), "\"2\"");
    assert_eq!(state_text(&panics().or_else(two()), "/"), "\"2\"");
    assert_eq!(state_text(&one().or_else(panics()), "/"), "\"1\"");
    assert_eq!(state_text(&().or_else(fails()), "/"), failed);
    // A failure is the result if no source knows the state.
    assert_eq!(state_text(&panics().or_else(()), "/"), panicked);
    assert_eq!(state_text(&fails().or_else(panics()), "/"), panicked);
}

/// If the first source knows the state, the second is not called.
#[test]
fn the_second_source_is_called_only_if_needed() {
    let log = Log::default();
    let noting = log.clone();
    let second = now(move |_| {
        noting.note("called");
        Current::Unknown
    });
    state_text(&knows(tagged("1")).or_else(second.clone()), "/");
    assert!(log.take().is_empty());
    let either = ().or_else(second);
    assert_eq!(text(run(current(&either, &parts("/")))), "?");
    assert_eq!(log.take(), ["called"]);
}

/// A source whose answer has to be awaited.
struct Waits<Q>(Q);

impl<Q: ValidatorSource> ValidatorSource for Waits<Q> {
    type Error = SourceError;

    async fn current(&self, request: &Parts) -> Result<Current, SourceError> {
        wait_once().await;
        current(&self.0, request).await
    }
}

/// Sources that wait decide in the same order.
#[test]
fn awaited_sources_are_used_in_their_order() {
    let one = || Waits(knows(tagged("1")));
    let two = || Waits(knows(tagged("2")));
    let failed = "! the source of validators failed";
    assert_eq!(state_text(&one().or_else(two()), "/"), "\"1\"");
    assert_eq!(state_text(&Waits(()).or_else(two()), "/"), "\"2\"");
    assert_eq!(state_text(&Waits(fails()).or_else(two()), "/"), "\"2\"");
    assert_eq!(state_text(&Waits(fails()).or_else(Waits(())), "/"), failed);
}
