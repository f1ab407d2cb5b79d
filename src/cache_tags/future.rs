use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::Response;
use pin_project_lite::pin_project;

use super::{Wait, step::Step};

pin_project! {
    /// Response future for [`CacheTagging`](super::CacheTagging).
    pub struct ResponseFuture<F, B> {
        #[pin]
        state: State<F, B>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, B> {
        Called {
            #[pin]
            future: F,
            step: Step,
        },
        // The future is gone, with what it holds of limits inside.
        Waiting {
            wait: Wait,
            // Boxed: it is rare, and moved with the future.
            response: Option<Box<Response<B>>>,
        },
    }
}

impl<F, B> ResponseFuture<F, B> {
    pub(super) fn new(future: F, step: Step) -> Self {
        Self {
            state: State::Called { future, step },
        }
    }
}

impl<F, B, E> Future for ResponseFuture<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        match state.as_mut().project() {
            StateProj::Called { future, step } => {
                // Modified in place, which avoids two moves of the response.
                let mut polled = future.poll(cx);
                let wait = match &mut polled {
                    Poll::Ready(Ok(response)) => step.finish(response),
                    Poll::Ready(Err(_)) => {
                        // A write of which nothing is known purges when it is dropped.
                        *step = Step::Pass;
                        None
                    }
                    Poll::Pending => None,
                };
                let Some(mut wait) = wait else {
                    return polled;
                };
                let response = ready!(polled)?;
                if wait.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Ok(response));
                }
                let response = Some(Box::new(response));
                state.set(State::Waiting { wait, response });
                Poll::Pending
            }
            StateProj::Waiting { wait, response } => {
                ready!(wait.as_mut().poll(cx));
                let response = response.take().expect("polled after it was ready");
                Poll::Ready(Ok(*response))
            }
        }
    }
}

impl<F, B> fmt::Debug for ResponseFuture<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = match &self.state {
            State::Called { step, .. } => Some(step),
            State::Waiting { .. } => None,
        };
        f.debug_struct("ResponseFuture")
            .field("step", &step)
            .field("answered", &step.is_none())
            .finish_non_exhaustive()
    }
}
