//! A read whose validators are known before the service runs.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::Body;
use tower_service::Service;

use super::respond::Exchange;
use crate::{
    body::ResponseBody,
    clock::Clock,
    events,
    semantics::{content_length, precondition::Current, validators},
    source::{self, OnSourceError, Ready, ValidatorSource},
};

impl<C: Clock> Exchange<C> {
    pub(super) async fn run<Q, S, ReqB, ResB>(
        self,
        source: Arc<Q>,
        on_error: OnSourceError,
        request: Request<ReqB>,
        mut service: Ready<S>,
    ) -> Result<Response<ResponseBody<ResB>>, S::Error>
    where
        Q: ValidatorSource,
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        ResB: Body<Data = Bytes>,
    {
        let (mut parts, content) = request.into_parts();
        let current = match source::ask(&*source, &parts).await {
            Ok(current) => current,
            Err(error) => {
                events::source_failed(&error);
                if on_error == OnSourceError::Refuse {
                    return Ok(self.unavailable(error));
                }
                Current::Unknown
            }
        };
        if let Some(answer) = self.answer_before(&current) {
            return Ok(answer);
        }
        if self.drops_content() {
            parts.method = Method::GET;
        }
        let mut response = service.call(Request::from_parts(parts, content)).await?;
        content_length::disclaim(&mut response);
        if let Current::Present(before) = &current {
            validators::label(&mut response, before);
        }
        Ok(if self.concerns(&response) {
            self.respond(response)
        } else {
            response.map(ResponseBody::inner)
        })
    }
}
