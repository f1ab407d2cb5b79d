//! A request that holds its key: the handler and its end.

use std::{
    any::Any,
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
    task::Poll,
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, request::Parts};
use http_body::Body;
use tokio::time::Instant;
use tower_service::Service;

use super::{held_key::HeldKey, refuse::refuse};
use crate::{
    body::{RequestBody, ResponseBody},
    refusal::KeyProblem,
    semantics::field::Accept,
    service::HeldService,
    source::lazy_timeout,
    store::IdempotencyStore,
};

/// The end of a handler that did not panic.
enum Handled<T, E> {
    Responded(T),
    Failed(E),
    LeaseLost,
    TimedOut,
}

/// Runs the handler and records its response, even if the client disconnects.
///
/// Not an `async fn`, which would hold and move all of it twice.
pub(super) fn run<St, S, ReqB, ResB>(
    key: HeldKey<St>,
    parts: Parts,
    content: RequestBody<ReqB>,
    service: HeldService<S>,
) -> impl Future<Output = Result<Response<ResponseBody<ResB>>, S::Error>> + Send
where
    St: IdempotencyStore,
    S: Service<Request<RequestBody<ReqB>>, Response = Response<ResB>> + Send + 'static,
    S::Future: Send,
    S::Error: Send + 'static,
    ReqB: Body<Data = Bytes, Error: Send> + Send + 'static,
    ResB: Body<Data = Bytes, Error: Send> + Send + 'static,
{
    let detached = key.config.detached.clone();
    let work = async move {
        match perform_with_lease(&key, parts, content, service).await {
            Ok(answer) => answer,
            Err(panic) => {
                key.give_up("the handler panicked").await;
                resume_unwind(panic);
            }
        }
    };
    #[cfg(feature = "tracing")]
    let work = tracing::Instrument::in_current_span(work);
    detached.finish_write(work)
}

/// Performs the request and renews the lease meanwhile. An error is a panic, from wherever it
/// came: the service, its response's content, or a destructor.
async fn perform_with_lease<St, S, ReqB, ResB>(
    key: &HeldKey<St>,
    parts: Parts,
    content: RequestBody<ReqB>,
    service: HeldService<S>,
) -> Result<Result<Response<ResponseBody<ResB>>, S::Error>, Box<dyn Any + Send>>
where
    St: IdempotencyStore,
    S: Service<Request<RequestBody<ReqB>>, Response = Response<ResB>>,
    ReqB: Body<Data = Bytes>,
    ResB: Body<Data = Bytes>,
{
    let renewed = key.renew_until_dropped();
    let work = perform(key, parts, content, service);
    let (mut renewed, mut work) = (pin!(renewed), pin!(work));
    poll_fn(|cx| {
        // After a panic it is not polled again.
        let polled = match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
            Ok(polled) => polled.map(Ok),
            Err(panic) => return Poll::Ready(Err(panic)),
        };
        if polled.is_pending() {
            let _ = renewed.as_mut().poll(cx);
        }
        polled
    })
    .await
}

async fn perform<St, S, ReqB, ResB>(
    key: &HeldKey<St>,
    mut parts: Parts,
    content: RequestBody<ReqB>,
    mut service: HeldService<S>,
) -> Result<Response<ResponseBody<ResB>>, S::Error>
where
    St: IdempotencyStore,
    S: Service<Request<RequestBody<ReqB>>, Response = Response<ResB>>,
    ReqB: Body<Data = Bytes>,
    ResB: Body<Data = Bytes>,
{
    let accepts_json = Accept::from_headers(&parts.headers).accepts_json();
    parts.extensions.insert(key.attempt.clone());
    let request = Request::from_parts(parts, content);
    let claimed_at = Instant::now();
    let has_begun = AtomicBool::new(false);
    let handled = lazy_timeout(Some(key.config.timeout), async {
        service.ready::<RequestBody<ReqB>>().await?;
        // The service may have made it wait for longer than the lease.
        if !key.is_still_held(claimed_at).await {
            return Ok(None);
        }
        has_begun.store(true, Ordering::Relaxed);
        let response = service.call(request).await?;
        Ok(Some(key.read(response).await))
    });
    let handled = match handled.await {
        Ok(Ok(Some(answer))) => Handled::Responded(answer),
        Ok(Ok(None)) => Handled::LeaseLost,
        Ok(Err(error)) => Handled::Failed(error),
        Err(_) => Handled::TimedOut,
    };
    let reason = match &handled {
        Handled::Responded(_) => None,
        Handled::Failed(_) => Some("the service failed"),
        Handled::LeaseLost => Some("the lease was over before the service was ready"),
        Handled::TimedOut => Some("the handler did not end in time"),
    };
    match reason {
        Some(reason) if has_begun.into_inner() => key.give_up(reason).await,
        Some(_) => key.release().await,
        None => {}
    }
    let (problem, retry_after) = match handled {
        Handled::Responded(answer) => return Ok(key.finish(answer, accepts_json).await),
        Handled::Failed(error) => return Err(error),
        Handled::LeaseLost => (KeyProblem::StoreUnavailable, Some(Duration::ZERO)),
        Handled::TimedOut => (KeyProblem::TimedOut, None),
    };
    Ok(refuse(&key.config, problem, accepts_json, retry_after))
}
