//! A read whose handler runs, and what its response is used for.

use std::{sync::Arc, task::Context};

use bytes::Bytes;
use http::{Response, StatusCode, request::Parts};
use http_body::Body;

use super::{comparison::Comparison, config::CacheConfig, fill::Fill};
use crate::{body::ResponseBody, observe::exchange, outcome::CacheLookup, store::ValidatorStore};

/// A request extension of a read that others may wait for.
#[derive(Debug, Clone, Copy)]
pub(super) struct LeadingRead;

/// A read whose handler runs.
pub(super) struct PendingRead<St: ValidatorStore> {
    config: Arc<CacheConfig<St>>,
    lookup: CacheLookup,
    task: ReadTask<St>,
    has_waited: bool,
}

/// The use of a response.
pub(super) enum ReadTask<St: ValidatorStore> {
    None,
    /// Its validators are remembered.
    Fill(Box<Fill<St>>),
    /// Its tag is compared with the one that is remembered.
    Compare(Box<Comparison<St>>),
}

impl<St: ValidatorStore> ReadTask<St> {
    pub(super) fn compare(comparison: Option<Comparison<St>>) -> Self {
        comparison.map_or(Self::None, |comparison| Self::Compare(Box::new(comparison)))
    }
}

impl<St: ValidatorStore> PendingRead<St> {
    /// Prepares the head of a request for the service.
    pub(super) fn prepare(pending: Option<&Self>, request: &mut Parts) {
        let leads = |pending: &Self| {
            pending.config.collapse.is_some() && matches!(pending.task, ReadTask::Fill(_))
        };
        if pending.is_some_and(leads) {
            request.extensions.insert(LeadingRead);
        }
    }
}

impl<St: ValidatorStore> PendingRead<St> {
    /// Returns the read, or `None` if its response is of no use.
    pub(super) fn new(
        config: &Arc<CacheConfig<St>>,
        lookup: CacheLookup,
        task: ReadTask<St>,
        has_waited: bool,
    ) -> Option<Box<Self>> {
        if matches!(task, ReadTask::None) && !config.explain {
            // Nothing of the response is needed, so there is no allocation.
            exchange::record_decision(|outcome| {
                outcome.set_cache_lookup(lookup);
                outcome.set_collapsed(has_waited);
            });
            return None;
        }
        Some(Box::new(Self {
            config: Arc::clone(config),
            lookup,
            task,
            has_waited,
        }))
    }

    /// Returns a read that is not looked up.
    pub(super) fn bypass(config: &Arc<CacheConfig<St>>) -> Option<Box<Self>> {
        Self::new(config, CacheLookup::Bypass, ReadTask::None, false)
    }

    /// Uses the response, and returns it to the client.
    pub(super) fn respond<B: Body<Data = Bytes>>(
        self,
        cx: &mut Context<'_>,
        response: Response<B>,
    ) -> Response<ResponseBody<B>> {
        let mut answer = match self.task {
            ReadTask::None => response.map(ResponseBody::inner),
            ReadTask::Compare(comparison) => comparison.respond(response),
            ReadTask::Fill(fill) => fill.respond(&self.config, cx, response),
        };
        let lookup = match self.lookup {
            // A sampled hit that the handler does not confirm.
            CacheLookup::Hit { .. } if answer.status() != StatusCode::NOT_MODIFIED => {
                CacheLookup::Stale
            }
            lookup => lookup,
        };
        self.config.explain(&mut answer, lookup);
        let has_waited = self.has_waited;
        (self.config).record(&mut answer, |outcome| outcome.set_collapsed(has_waited));
        answer
    }
}
