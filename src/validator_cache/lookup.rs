//! The lookup of a key, and what follows from its result.

use std::{pin::Pin, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, request::Parts};

use super::{
    comparison::Comparison,
    config::CacheConfig,
    fill::Fill,
    lease::HeldLease,
    pending::{LeadingRead, PendingRead, ReadTask},
};
use crate::{
    events,
    observe::exchange,
    outcome::{CacheLookup, Outcome, Verdict},
    semantics::{
        condition::{ConditionalFields, Current, Decision},
        validator::Validators,
        validator_cache::{KeyParts, LeaseRequest, Lookup, ReadMode, ValidatorKey},
    },
    store::{StoreError, StoreErrorKind, ValidatorStore},
    target,
};

/// A future that resolves once another reader of the key has ended.
pub(super) type LeaseEndFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A read that is looked up.
#[derive(Clone, Copy)]
pub(super) struct KeyLookup {
    pub(super) key: ValidatorKey,
    /// `None` for a reader that never fills.
    pub(super) lease: Option<LeaseRequest>,
    mode: ReadMode,
    has_principal: bool,
}

/// The step after a lookup.
pub(super) enum NextStep<St: ValidatorStore> {
    /// The service does not run.
    Answer(RememberedAnswer),
    /// The service runs. Its response is handed to the read, if there is one.
    Call(Option<Box<PendingRead<St>>>),
    /// Another reader of this process finds the validators.
    Follow(LeaseEndFuture),
}

/// The 304 to a client that has the remembered representation.
pub(super) struct RememberedAnswer {
    validators: Validators,
    /// The rest of the entry's time to live.
    ttl: Duration,
}

impl KeyLookup {
    pub(super) fn new<St>(
        config: &CacheConfig<St>,
        mode: ReadMode,
        request: &Parts,
        principal: Option<&str>,
    ) -> Self {
        let cache = &config.cache;
        let key = cache.settings.hasher.key(&KeyParts {
            target: target::of(request),
            uri: &request.uri,
            headers: &request.headers,
            declared: &config.vary,
            principal,
            no_vary_search: config.no_vary_search.as_ref(),
        });
        let lease = || LeaseRequest::new(cache.next_id()).with_ttl(cache.settings.lease_ttl);
        let may_fill = matches!(mode, ReadMode::LookUpAndFill(_) | ReadMode::AskHandler);
        Self {
            key,
            lease: may_fill.then(lease),
            mode,
            has_principal: principal.is_some(),
        }
    }

