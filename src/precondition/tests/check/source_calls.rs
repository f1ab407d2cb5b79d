//! The calls of a source.

use std::convert::Infallible;

use http::request::Parts;

use crate::precondition::tests::resource;
use crate::{
    PreconditionLayer,
    semantics::condition::Current,
    source::ValidatorSource,
    test_support::{Log, request, send, tagged},
};

/// A source that logs each call. Its answer is at hand or not.
struct Logs {
    log: Log,
    has_at_hand: bool,
}

impl ValidatorSource for Logs {
    type Error = Infallible;

    async fn current(&self, _: &Parts) -> Result<Current, Infallible> {
        self.log.note("current");
        Ok(tagged("1").into())
    }

    fn at_hand(&self, _: &Parts) -> Option<Result<Current, Infallible>> {
        self.log.note("at hand");
        self.has_at_hand.then(|| Ok(tagged("1").into()))
    }
}

/// Issue 12: a source is called once for a state at hand, and once for a state to wait for.
#[test]
fn a_source_is_called_once_per_question() {
    for (has_at_hand, questions) in [(true, &["at hand"][..]), (false, &["at hand", "current"])] {
        for tag in ["\"1\"", "\"0\""] {
            let log = Log::default();
            let layer = PreconditionLayer::new(Logs {
                log: log.clone(),
                has_at_hand,
            });
            let put = request("PUT", "/", [("if-match", tag)]);
            send(&layer, put, resource(None, &Log::default()));
            assert_eq!(log.take(), questions, "{tag}");
        }
    }
}
