//! Answers to writes.

use bytes::Bytes;
use http::{
    HeaderValue, Response, StatusCode,
    header::{ETAG, LAST_MODIFIED},
    request::Parts,
};
use http_body::Body;

use super::config::Config;
use crate::{
    body::ResponseBody,
    handler::PreconditionFailed,
    outcome::Outcome,
    refusal::{Reason, Renderer},
    semantics::{
        condition::current_in_412,
        field::{Accept, prefer::Return},
    },
    target,
};

/// The handler's own failed comparison, if this is its answer.
pub(super) fn failed<B>(response: &Response<B>) -> Option<&PreconditionFailed> {
    (response.status() == StatusCode::PRECONDITION_FAILED)
        .then(|| response.extensions().get())
        .flatten()
}

/// Makes the answer to a write without a condition. A handler's 412 to one is a
/// conflict: 412 would tell the client nothing (RFC 4918, section 12.1; RFC 5789,
/// section 2.2).
#[derive(Debug)]
pub(super) struct Conflict {
    renderer: Renderer,
    accept: Accept,
}

impl Conflict {
    #[inline]
    pub(super) fn new<Q, G>(config: &Config<Q, G>, accept: &Accept<&HeaderValue>) -> Self {
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
        let Some(failed) = failed(&response) else {
            return response.map(ResponseBody::inner);
        };
        let refusal = failed.refusal(Reason::Conflict);
        let refusal = refusal.accepting_json(self.accept.json());
        let mut conflict = self.renderer.respond(&refusal);
        for name in [ETAG, LAST_MODIFIED] {
            if let Some(validator) = response.headers().get(&name) {
                conflict.headers_mut().insert(name, validator.clone());
            }
        }
        conflict.map(ResponseBody::bytes)
    }
}

/// The representation as a 412, unless the client prefers less or it has no
/// content.
pub(super) fn with_representation<B: Body<Data = Bytes>>(
    request: &Parts,
    found: Response<B>,
) -> Option<Response<ResponseBody<B>>> {
    let preferred = Return::preferred(&request.headers);
    if preferred == Some(Return::Minimal) || found.status() == StatusCode::NO_CONTENT {
        return None;
    }
    let (mut parts, body) = found.into_parts();
    // They were about a 200, and a cache policy among them would store the 412.
    Outcome::remove_other_extensions(&mut parts.extensions);
    current_in_412::carry_representation(&mut parts, target::whole(request), preferred);
    Some(Response::from_parts(parts, ResponseBody::inner(body)))
}

/// Says that another `Prefer` would have brought the representation. Without it
/// nobody's wish for it was granted.
pub(super) fn note_preference<B>(request: &Parts, answer: &mut Response<B>) {
    let preferred = Return::preferred(&request.headers);
    let minimal = preferred.filter(|preferred| *preferred == Return::Minimal);
    current_in_412::note_preference(answer.headers_mut(), minimal);
}

/// The success of a write that had been applied before. It has no validators:
/// whether the content was stored as it came nobody knows here (RFC 9110,
/// section 9.3.4).
pub(super) fn already_applied<B: Body<Data = Bytes>>() -> Response<ResponseBody<B>> {
    let mut response = Response::new(ResponseBody::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}
