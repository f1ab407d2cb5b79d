use std::{
    fmt,
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::Response;
use pin_project_lite::pin_project;

use super::step::{Step, Wait};

pin_project! {
    /// Response future for [`CacheTagging`](super::CacheTagging).
    pub struct ResponseFuture<F, B> {
        // Gone once it has answered, with what it holds of limits inside.
        #[pin]
        future: Option<F>,
        step: Step,
        waiting: Option<(Wait, Response<B>)>,
    }
}

impl<F, B> ResponseFuture<F, B> {
    pub(super) fn new(future: F, step: Step) -> Self {
        Self {
            future: Some(future),
            step,
            waiting: None,
        }
    }
}

impl<F, B, E> Future for ResponseFuture<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(future) = this.future.as_mut().as_pin_mut() {
            let answer = ready!(future.poll(cx));
            this.future.set(None);
            // An error drops it, and so purges.
            let step = mem::take(this.step);
            let mut response = answer?;
            match step.take(&mut response) {
                None => return Poll::Ready(Ok(response)),
                Some(wait) => *this.waiting = Some((wait, response)),
            }
        }
        if let Some((wait, _)) = this.waiting {
            ready!(wait.as_mut().poll(cx));
        }
        let (_, response) = this.waiting.take().expect("polled after it was ready");
        Poll::Ready(Ok(response))
    }
}

impl<F, B> fmt::Debug for ResponseFuture<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture")
            .field("step", &self.step)
            .field("answered", &self.future.is_none())
            .finish_non_exhaustive()
    }
}
