//! Responses to writes.

use bytes::Bytes;
use http::{
    HeaderValue, Response, StatusCode,
    header::{ETAG, LAST_MODIFIED},
    request::Parts,
};
use http_body::Body;

use super::config::PreconditionConfig;
use crate::{
    body::ResponseBody,
    handler::PreconditionFailed,
    observe::exchange,
    outcome::Outcome,
    refusal::{Reason, Renderer},
    semantics::{
        condition::current_in_412,
        field::{Accept, prefer::Return},
    },
    target,
};

/// Returns the handler's own failed comparison, if the response is its 412.
pub(super) fn handler_failure<B>(response: &Response<B>) -> Option<&PreconditionFailed> {
    (response.status() == StatusCode::PRECONDITION_FAILED)
        .then(|| response.extensions().get())
        .flatten()
}

/// The response to a write without a condition: a handler's 412 becomes a 409. A 412 to a request
/// without a condition means nothing (RFC 4918, section 12.1; RFC 5789, section 2.2).
#[derive(Debug)]
pub(super) struct ConflictResponder {
    renderer: Renderer,
    accept: Accept,
}

impl ConflictResponder {
    #[inline]
    pub(super) fn new<Q, G>(
        config: &PreconditionConfig<Q, G>,
        accept: &Accept<&HeaderValue>,
    ) -> Self {
        Self {
            renderer: config.renderer.clone(),
            accept: accept.cloned(),
        }
    }

    #[inline]
    pub(super) fn respond<B: Body<Data = Bytes>>(
        &self,
        response: Response<B>,
    ) -> Response<ResponseBody<B>> {
        exchange::record_decision(|outcome| outcome.set_unconditional(response.status()));
        let Some(failed) = handler_failure(&response) else {
            return response.map(ResponseBody::inner);
        };
        let refusal = failed.refusal(Reason::Conflict);
        let refusal = refusal.with_accepts_json(self.accept.accepts_json());
        let mut conflict = self.renderer.respond(&refusal);
        for name in [ETAG, LAST_MODIFIED] {
            if let Some(validator) = response.headers().get(&name) {
                conflict.headers_mut().insert(name, validator.clone());
            }
        }
        conflict.map(ResponseBody::bytes)
    }
}

/// Returns the representation as a 412. Returns `None` if the client prefers less, or if
/// there is no content.
pub(super) fn with_representation<B: Body<Data = Bytes>>(
    request: &Parts,
    found: Response<B>,
) -> Option<Response<ResponseBody<B>>> {
    let preferred = Return::preferred(&request.headers);
    if preferred == Some(Return::Minimal) || found.status() == StatusCode::NO_CONTENT {
        return None;
    }
    let (mut parts, body) = found.into_parts();
    // The extensions describe the 200. A cache policy among them would make caches store the
    // 412.
    Outcome::remove_other_extensions(&mut parts.extensions);
    current_in_412::carry_representation(&mut parts, target::whole(request), preferred);
    Some(Response::from_parts(parts, ResponseBody::inner(body)))
}

/// Writes `Preference-Applied` if the client preferred a minimal answer, and adds `Prefer` to
/// `Vary`. Without `Prefer`, no preference was applied.
pub(super) fn write_preference<B>(request: &Parts, answer: &mut Response<B>) {
    let preferred = Return::preferred(&request.headers);
    let minimal = preferred.filter(|preferred| *preferred == Return::Minimal);
    current_in_412::write_preference(answer.headers_mut(), minimal);
}

/// Returns the success of a write that was applied before. It has no validators, since the
/// layer does not know if the content was stored unchanged (RFC 9110, section 9.3.4).
pub(super) fn already_applied<B: Body<Data = Bytes>>() -> Response<ResponseBody<B>> {
    let mut response = Response::new(ResponseBody::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}
