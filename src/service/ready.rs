use std::{future::poll_fn, mem};

use http::Request;
use tower_service::Service;

/// A service that may be called again and again, each time once it is ready.
///
/// It is the very service that was made ready, never a fresh clone, so that a
/// limit inside cannot wait for a place that we hold ourselves.
#[derive(Debug)]
pub(crate) struct Ready<S> {
    service: S,
    ready: bool,
}

impl<S: Clone> Ready<S> {
    /// Takes the service that `poll_ready` was called on, and leaves a clone.
    pub(crate) fn take(service: &mut S) -> Self {
        let clone = service.clone();
        Self {
            service: mem::replace(service, clone),
            ready: true,
        }
    }

    /// Gives back what `poll_ready` reserved, until the next call.
    pub(crate) fn release(&mut self) {
        self.service = self.service.clone();
        self.ready = false;
    }
}

impl<S> Ready<S> {
    /// A service of our own, which nobody has made ready yet.
    pub(crate) fn fresh(service: S) -> Self {
        Self {
            service,
            ready: false,
        }
    }

    /// The service, once it is ready. A future that holds no request meanwhile
    /// is a small one.
    pub(crate) async fn ready<B>(&mut self) -> Result<&mut S, S::Error>
    where
        S: Service<Request<B>>,
    {
        if !mem::take(&mut self.ready) {
            poll_fn(|cx| self.service.poll_ready(cx)).await?;
        }
        Ok(&mut self.service)
    }

    pub(crate) async fn call<B>(&mut self, request: Request<B>) -> Result<S::Response, S::Error>
    where
        S: Service<Request<B>>,
    {
        self.ready().await?.call(request).await
    }
}
