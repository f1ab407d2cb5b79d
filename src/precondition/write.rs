//! One write, from the check to the answer.

use std::{future::Future, sync::Arc};

use bytes::Bytes;
use http::{Request, Response, request::Parts};
use http_body::Body;
use tower_service::Service;

use super::{
    answer::{self, Conflict},
    check::{AtHand, UncheckedWrite, WriteCheck},
    config::{Answer, Config},
    guard::Guard,
    performed::{Kept, PerformedWrite},
};
use crate::{
    body::UnreadContent,
    semantics::field::Accept,
    service::HeldService,
    source::{SelfGetMode, ValidatorSource},
};
/// A write with a condition, or that must have one, or that takes a lock.
pub(super) struct GuardedWrite<Q, G> {
    pub(super) config: Arc<Config<Q, G>>,
    pub(super) guard: Guard,
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
        mut service: HeldService<S>,
        turn: T,
    ) -> impl Future<Output = Result<Answer<ResB>, S::Error>>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        ReqB: Body + Send + 'static,
        ResB: Body<Data = Bytes, Error: Send> + Send + 'static,
        G: SelfGetMode<S, ReqB>,
    {
        let has_nothing_to_check = self.guard.has_nothing_to_check();
        async move {
            if has_nothing_to_check {
                let conflict = Conflict::new(&self.config, &Accept::from_headers(&parts.headers));
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
