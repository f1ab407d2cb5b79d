//! Responses to reads, made from the response of the service.

use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode};
use http_body::Body;

use super::config::ConditionalConfig;
use crate::{
    body::{BrokenContent, ResponseBody},
    outcome::{Outcome, Verdict},
    refusal::Refusal,
    semantics::{
        condition::{Condition, ConditionalFields, Current, Decision, RequestConditions},
        field::{Accept, HttpDate, content_length},
        validator::{Validators, ValidatorsRef, validators},
    },
};

/// A read whose service runs.
#[derive(Debug)]
pub(super) struct ConditionalRead {
    pub(super) fields: ConditionalFields,
    /// `true` if the request has a `Range`.
    pub(super) range: bool,
    /// The client's method. The service may have been called with another.
    pub(super) method: Method,
    /// The `Accept` header, for the 412. `None` for a read that cannot get a 412.
    accept: Option<Box<Accept>>,
    pub(super) config: ConditionalConfig,
}

impl ConditionalRead {
    pub(super) fn new(
        method: &Method,
        conditions: &RequestConditions<'_>,
        config: &ConditionalConfig,
    ) -> Self {
        let can_fail = conditions.fields.can_fail(method);
        Self {
            fields: conditions.fields.cloned(),
            range: conditions.range,
            method: method.clone(),
            accept: can_fail.then(|| Box::new(conditions.accept.cloned())),
            config: config.clone(),
        }
    }

    pub(super) fn is_head(&self) -> bool {
        self.method == Method::HEAD
    }

    /// Returns `true` for a `HEAD` that the layer turns into a `GET`.
    pub(super) fn drops_content(&self) -> bool {
        self.config.drops_content(&self.method)
    }

    /// Answers a read, with conditions evaluated against the validators of the response.
    pub(super) fn respond<B: Body<Data = Bytes>>(
        &self,
        mut response: Response<B>,
    ) -> Response<ResponseBody<B>> {
        let last_modified = self.correct_last_modified(response.headers_mut());
        let etag = validators::etag(response.headers());
        let verdict = self.evaluate(&response, ValidatorsRef::new(etag, last_modified));
        self.answer(response, verdict, None)
    }

    /// Answers a read, with conditions evaluated against the source's tag and the response's
    /// date.
    pub(super) fn respond_with_own_date<B: Body<Data = Bytes>>(
        &self,
        mut response: Response<B>,
        before: &Validators,
    ) -> Response<ResponseBody<B>> {
        let last_modified = self.correct_last_modified(response.headers_mut());
        let etag = before.as_ref().etag;
        let verdict = self.evaluate(&response, ValidatorsRef::new(etag, last_modified));
        self.answer(response, verdict, None)
    }

    /// Answers a read whose verdict is known.
    pub(super) fn respond_with<B: Body<Data = Bytes>>(
        &self,
        mut response: Response<B>,
        verdict: Verdict,
    ) -> Response<ResponseBody<B>> {
        self.correct_last_modified(response.headers_mut());
        self.answer(response, verdict, None)
    }

    /// Answers a read whose verdict is known. A 412 has the validators of `current`, or those
    /// of the response if there are none.
    pub(super) fn answer<B: Body<Data = Bytes>>(
        &self,
        mut response: Response<B>,
        verdict: Verdict,
        current: Option<&Validators>,
    ) -> Response<ResponseBody<B>> {
        let handler_status = response.status();
        // The service has made the 304, for example `ServeDir`.
        if handler_status == StatusCode::NOT_MODIFIED {
            self.fields.weaken_tag(response.headers_mut());
        }
        let mut length = None;
        let mut answer = match verdict {
            Verdict::NotModified => {
                length = self.length_of_get(&response);
                self.not_modified(response, length)
            }
            Verdict::Failed(condition) => self.refuse(response, condition, current),
            // The service answered a `GET`, whose content must not be sent for the `HEAD`.
            _ if self.drops_content() => {
                let length = self.length_of_get(&response);
                let mut response = response.map(|_| ResponseBody::empty());
                content_length::set(response.headers_mut(), length);
                response
            }
            _ => response.map(ResponseBody::inner),
        };
        self.config.record(&mut answer, |outcome| {
            outcome.set_handler_status(handler_status);
            match verdict {
                Verdict::Unconditional => outcome.set_unconditional(handler_status),
                _ => outcome.set_verdict(verdict),
            }
            // A `HEAD` has no content that its 304 could save.
            if verdict == Verdict::NotModified && !self.is_head() {
                outcome.set_bytes_saved(length);
            }
        });
        answer
    }

