//! A request that holds its key: the handler and its end.

use std::{
    any::Any,
    future::{Future, pending, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::pin,
    task::Poll,
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, request::Parts};
use http_body::Body;
use tokio::time::{Instant, sleep};
use tower_service::Service;

use super::{held_key::HeldKey, refuse::refuse};
use crate::{
    body::{RequestBody, ResponseBody},
    refusal::KeyProblem,
    service::HeldService,
    store::IdempotencyStore,
};

/// The end of a handler that did not panic.
enum Handled<T, E> {
    Responded(T),
    Failed(E),
    TimedOut,
}

/// Runs the handler and records its response, even if the client disconnects.
pub(super) async fn run<St, S, ReqB, ResB>(
    key: HeldKey<St>,
    parts: Parts,
    content: RequestBody<ReqB>,
    service: HeldService<S>,
) -> Result<Response<ResponseBody<ResB>>, S::Error>
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
    detached.finish(work).await
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
    let accept = parts.headers.clone();
    parts.extensions.insert(key.attempt.clone());
    let request = Request::from_parts(parts, content);
    let claimed_at = Instant::now();
    if let Err(error) = service.ready::<RequestBody<ReqB>>().await {
        // Nothing ran.
        key.release().await;
        return Err(error);
    }
    if !key.is_still_held(claimed_at).await {
        key.release().await;
        let problem = KeyProblem::StoreUnavailable;
        let retry_after = Some(Duration::ZERO);
        return Ok(refuse(&key.config, problem, &accept, retry_after));
    }
    let handled = run_handler(key.config.timeout, async {
        let response = service.call(request).await?;
        Ok(key.read(response).await)
    });
    let answer = match handled.await {
        Handled::Responded(answer) => answer,
        Handled::Failed(error) => {
            key.give_up("the service failed").await;
            return Err(error);
        }
        Handled::TimedOut => {
            key.give_up("the handler did not end in time").await;
            return Ok(refuse(&key.config, KeyProblem::TimedOut, &accept, None));
        }
    };
    Ok(key.finish(answer, &accept).await)
}

/// Runs a handler to its end or its time limit.
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
    poll_fn(|cx| match handler.as_mut().poll(cx) {
        Poll::Ready(Ok(output)) => Poll::Ready(Handled::Responded(output)),
        Poll::Ready(Err(error)) => Poll::Ready(Handled::Failed(error)),
        Poll::Pending => timer.as_mut().poll(cx).map(|()| Handled::TimedOut),
    })
    .await
}
