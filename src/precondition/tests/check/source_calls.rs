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

/// A source that logs each call. It returns its answer at once or has to be awaited.
struct Logs {
    log: Log,
    knows_at_once: bool,
}

impl ValidatorSource for Logs {
    type Error = Infallible;

    async fn current(&self, _: &Parts) -> Result<Current, Infallible> {
        self.log.note("current");
        Ok(tagged("1").into())
    }

    fn try_current(&self, _: &Parts) -> Option<Result<Current, Infallible>> {
        self.log.note("at hand");
        self.knows_at_once.then(|| Ok(tagged("1").into()))
    }
}

/// Issue 12: a source that returns its state at once is called once, and one that waits is
/// awaited once.
#[test]
fn a_source_is_called_once_per_question() {
    for (knows_at_once, questions) in [(true, &["at hand"][..]), (false, &["at hand", "current"])] {
        for tag in ["\"1\"", "\"0\""] {
            let log = Log::default();
            let layer = PreconditionLayer::new(Logs {
                log: log.clone(),
                knows_at_once,
            });
            let put = request("PUT", "/", [("if-match", tag)]);
            send(&layer, put, resource(None, &Log::default()));
            assert_eq!(log.take(), questions, "{tag}");
        }
    }
}
