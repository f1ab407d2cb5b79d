//! Responses to reads, made without the service.

use bytes::Bytes;
use http::{
    HeaderMap, Method, Response,
    header::{IF_RANGE, RANGE},
    request::Parts,
};
use http_body::Body;

use super::config::ConditionalConfig;
use crate::{
    body::ResponseBody,
    outcome::Verdict,
    refusal::{Reason, Refusal},
    semantics::{
        condition::{Condition, Current, Decision, RequestConditions},
        validator::Validators,
    },
    source::SourceError,
};

/// A read before its service runs.
pub(super) struct UnansweredRead<'a> {
    pub(super) request: &'a Parts,
    pub(super) conditions: RequestConditions<'a>,
    pub(super) config: &'a ConditionalConfig,
}

impl<'a> UnansweredRead<'a> {
    pub(super) fn new(request: &'a Parts, config: &'a ConditionalConfig) -> Self {
        Self {
            request,
            conditions: RequestConditions::from_headers(&request.headers),
            config,
        }
    }

    /// Answers 304 or 412 if `current` decides the conditions. Returns `current` as the error
    /// otherwise.
    pub(super) fn answer<B: Body<Data = Bytes>>(
        &self,
        current: Current,
    ) -> Result<Response<ResponseBody<B>>, Current> {
        // The service answers an absent target with 404, which wins over conditions (RFC 9110,
        // section 13.2.1).
        let Current::Present(validators) = current else {
            return Err(current);
        };
        let current = Current::Present(validators.as_ref());
        let fields = &self.conditions.fields;
        match fields.evaluate(&self.request.method, current, || self.config.clock.now()) {
            Decision::Proceed => Err(Current::Present(validators)),
            Decision::NotModified => Ok(self.not_modified(validators)),
            Decision::Failed(condition) => Ok(self.failed(condition, validators)),
        }
    }

    fn not_modified<B: Body<Data = Bytes>>(
        &self,
        current: Validators,
    ) -> Response<ResponseBody<B>> {
        let mut response = Response::new(ResponseBody::empty());
        self.explain(&mut response, Verdict::NotModified, Some(&current));
        let now = || self.config.clock.now();
        let fields = &self.conditions.fields;
        fields.write_not_modified(current, &mut response, now);
        response
    }

    fn failed<B: Body<Data = Bytes>>(
        &self,
        condition: Condition,
        current: Validators,
    ) -> Response<ResponseBody<B>> {
        let refusal = Refusal::of_condition(condition, &self.conditions.fields)
            .with_current(current.as_ref().etag);
        let mut response = self.refuse(refusal);
        self.explain(&mut response, Verdict::Failed(condition), Some(&current));
        current.into_headers(response.headers_mut(), || self.config.clock.now());
        response
    }

    /// Returns the 503 to a read whose source failed.
    pub(super) fn unavailable<B: Body<Data = Bytes>>(
        &self,
        error: SourceError,
    ) -> Response<ResponseBody<B>> {
        let mut response = self.refuse(Refusal::new(Reason::SourceUnavailable));
        response.extensions_mut().insert(error);
        self.explain(&mut response, Verdict::SourceFailed, None);
        response
    }

    fn refuse<B: Body<Data = Bytes>>(&self, refusal: Refusal<'_>) -> Response<ResponseBody<B>> {
        let refusal = refusal.with_accepts_json(self.conditions.accept.accepts_json());
        let response = self.config.renderer.respond(&refusal);
        if self.request.method == Method::HEAD {
            return response.map(|_| ResponseBody::empty());
        }
        response.map(ResponseBody::bytes)
    }

    fn explain<B>(
        &self,
        response: &mut Response<B>,
        verdict: Verdict,
        source_state: Option<&Validators>,
    ) {
        self.config.record(response, |outcome| {
            outcome.set_verdict(verdict);
            outcome.set_answered_early(true);
            if source_state.is_some() {
                outcome.set_source_state(Current::Present(()));
            }
        });
    }
}

/// Removes the headers that lead to a part in the response to a `GET`. Ranges have no meaning
/// in a `HEAD` (RFC 9110, section 14.2).
pub(super) fn remove_range(headers: &mut HeaderMap) {
    headers.remove(RANGE);
    headers.remove(IF_RANGE);
}
