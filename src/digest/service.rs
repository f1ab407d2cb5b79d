use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response, request::Parts};
use http_body::Body;
use tower_service::Service;

use super::{
    ResponseFuture, VerifiedBody,
    config::{DigestConfig, DigestPlan},
    hash::PendingDigest,
};
use crate::{
    BoxError,
    body::{ReadAhead, RequestBody, ResponseBody, UnreadContent},
    refusal::Reason,
    semantics::validator::request_digests,
    service::HeldService,
};

/// Service that verifies the content of requests by their digests.
///
/// See the [module docs](crate::digest) for an example.
pub struct DigestService<S> {
    inner: S,
    config: Arc<DigestConfig>,
}

impl<S> DigestService<S> {
    pub(super) fn new(inner: S, config: Arc<DigestConfig>) -> Self {
        Self { inner, config }
    }

    crate::service::accessors::service_accessors!();
}

impl<S, ReqB, ResB> Service<Request<ReqB>> for DigestService<S>
where
    S: Service<Request<VerifiedBody<ReqB>>, Response = Response<ResB>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    ReqB: Body<Data = Bytes, Error: Into<BoxError> + Send> + Send + 'static,
    ResB: Body<Data = Bytes, Error: Send> + Send + 'static,
{
    type Response = Response<ResponseBody<ResB>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResB, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        // Most requests have no digest, and cost no more than looking for one.
        if !self.config.is_required && !request_digests::are_in(request.headers()) {
            return ResponseFuture::pass(self.inner.call(request.map(VerifiedBody::unverified)));
        }
        let (parts, content) = request.into_parts();
        match self.config.plan(&parts, &content) {
            DigestPlan::Pass => {
                let request = Request::from_parts(parts, VerifiedBody::unverified(content));
                ResponseFuture::pass(self.inner.call(request))
            }
            DigestPlan::Stream(pending) => {
                let content = VerifiedBody::hashed(RequestBody::unread(content), pending);
                ResponseFuture::pass(self.inner.call(Request::from_parts(parts, content)))
            }
            DigestPlan::ReadAhead(pending) => {
                let service = HeldService::take(&mut self.inner);
                let content = ReadAhead::new(content).joining_small();
                let config = Arc::clone(&self.config);
                ResponseFuture::boxed(config.verify_first(parts, content, pending, service))
            }
            DigestPlan::Refuse(reason) => {
                // Gives back the place that `poll_ready` reserved, since the service does not run.
                drop(HeldService::take(&mut self.inner));
                let answer = self.config.refuse(reason, &parts);
                let answer = UnreadContent::new(&parts, content).refuse(answer);
                ResponseFuture::boxed(async { Ok(answer.await) })
            }
        }
    }
}

impl DigestConfig {
    /// Reads the content, and calls the service if it is the one that the client announced.
    async fn verify_first<S, ReqB, ResB>(
        self: Arc<Self>,
        parts: Parts,
        mut content: ReadAhead<ReqB>,
        pending: PendingDigest,
        mut service: HeldService<S>,
    ) -> Result<Response<ResponseBody<ResB>>, S::Error>
    where
        S: Service<Request<VerifiedBody<ReqB>>, Response = Response<ResB>> + Clone,
        ReqB: Body<Data = Bytes, Error: Into<BoxError> + Send> + Send + 'static,
        ResB: Body<Data = Bytes, Error: Send> + Send + 'static,
    {
        // A slow upload holds no place in a limit inside.
        service.release();
        content.read_content(self.max_body_bytes).await;
        let is_verified = if content.is_complete() {
            // Copies of handles. Borrowed content would have to be `Sync` while the hash pauses.
            let frames = content.data().cloned().collect();
            pending.matches_frames(frames).await
        } else if content.is_broken() {
            false
        } else {
            // It is longer than it announced, and than the limit.
            let content = VerifiedBody::hashed(content.into_body(), pending);
            let response = service.call(Request::from_parts(parts, content)).await?;
            return Ok(response.map(ResponseBody::inner));
        };
        if !is_verified {
            let answer = self.refuse(Reason::DigestDiffers, &parts);
            // Frees what the service holds before the rest of the content is read.
            drop(service);
            let answer = UnreadContent::read_ahead(&parts, content).refuse(answer);
            return Ok(answer.await);
        }
        let content = VerifiedBody::verified(content.into_body());
        let response = service.call(Request::from_parts(parts, content)).await?;
        Ok(response.map(ResponseBody::inner))
    }
}

impl<S: Clone> Clone for DigestService<S> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            config: Arc::clone(&self.config),
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for DigestService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DigestService")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
