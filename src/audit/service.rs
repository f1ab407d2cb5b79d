use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{Audit, AuditBody, ResponseFuture, record::RecordedRequest};

/// Service that reports mistakes in validators and cache policies.
///
/// See the [module docs](crate::audit) for an example.
#[derive(Debug, Clone)]
pub struct AuditService<S> {
    inner: S,
    audit: Audit,
    instance: Bytes,
}

impl<S> AuditService<S> {
    pub(super) fn new(inner: S, audit: Audit, instance: Bytes) -> Self {
        Self {
            inner,
            audit,
            instance,
        }
    }

    crate::service::accessors::service_accessors!();
}

impl<S, ReqB, ResB> Service<Request<ReqB>> for AuditService<S>
where
    S: Service<Request<ReqB>, Response = Response<ResB>>,
    ResB: Body<Data = Bytes>,
{
    type Response = Response<AuditBody<ResB>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        let recorded = RecordedRequest::new(&self.audit, &self.instance, &request);
        ResponseFuture::new(self.inner.call(request), recorded)
    }
}
