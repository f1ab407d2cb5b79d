use http::request::Parts;

use super::ValidatorSource;
use crate::{route::Route, semantics::condition::Current};

/// A source for the paths of one route; see [`ValidatorSource::at`].
#[derive(Debug, Clone)]
pub struct At<Q> {
    route: Route,
    source: Q,
}

impl<Q> At<Q> {
    pub(super) fn new(route: Route, source: Q) -> Self {
        Self { route, source }
    }
}

impl<Q: ValidatorSource> ValidatorSource for At<Q> {
    type Error = Q::Error;

    async fn current(&self, request: &Parts) -> Result<Current, Q::Error> {
        if self.route.matches(request.uri.path()) {
            self.source.current(request).await
        } else {
            Ok(Current::Unknown)
        }
    }

    fn try_current(&self, request: &Parts) -> Option<Result<Current, Q::Error>> {
        if self.route.matches(request.uri.path()) {
            self.source.try_current(request)
        } else {
            Some(Ok(Current::Unknown))
        }
    }

    #[cfg(feature = "tokio")]
    fn answer_timeout(&self) -> Option<std::time::Duration> {
        self.source.answer_timeout()
    }
}
