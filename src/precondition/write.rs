//! Guarded writes, from the check to the response.

use std::{future::Future, sync::Arc};

use bytes::Bytes;
use http::{Request, Response, request::Parts};
use http_body::Body;
use tower_service::Service;

use super::{
    admitted::{AdmittedWrite, ResponseContext},
    answer::{self, ConflictResponder},
    check::{SourceResult, UncheckedWrite, WriteCheck},
    config::{PreconditionConfig, WriteResponse},
    protection::WriteProtection,
    refuse::SeenState,
};
use crate::{
    body::UnreadContent,
    semantics::{condition::Current, field::Accept},
    service::HeldService,
    source::{SelfGetMode, ValidatorSource},
};

/// A write that has a condition, needs a condition, or takes a lock.
pub(super) struct GuardedWrite<Q, G> {
    pub(super) config: Arc<PreconditionConfig<Q, G>>,
    pub(super) protection: WriteProtection,
}

impl<Q: ValidatorSource, G> GuardedWrite<Q, G> {
    pub(super) fn as_unchecked<'a>(&'a self, request: &'a Parts) -> UncheckedWrite<'a, Q, G> {
        UncheckedWrite::new(&self.config, self.protection, request)
    }

    /// Checks and performs the write. `known` is the state that the source returned without
    /// waiting. `lock_guard` is held until the write is done or refused.
    // Not an `async fn`, whose future would hold the arguments twice.
    pub(super) fn run<S, ReqB, ResB, T>(
        self,
        known: Option<SourceResult>,
        mut parts: Parts,
        mut content: UnreadContent<ReqB>,
        mut service: HeldService<S>,
        lock_guard: T,
    ) -> impl Future<Output = Result<WriteResponse<ResB>, S::Error>>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        ReqB: Body + Send + 'static,
        ResB: Body<Data = Bytes, Error: Send> + Send + 'static,
        G: SelfGetMode<S, ReqB>,
    {
        let has_nothing_to_check = self.protection.has_nothing_to_check();
        async move {
            if has_nothing_to_check {
                let conflict =
                    ConflictResponder::new(&self.config, &Accept::from_headers(&parts.headers));
                let service = service.ready::<ReqB>().await?;
                let request = Request::from_parts(parts, content.take());
                return Ok(conflict.respond(service.call(request).await?));
            }
            let write = self.as_unchecked(&parts);
            let (current, source_knew) = match write.check(known, &mut service).await? {
                WriteCheck::Admitted {
                    current,
                    source_knew,
                } => (current, source_knew),
                WriteCheck::Refused(mut answer) => {
                    self.config.record_refusal(&mut answer);
                    // Releases the lock before the content is read, which may take long.
                    drop((service, lock_guard));
                    return Ok(content.refuse(answer).await);
                }
            };
            let protection = self.protection;
            // Kept for the `GET` after a failed comparison, since the service takes the head.
            let shown = (self.config.self_get.may_show()).then(|| Box::new(parts.clone()));
            let was_absent = matches!(current, Current::Absent);
            let context = ResponseContext::of(&write, current);
            let config = self.config;
            let performed =
                AdmittedWrite::begin(Arc::clone(&config), context, &mut parts.extensions);
            let inner = service.ready::<ReqB>().await?;
            let request = Request::from_parts(parts, content.take());
            let response = inner.call(request).await?;
            Ok(match (shown, answer::handler_failure(&response)) {
                // Sends a `GET` to the service, for the representation that the 412 carries.
                (Some(request), Some(failed)) => {
                    let failed = failed.clone();
                    drop(response);
                    let write = UncheckedWrite::new(&config, protection, &request);
                    let seen = SeenState {
                        source_knew,
                        was_absent,
                    };
                    write.respond_to_failure(&failed, seen, &mut service).await
                }
                _ => performed.respond(response),
            })
        }
    }
}
