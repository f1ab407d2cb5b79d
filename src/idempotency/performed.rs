//! A request that holds its key: the handler and its end.

use std::{
    any::Any,
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::{Pin, pin},
    sync::atomic::{AtomicBool, Ordering},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, request::Parts};
use http_body::Body;
use tokio::time::sleep;
use tower_service::Service;

use super::{held_key::HeldKey, refuse::refuse};
use crate::{
    body::{RequestBody, ResponseBody},
    refusal::KeyProblem,
    semantics::field::Accept,
    service::HeldService,
    store::IdempotencyStore,
};

/// The end of a handler.
enum Handled<T, E> {
    Responded(T),
    Failed(E),
    Panicked(Box<dyn Any + Send>),
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
        let renewed = key.renew_until_dropped();
        let work = perform(&key, parts, content, service);
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
    let has_begun = AtomicBool::new(false);
    let handled = run_handler(key.config.timeout, async {
        service.ready::<RequestBody<ReqB>>().await?;
        has_begun.store(true, Ordering::Relaxed);
        let response = service.call(request).await?;
        Ok(key.read(response).await)
    });
    let handled = handled.await;
    let reason = match &handled {
        Handled::Responded(_) => None,
        Handled::Failed(_) => Some("the service failed"),
        Handled::Panicked(_) => Some("the handler panicked"),
        Handled::TimedOut => Some("the handler did not end in time"),
    };
    match reason {
        Some(reason) if has_begun.into_inner() => key.give_up(reason).await,
        Some(_) => key.release().await,
        None => {}
    }
    match handled {
        Handled::Responded(answer) => Ok(key.finish(answer, accepts_json).await),
        Handled::Failed(error) => Err(error),
        Handled::Panicked(panic) => resume_unwind(panic),
        Handled::TimedOut => Ok(refuse(
            &key.config,
            KeyProblem::TimedOut,
            accepts_json,
            None,
        )),
    }
}

/// Runs a handler to its end, its panic or its time limit.
async fn run_handler<T, E>(
    timeout: Duration,
    handler: impl Future<Output = Result<T, E>>,
) -> Handled<T, E> {
    let mut handler = pin!(handler);
    let mut timer = pin!(sleep(timeout));
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
