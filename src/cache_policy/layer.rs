use std::sync::Arc;

use tower_layer::Layer;

use super::{CachePolicyService, rule::Rule, rules::PolicyRules};
use crate::{
    clock::{Clock, SharedClock},
    semantics::caching::{cache_control::InvalidCachePolicy, cache_policy::CachePolicy},
};

/// Layer that sets the cache policy of responses.
///
/// See the [module docs](crate::cache_policy) for an example.
#[derive(Debug, Clone)]
#[must_use]
pub struct CachePolicyLayer {
    // Shared: a router may clone the layer and apply it for each request.
    rules: Arc<PolicyRules>,
}

impl CachePolicyLayer {
    /// Creates a layer with the policy for successful responses to `GET` and `HEAD` that match no
    /// rule.
    pub fn new(policy: CachePolicy) -> Self {
        Self {
            rules: Arc::new(PolicyRules::new(policy)),
        }
    }

    /// Adds a rule. The first rule that matches a response decides.
    ///
    /// Rules with paths are found through one table, so their number does not slow down requests
    /// to other paths. Rules without a path are tried one by one.
    ///
    /// # Errors
    ///
    /// Returns an error for a rule with a fresh policy for a method with side effects. Also returns
    /// one for a rule whose statuses no policy is for: 304 alone, or 1xx.
    pub fn rule(mut self, rule: Rule) -> Result<Self, InvalidCachePolicy> {
        Arc::make_mut(&mut self.rules).push(rule)?;
        Ok(self)
    }

    /// Leaves a missing `Date` out. By default the layer adds it.
    ///
    /// Use it for a service without a reliable clock (RFC 9110, section 6.6.1). `hyper` adds a
    /// `Date` anyway.
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
