//! A read whose validators are known before the service runs.

use std::{future::Future, sync::Arc};

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
    // No `async fn`: the future of one holds its arguments twice.
    pub(super) fn run<Q, S, ReqB, ResB>(
        self,
        source: Arc<Q>,
        on_error: OnSourceError,
        request: Request<ReqB>,
        mut service: Ready<S>,
    ) -> impl Future<Output = Result<Response<ResponseBody<ResB>>, S::Error>>
    where
        Q: ValidatorSource,
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        ResB: Body<Data = Bytes>,
    {
        let (mut parts, content) = request.into_parts();
        async move {
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
                return Ok(self.asked(answer, &current));
            }
            if self.drops_content() {
                parts.method = Method::GET;
            }
            let service = service.ready::<ReqB>().await?;
            let mut response = service.call(Request::from_parts(parts, content)).await?;
            content_length::disclaim(&mut response);
            if let Current::Present(before) = &current {
                validators::label(&mut response, before);
            }
            Ok(if self.concerns(&response) {
                self.asked(self.respond(response), &current)
            } else {
                response.map(ResponseBody::inner)
            })
        }
    }
}
