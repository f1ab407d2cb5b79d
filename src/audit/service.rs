use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{Audit, AuditedBody, ResponseFuture, record::Asked};

/// Service whose exchanges are looked at.
///
/// See the [module docs](crate::audit) for an example.
#[derive(Debug, Clone)]
pub struct Audited<S> {
    inner: S,
    audit: Audit,
    instance: Bytes,
}

impl<S> Audited<S> {
    pub(super) fn new(inner: S, audit: Audit, instance: Bytes) -> Self {
        Self {
            inner,
            audit,
            instance,
        }
    }

    crate::service::accessors::service_accessors!();
}

impl<S, ReqB, ResB> Service<Request<ReqB>> for Audited<S>
where
    S: Service<Request<ReqB>, Response = Response<ResB>>,
    ResB: Body<Data = Bytes>,
{
    type Response = Response<AuditedBody<ResB>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        let asked = Asked::new(&self.audit, &self.instance, &request);
        ResponseFuture::new(self.inner.call(request), asked)
    }
}
