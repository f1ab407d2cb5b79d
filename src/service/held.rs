use std::{future::poll_fn, mem};

use http::Request;
use tower_service::Service;

/// A service that can be called several times, each time after it is ready.
///
/// The first call uses the service that `poll_ready` was called on, and not a clone. A clone
/// could wait forever for the slot of a concurrency limit that the original has reserved.
#[derive(Debug)]
pub(crate) struct HeldService<S> {
    service: S,
    ready: bool,
}

impl<S: Clone> HeldService<S> {
    /// Takes the service that `poll_ready` was called on, and leaves a clone in its place.
    pub(crate) fn take(service: &mut S) -> Self {
        let clone = service.clone();
        Self {
            service: mem::replace(service, clone),
            ready: true,
        }
    }

    /// Releases the slot that `poll_ready` reserved. The next call reserves one again.
    pub(crate) fn release(&mut self) {
        // Dropping the old service releases its slot, and a clone has none.
        self.service = self.service.clone();
        self.ready = false;
    }
}

impl<S> HeldService<S> {
    /// Creates a held service from one that is not ready yet.
    pub(crate) fn not_ready(service: S) -> Self {
        Self {
            service,
            ready: false,
        }
    }

    /// Returns the service once it is ready. The future stays small, since it holds no request.
    pub(crate) async fn ready<B>(&mut self) -> Result<&mut S, S::Error>
    where
        S: Service<Request<B>>,
    {
        // `poll_ready` is valid for one call only.
        if !mem::take(&mut self.ready) {
            poll_fn(|cx| self.service.poll_ready(cx)).await?;
        }
        Ok(&mut self.service)
    }

    /// Calls the service once it is ready.
    pub(crate) async fn call<B>(&mut self, request: Request<B>) -> Result<S::Response, S::Error>
    where
        S: Service<Request<B>>,
    {
        self.ready().await?.call(request).await
    }
}
