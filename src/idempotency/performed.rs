//! A request that holds its key: the handler, the lease, and the record.

use std::{
    any::Any,
    future::{Future, pending, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, request::Parts};
use http_body::Body;
use tokio::time::sleep;
use tower_service::Service;

use super::{
    attempt::Attempt,
    config::{IdempotencyConfig, PAUSES},
    recorded::{self, Recorded},
    refuse::refuse,
};
use crate::{
    body::{RequestBody, ResponseBody},
    refusal::KeyProblem,
    semantics::retry::{Commit, RecordedResponse, SealReason, Update},
    service::HeldService,
    store::{IdempotencyStore, StoreError, StoreErrorKind},
};

/// A request that holds its key, until its end is recorded.
pub(super) struct Performed<St> {
    pub(super) config: Arc<IdempotencyConfig<St>>,
    pub(super) attempt: Attempt,
}

/// The end of a handler.
enum Handled<T, E> {
    Responded(T),
    Failed(E),
    Panicked(Box<dyn Any + Send>),
    TimedOut,
}

/// The response and the end that it has for its key.
struct Answer<B: Body> {
    response: Response<ResponseBody<B>>,
    end: AttemptEnd,
}

enum AttemptEnd {
    Record(Bytes),
    Release,
    Seal(SealReason),
}

impl<St: IdempotencyStore> Performed<St> {
    /// Runs the handler and records its response, even if the client disconnects.
    pub(super) async fn run<S, ReqB, ResB>(
        self,
        parts: Parts,
        content: RequestBody<ReqB>,
        service: HeldService<S>,
    ) -> Result<Response<ResponseBody<ResB>>, S::Error>
    where
        S: Service<Request<RequestBody<ReqB>>, Response = Response<ResB>> + Send + 'static,
        S::Future: Send,
        S::Error: Send + 'static,
        ReqB: Body<Data = Bytes, Error: Send> + Send + 'static,
        ResB: Body<Data = Bytes, Error: Send> + Send + 'static,
    {
        let detached = self.config.detached.clone();
        let work = async move {
            let renewed = self.renew_until_dropped();
            let work = self.perform(parts, content, service);
            let (mut renewed, mut work) = (pin!(renewed), pin!(work));
            poll_fn(|cx| {
                let polled = work.as_mut().poll(cx);
                if polled.is_pending() {
                    let _ = renewed.as_mut().poll(cx);
                }
                polled
            })
            .await
        };
        #[cfg(feature = "tracing")]
        let work = tracing::Instrument::in_current_span(work);
        detached.finish(work).await
    }

    /// Extends the lease, three times in its length. Never ends.
    async fn renew_until_dropped(&self) {
        let lease = self.config.lease;
        loop {
            sleep(lease / 3).await;
            // After an error the next try may come in time.
            let renewed = self.config.store.renew(self.attempt.step, lease).await;
            if matches!(renewed, Ok(Update::Lost)) {
                return pending().await;
            }
        }
    }

    async fn perform<S, ReqB, ResB>(
        &self,
        mut parts: Parts,
        content: RequestBody<ReqB>,
        mut service: HeldService<S>,
    ) -> Result<Response<ResponseBody<ResB>>, S::Error>
    where
        S: Service<Request<RequestBody<ReqB>>, Response = Response<ResB>>,
        ReqB: Body<Data = Bytes>,
        ResB: Body<Data = Bytes>,
    {
        let accept = parts.headers.clone();
        parts.extensions.insert(self.attempt.clone());
        let request = Request::from_parts(parts, content);
        if let Err(error) = service.ready::<RequestBody<ReqB>>().await {
            // Nothing ran.
            let _ = self.commit(AttemptEnd::Release).await;
            return Err(error);
        }
        let handled = run_handler(self.config.timeout, async {
            let response = service.call(request).await?;
            Ok(self.read(response).await)
        });
        let answer = match handled.await {
            Handled::Responded(answer) => answer,
            Handled::Failed(error) => {
                self.give_up().await;
                return Err(error);
            }
            Handled::Panicked(panic) => {
                self.give_up().await;
                resume_unwind(panic);
            }
            Handled::TimedOut => {
                self.give_up().await;
                return Ok(refuse(&self.config, KeyProblem::TimedOut, &accept, None));
            }
        };
        Ok(self.finish(answer, &accept).await)
    }

    /// Reads the content of a response that is to be recorded, and decides the end.
    async fn read<B: Body<Data = Bytes>>(&self, response: Response<B>) -> Answer<B> {
        let commit = response.extensions().get::<Commit>().copied();
        // Refused by a layer inside, which has a key of its own: the handler did not run.
        let is_refused = response.extensions().get::<KeyProblem>().is_some();
        let commit = commit.or(is_refused.then_some(Commit::Release));
        let commit = commit.unwrap_or_else(|| self.config.commit(response.status()));
        if commit != Commit::Record {
            let end = match commit {
                Commit::Seal => AttemptEnd::Seal(SealReason::Policy),
                Commit::Record | Commit::Release => AttemptEnd::Release,
            };
            return Answer {
                response: response.map(ResponseBody::inner),
                end,
            };
        }
        let (head, body) = response.into_parts();
        let (body, recorded) = recorded::read(&head, body, self.config.max_response_bytes).await;
        let end = match recorded {
            Recorded::Whole(content) => {
                let record = RecordedResponse::new(head.status, &head.headers, content);
                self.protect(record.encode())
            }
            Recorded::Not(reason) => AttemptEnd::Seal(reason),
        };
        Answer {
            response: Response::from_parts(head, body),
            end,
        }
    }

    fn protect(&self, record: Bytes) -> AttemptEnd {
        let Some(protect) = &self.config.protect else {
            return AttemptEnd::Record(record);
        };
        match protect.seal(self.attempt.step.id.as_bytes(), record) {
            Ok(sealed) => AttemptEnd::Record(sealed),
            // Nothing is stored in the clear.
            Err(_) => AttemptEnd::Seal(SealReason::Unrepeatable),
        }
    }

    /// Records the end, and lets the response go only then.
    async fn finish<B: Body<Data = Bytes>>(
        &self,
        answer: Answer<B>,
        accept: &HeaderMap,
    ) -> Response<ResponseBody<B>> {
        let Answer { response, end } = answer;
        // The handler's own transaction holds the record.
        if self.attempt.is_recorded() {
            return response;
        }
        // A response that releases the key asks to be tried again, recorded or not.
        let must_be_recorded = !matches!(end, AttemptEnd::Release);
        let can_be_sealed = matches!(end, AttemptEnd::Record(_));
        let mut committed = self.commit(end).await;
        if can_be_sealed
            && matches!(&committed, Err(error) if error.kind() == StoreErrorKind::NotApplied)
        {
            // The store has no room for the response. A seal takes none.
            committed = self.commit(AttemptEnd::Seal(SealReason::TooLarge)).await;
        }
        match committed {
            Ok(Update::Applied) => response,
            _ if !must_be_recorded => response,
            // Another attempt may have been told that the outcome is unknown, or have taken over.
            Ok(Update::Lost) => refuse(&self.config, KeyProblem::OutcomeUnknown, accept, None),
            Err(_) => refuse(&self.config, KeyProblem::Unrecorded, accept, None),
        }
    }

    /// Applies the end to the record. A step whose answer was lost is repeated.
    async fn commit(&self, end: AttemptEnd) -> Result<Update, StoreError> {
        let (store, step) = (&self.config.store, self.attempt.step);
        let mut pauses = PAUSES.into_iter();
        loop {
            let applied = match &end {
                AttemptEnd::Record(record) => store.complete(step, record.clone()).await,
                AttemptEnd::Release => store.release(step).await,
                AttemptEnd::Seal(reason) => store.seal(step, *reason).await,
            };
            match (applied, pauses.next()) {
                (Err(error), Some(pause)) if error.kind() != StoreErrorKind::Corrupt => {
                    sleep(pause).await;
                }
                (applied, _) => return applied,
            }
        }
    }

    /// Ends the lease at once, so that a retry is told that the outcome is unknown.
    async fn give_up(&self) {
        let _ = self
            .config
            .store
            .renew(self.attempt.step, Duration::ZERO)
            .await;
    }
}

/// Runs a handler to its end, its panic or its time limit.
async fn run_handler<T, E>(
    timeout: Option<Duration>,
    handler: impl Future<Output = Result<T, E>>,
) -> Handled<T, E> {
    let mut handler = pin!(handler);
    let mut timer = pin!(async {
        match timeout {
            Some(timeout) => sleep(timeout).await,
            None => pending().await,
        }
    });
    poll_fn(|cx| {
        let polled = match poll_caught(handler.as_mut(), cx) {
            Ok(polled) => polled,
            Err(panic) => return Poll::Ready(Handled::Panicked(panic)),
        };
        match polled {
            Poll::Ready(Ok(output)) => Poll::Ready(Handled::Responded(output)),
            Poll::Ready(Err(error)) => Poll::Ready(Handled::Failed(error)),
            Poll::Pending => timer.as_mut().poll(cx).map(|()| Handled::TimedOut),
        }
    })
    .await
}

/// Polls a future that is not polled again after a panic.
fn poll_caught<F: Future>(
    future: Pin<&mut F>,
    cx: &mut Context<'_>,
) -> Result<Poll<F::Output>, Box<dyn Any + Send>> {
    catch_unwind(AssertUnwindSafe(|| future.poll(cx)))
}
