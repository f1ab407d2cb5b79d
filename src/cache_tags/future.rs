use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::Response;
use pin_project_lite::pin_project;

use super::{PurgeWait, action::TagAction};

pin_project! {
    /// Response future for [`CacheTagsService`](super::CacheTagsService).
    pub struct ResponseFuture<F, B> {
        #[pin]
        state: TaggingState<F, B>,
    }
}

pin_project! {
    #[project = TaggingStateProj]
    enum TaggingState<F, B> {
        Called {
            #[pin]
            future: F,
            action: TagAction,
        },
        // The inner future is dropped first, so that it holds no permit of a limit inside.
        Waiting {
            wait: PurgeWait,
            // Boxed: it is rare, and every future of the layer would be as large.
            response: Option<Box<Response<B>>>,
        },
    }
}

impl<F, B> ResponseFuture<F, B> {
    pub(super) fn new(future: F, action: TagAction) -> Self {
        Self {
            state: TaggingState::Called { future, action },
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
            TaggingStateProj::Called { future, action } => {
                // Modified in place, which avoids two moves of the response.
                let mut polled = action.watch(|| future.poll(cx));
                let wait = match &mut polled {
                    Poll::Ready(Ok(response)) => action.finish(response),
                    Poll::Ready(Err(_)) => {
                        #[cfg(feature = "tokio")]
                        action.fail();
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
                state.set(TaggingState::Waiting { wait, response });
                Poll::Pending
            }
            TaggingStateProj::Waiting { wait, response } => {
                ready!(wait.as_mut().poll(cx));
                let response = response.take().expect("polled after it was ready");
                Poll::Ready(Ok(*response))
            }
        }
    }
}

impl<F, B> fmt::Debug for ResponseFuture<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let action = match &self.state {
            TaggingState::Called { action, .. } => Some(action),
            TaggingState::Waiting { .. } => None,
        };
        f.debug_struct("ResponseFuture")
            .field("action", &action)
            .field("answered", &action.is_none())
            .finish_non_exhaustive()
    }
}
