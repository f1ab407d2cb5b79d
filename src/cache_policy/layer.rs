use std::sync::Arc;

use tower_layer::Layer;

use super::{CachePolicyService, rule::Rule, rules::Rules};
use crate::{
    clock::{Clock, SharedClock},
    semantics::caching::{cache_control::InvalidCachePolicy, cache_policy::CachePolicy},
};

/// Layer that says how responses may be cached.
///
/// See the [module docs](crate::cache_policy) for an example.
#[derive(Debug, Clone)]
#[must_use]
pub struct CachePolicyLayer {
    // Shared: a router may clone the layer and apply it for each request.
    rules: Arc<Rules>,
}

impl CachePolicyLayer {
    /// This policy for the successes of `GET` and `HEAD`, unless a rule has
    /// another.
    pub fn new(policy: CachePolicy) -> Self {
        Self {
            rules: Arc::new(Rules::new(policy)),
        }
    }

    /// Adds a rule. Those before it come first, and the first that is for a
    /// response decides.
    ///
    /// Rules with paths are found through one table, so their number does not slow down
    /// requests to other paths. Rules without a path are tried one by one.
    ///
    /// # Errors
    ///
    /// Refuses freshness for a method with side effects.
    pub fn rule(mut self, rule: Rule) -> Result<Self, InvalidCachePolicy> {
        Arc::make_mut(&mut self.rules).push(rule)?;
        Ok(self)
    }

    /// Adds no `Date` where there is none: for a service whose clock is not to
    /// be trusted (RFC 9110, section 6.6.1). `hyper` adds one all the same.
    pub fn without_date(mut self) -> Self {
        Arc::make_mut(&mut self.rules).date = false;
        self
    }

    /// Sets the clock that `Date` and `Expires` are made from. Defaults to
    /// [`SystemClock`](crate::clock::SystemClock).
    pub fn clock(mut self, clock: impl Clock) -> Self {
        Arc::make_mut(&mut self.rules).clock = SharedClock::new(clock);
        self
    }
}

impl<S> Layer<S> for CachePolicyLayer {
    type Service = CachePolicyService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CachePolicyService {
            inner,
            rules: Arc::clone(&self.rules),
        }
    }
}
