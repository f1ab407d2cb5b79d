//! One write, from the check to the answer.

use std::{future::Future, sync::Arc};

use bytes::Bytes;
use http::{Request, Response, request::Parts};
use http_body::Body;
use tower_service::Service;

use super::{
    answer::{self, Conflict},
    check::{AtHand, UncheckedWrite, WriteCheck},
    config::Config,
    performed::{Kept, PerformedWrite},
};
#[cfg(feature = "tokio")]
use crate::semantics::method::changes_target;
use crate::{
    body::{ResponseBody, UnreadContent},
    semantics::{accept::Accept, precondition::Requirement},
    source::{MayAskService, Ready, ValidatorSource},
};

pub(super) type Answer<ResB> = Response<ResponseBody<ResB>>;

/// A write with a condition, or that must have one, or that takes a lock.
pub(super) struct GuardedWrite<Q, G> {
    pub(super) config: Arc<Config<Q, G>>,
    pub(super) guard: Guard,
}

/// The ways in which a write is kept from destroying what another one wrote.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guard {
    /// The request has a condition that counts for a write.
    pub(super) is_conditional: bool,
    /// The condition that it must have.
    pub(super) required: Requirement,
    pub(super) serialization: Serialization,
}

/// The relation of a write to other writes of its resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Serialization {
    /// The layer has no lock.
    Unlocked,
    /// The lock keeps other writes away between the check and the write.
    Locked,
    /// The layer has a lock, and no key of it for this request.
    KeyMissing,
}

impl Guard {
    pub(super) fn new(is_conditional: bool, required: Requirement) -> Self {
        Self {
            is_conditional,
            required,
            serialization: Serialization::Unlocked,
        }
    }

    pub(super) fn requires_condition(self) -> bool {
        self.required != Requirement::Nothing
    }

    pub(super) fn has_nothing_to_check(self) -> bool {
        !self.is_conditional && !self.requires_condition()
    }

    /// Returns `true` if the request may write over another write: it has a condition, or
    /// changes what is there and need not have one.
    #[cfg(feature = "tokio")]
    pub(super) fn may_overwrite(self, method: &http::Method) -> bool {
        self.is_conditional || (changes_target(method) && !self.requires_condition())
    }
}

impl<Q: ValidatorSource, G> GuardedWrite<Q, G> {
    pub(super) fn unchecked<'a>(&'a self, request: &'a Parts) -> UncheckedWrite<'a, Q, G> {
        UncheckedWrite::new(&self.config, self.guard, request)
    }

    /// `known` is what the source had at hand. `turn` is held until the write is done or
    /// refused.
    // No `async fn`: the future of one holds its arguments twice.
    pub(super) fn run<S, ReqB, ResB, T>(
        self,
        known: Option<AtHand>,
        mut parts: Parts,
        mut content: UnreadContent<ReqB>,
        mut service: Ready<S>,
        turn: T,
    ) -> impl Future<Output = Result<Answer<ResB>, S::Error>>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        ReqB: Body + Send + 'static,
        ResB: Body<Data = Bytes, Error: Send> + Send + 'static,
        G: MayAskService<S, ReqB>,
    {
        let has_nothing_to_check = self.guard.has_nothing_to_check();
        async move {
            if has_nothing_to_check {
                let conflict = Conflict::new(&self.config, &Accept::of(&parts.headers));
                let service = service.ready::<ReqB>().await?;
                let request = Request::from_parts(parts, content.take());
                return Ok(conflict.respond(service.call(request).await?));
            }
            let write = self.unchecked(&parts);
            let (current, source_knew) = match write.check(known, &mut service).await? {
                WriteCheck::Admitted {
                    current,
                    source_knew,
                } => (current, source_knew),
                WriteCheck::Refused(answer) => {
                    // Nobody waits for this client any more.
                    drop((service, turn));
                    return Ok(content.refuse(answer).await);
                }
            };
            let guard = self.guard;
            let shown = (self.config.self_get.may_show()).then(|| Box::new(parts.clone()));
            let kept = Kept::of(&write, current);
            let config = self.config;
            let performed = PerformedWrite::begin(Arc::clone(&config), kept, &mut parts.extensions);
            let inner = service.ready::<ReqB>().await?;
            let request = Request::from_parts(parts, content.take());
            let response = inner.call(request).await?;
            Ok(match (shown, answer::failed(&response)) {
                // The 412 may carry the representation, for which the service is asked again.
                (Some(request), Some(failed)) => {
                    let failed = failed.clone();
                    drop(response);
                    let write = UncheckedWrite::new(&config, guard, &request);
                    let answer = write.superseded(&failed, source_knew, &mut service);
                    answer.await
                }
                _ => performed.respond(response),
            })
        }
    }
}