    /// Decides about a read. `has_waited` is `true` if it has followed another one.
    pub(super) fn decide<St: ValidatorStore>(
        &self,
        config: &Arc<CacheConfig<St>>,
        request: &Parts,
        fields: &ConditionalFields<&HeaderValue>,
        found: Result<Lookup<Validators>, StoreError>,
        has_waited: bool,
    ) -> NextStep<St> {
        let cache = &config.cache;
        match found {
            Ok(Lookup::Hit { entry, age, ttl }) => {
                // Another process may have filled it for longer.
                let may_answer = age < cache.entry_ttl()
                    && !cache.state.is_suspended()
                    && match self.mode {
                        ReadMode::LookUp(limits) | ReadMode::LookUpAndFill(limits) => {
                            limits.allow(age, ttl)
                        }
                        ReadMode::AskHandler | ReadMode::Bypass => false,
                    };
                if !may_answer || !is_not_modified(config, request, fields, &entry) {
                    let comparison = Comparison::new(cache, self.key, request, entry, None);
                    let task = ReadTask::compare(comparison);
                    return call(config, CacheLookup::Unmatched { ttl }, task, has_waited);
                }
                let is_sampled = request.method == Method::GET
                    && config.sampler.as_ref().is_some_and(|it| it.selects());
                // A copy is an allocation.
                let sampled = is_sampled.then(|| entry.clone());
                let validators = fields.for_not_modified(entry);
                let answer = RememberedAnswer { validators, ttl };
                let Some(entry) = sampled else {
                    return NextStep::Answer(answer);
                };
                let answer = answer.into_response(config, HeaderMap::new());
                let comparison = Comparison::new(cache, self.key, request, entry, Some(answer));
                let task = ReadTask::compare(comparison);
                call(config, CacheLookup::Hit { ttl }, task, has_waited)
            }
            Ok(Lookup::Leased { grant, found_stale }) => {
                let lease = HeldLease::new(cache, self.key, grant, config.collapse.is_some());
                let fill = Fill::new(config, lease, request, fields, self.has_principal);
                let task = ReadTask::Fill(Box::new(fill));
                call(config, CacheLookup::missed(found_stale), task, has_waited)
            }
            Ok(Lookup::Miss { found_stale }) => {
                let lookup = CacheLookup::missed(found_stale);
                call(config, lookup, ReadTask::None, has_waited)
            }
            Ok(Lookup::LeaseTaken) => {
                // Without a condition the handler runs in any case. If a layer of the same cache
                // outside has the lease, it waits for this read.
                let may_follow = config.collapse.is_some()
                    && !has_waited
                    && matches!(self.mode, ReadMode::LookUpAndFill(_))
                    && request.extensions.get::<LeadingRead>().is_none();
                if may_follow
                    && !fields.is_empty()
                    && let Some(lease_end) = cache.state.waiters.lease_end(self.key)
                {
                    return NextStep::Follow(Box::pin(lease_end));
                }
                call(config, CacheLookup::Busy, ReadTask::None, has_waited)
            }
            Ok(Lookup::WriteInProgress) => {
                call(config, CacheLookup::Busy, ReadTask::None, has_waited)
            }
            Err(error) => {
                events::validator_step_failed("lookup", &error);
                if error.kind() != StoreErrorKind::NotApplied
                    && let Some(lease) = self.lease
                {
                    cache.return_lease(self.key, lease);
                }
                call(config, CacheLookup::Bypass, ReadTask::None, has_waited)
            }
        }
    }
}

/// The service runs, and its response is used for `task`.
fn call<St: ValidatorStore>(
    config: &Arc<CacheConfig<St>>,
    lookup: CacheLookup,
    task: ReadTask<St>,
    has_waited: bool,
) -> NextStep<St> {
    NextStep::Call(PendingRead::new(config, lookup, task, has_waited))
}

/// Returns `true` if the client has the remembered representation.
fn is_not_modified<St>(
    config: &CacheConfig<St>,
    request: &Parts,
    fields: &ConditionalFields<&HeaderValue>,
    entry: &Validators,
) -> bool {
    let current = Current::Present(entry.as_ref());
    fields.evaluate(&request.method, current, || config.clock.now()) == Decision::NotModified
}

impl RememberedAnswer {
    /// Returns the 304 of a read whose handler does not run.
    pub(super) fn answer_early<St>(
        self,
        config: &CacheConfig<St>,
        headers: HeaderMap,
    ) -> Response<()> {
        let ttl = self.ttl;
        exchange::record_decision(|outcome| {
            outcome.set_verdict(Verdict::NotModified);
            outcome.set_cache_lookup(CacheLookup::Hit { ttl });
            outcome.set_answered_early(true);
        });
        let mut response = self.into_response(config, headers);
        if let Some(outcome) = response.extensions_mut().get_mut::<Outcome>() {
            outcome.set_answered_early(true);
        }
        response
    }

    /// Returns the 304 without content, with the memory of these headers of a request. A map of its
    /// own would be two allocations.
    fn into_response<St>(self, config: &CacheConfig<St>, mut headers: HeaderMap) -> Response<()> {
        headers.clear();
        self.validators
            .into_not_modified(&mut headers, || config.clock.now());
        let mut response = Response::new(());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.headers_mut() = headers;
        if config.explain {
            Outcome::record(response.extensions_mut(), |outcome| {
                outcome.set_verdict(Verdict::NotModified);
                outcome.set_cache_lookup(CacheLookup::Hit { ttl: self.ttl });
            });
        }
        response
    }
}