    fn length_of_get<B: Body>(&self, response: &Response<B>) -> Option<u64> {
        content_length::of_get(
            response.status(),
            response.headers(),
            response.body().size_hint().exact(),
            self.is_head() && !self.config.head_as_get,
        )
    }

    fn evaluate<B>(&self, response: &Response<B>, current: ValidatorsRef<'_>) -> Verdict {
        let preconditions = &self.fields;
        if preconditions.is_empty() {
            return Verdict::Unconditional;
        }
        let current = Current::Present(current);
        let decision = preconditions.evaluate(&self.method, current, || self.config.clock.now());
        // RFC 9110, section 13.2.1: any other status wins over the conditions.
        if !decision.applies_to(response.status(), self.range) {
            return Verdict::NotEvaluated;
        }
        match decision {
            Decision::Proceed => Verdict::Proceeded,
            // A replay is the answer to the first request, whatever this one expects.
            _ if Outcome::of(response).is_some_and(Outcome::is_replayed) => Verdict::NotEvaluated,
            // Content that breaks has no tag. So nobody knows whether it is the expected one.
            Decision::Failed(Condition::IfMatch)
                if response.extensions().get::<BrokenContent>().is_some() =>
            {
                Verdict::NotEvaluated
            }
            Decision::NotModified => Verdict::NotModified,
            Decision::Failed(condition) => Verdict::Failed(condition),
        }
    }

    pub(super) fn correct_last_modified(&self, headers: &mut HeaderMap) -> Option<HttpDate> {
        validators::correct_last_modified(headers, || self.config.clock.now())
    }

    /// Turns the response into a 412.
    fn refuse<B: Body<Data = Bytes>>(
        &self,
        response: Response<B>,
        condition: Condition,
        current: Option<&Validators>,
    ) -> Response<ResponseBody<B>> {
        let shown = || Validators::from_headers(response.headers(), || self.config.clock.now());
        let current = current.cloned().unwrap_or_else(shown);
        let refusal = Refusal::of_condition(condition, &self.fields)
            .with_accepts_json(
                self.accept
                    .as_ref()
                    .is_none_or(|accept| accept.accepts_json()),
            )
            .with_current(current.as_ref().etag);
        let mut answer = self.config.renderer.replace(response, &refusal);
        // The extensions describe the 200. A cache policy among them would make caches store
        // the 412.
        Outcome::remove_other_extensions(answer.extensions_mut());
        current.write_to(answer.headers_mut(), || self.config.clock.now());
        let is_head = self.is_head();
        answer.map(|content| {
            if is_head {
                ResponseBody::empty()
            } else {
                ResponseBody::bytes(content)
            }
        })
    }

    /// Turns a 200 into its 304.
    fn not_modified<B: Body<Data = Bytes>>(
        &self,
        response: Response<B>,
        length: Option<u64>,
    ) -> Response<ResponseBody<B>> {
        // A 206 has the length of a part, which is not that of the 200.
        let length = length.filter(|_| response.status() == StatusCode::OK);
        let mut response = response.map(|_| ResponseBody::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        self.fields.strip_for_not_modified(response.headers_mut());
        content_length::set(response.headers_mut(), length);
        response
    }
}
