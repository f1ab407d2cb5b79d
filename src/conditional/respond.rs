//! From the service's response to the one that goes out.

use std::cell::LazyCell;

use bytes::Bytes;
use http::{
    HeaderMap, Method, Response, StatusCode,
    header::{ETAG, LAST_MODIFIED},
    response::Parts,
};
use http_body::Body;

use super::layer::Config;
use crate::{
    body::ResponseBody,
    clock::Clock,
    outcome::{Outcome, Verdict},
    refusal::{Reason, Refusal},
    semantics::{
        content_length,
        date::HttpDate,
        fields,
        not_modified::strip_representation_metadata,
        precondition::{Asks, Condition, Current, Decision},
        validators::{self, Validators, ValidatorsRef},
    },
    source::SourceError,
};

/// What is kept of a request until its response is there.
#[derive(Debug)]
pub(super) struct Exchange<C> {
    pub(super) asks: Asks,
    /// The client's method, whatever the service was asked with.
    pub(super) method: Method,
    /// Whether the client reads a problem in JSON.
    pub(super) accepts_json: bool,
    pub(super) config: Config<C>,
}

impl<C: Clock> Exchange<C> {
    pub(super) fn is_head(&self) -> bool {
        self.method == Method::HEAD
    }

    /// Whether the response may not simply go out.
    pub(super) fn concerns<B>(&self, response: &Response<B>) -> bool {
        !self.asks.preconditions.is_empty()
            || self.config.explain
            || self.drops_content()
            || fields::has(response.headers(), &LAST_MODIFIED)
    }

    /// A `HEAD` that the service saw as a `GET`.
    pub(super) fn drops_content(&self) -> bool {
        self.is_head() && self.config.head_as_get
    }

    /// The answer to a request whose validators the response shows.
    pub(super) fn respond<B: Body<Data = Bytes>>(
        &self,
        mut response: Response<B>,
    ) -> Response<ResponseBody<B>> {
        let last_modified = self.correct_last_modified(response.headers_mut());
        let etag = validators::etag(response.headers());
        let verdict = self.judge(&response, ValidatorsRef::new(etag, last_modified));
        self.answer(response, verdict, None)
    }

    /// The answer to a request for which the source knows the tag and the
    /// response shows the date.
    pub(super) fn respond_dated<B: Body<Data = Bytes>>(
        &self,
        mut response: Response<B>,
        before: &Validators,
    ) -> Response<ResponseBody<B>> {
        let last_modified = self.correct_last_modified(response.headers_mut());
        let etag = before.as_ref().etag;
        let verdict = self.judge(&response, ValidatorsRef::new(etag, last_modified));
        self.answer(response, verdict, None)
    }

    /// The answer to a request whose verdict is known.
    pub(super) fn respond_with<B: Body<Data = Bytes>>(
        &self,
        mut response: Response<B>,
        verdict: Verdict,
    ) -> Response<ResponseBody<B>> {
        self.correct_last_modified(response.headers_mut());
        self.answer(response, verdict, None)
    }

    /// The answer where the verdict is known. A 412 has the validators of
    /// `current`, or else those that the response shows.
    pub(super) fn answer<B: Body<Data = Bytes>>(
        &self,
        response: Response<B>,
        verdict: Verdict,
        current: Option<&Validators>,
    ) -> Response<ResponseBody<B>> {
        let handler_status = response.status();
        let length = content_length::of_get(
            response.status(),
            response.headers(),
            response.body().size_hint().exact(),
            self.is_head() && !self.config.head_as_get,
        );
        let (mut parts, body) = response.into_parts();
        let body = match verdict {
            Verdict::NotModified => {
                not_modified(&mut parts, length);
                ResponseBody::empty()
            }
            Verdict::Failed(condition) => {
                let content = self.refuse(&mut parts, condition, current);
                if self.is_head() {
                    ResponseBody::empty()
                } else {
                    ResponseBody::bytes(content)
                }
            }
            _ if self.drops_content() => {
                content_length::set(&mut parts.headers, length);
                ResponseBody::empty()
            }
            _ => ResponseBody::inner(body),
        };
        if self.config.explain {
            Outcome::record(&mut parts.extensions, |outcome| {
                outcome.set_handler_status(handler_status);
                outcome.set_verdict(verdict);
                if verdict == Verdict::NotModified && !self.is_head() {
                    outcome.set_bytes_saved(length);
                }
            });
        }
        Response::from_parts(parts, body)
    }

    /// The answer that needs no service: 304, or 412.
    pub(super) fn answer_before<B: Body<Data = Bytes>>(
        &self,
        current: &Current,
    ) -> Option<Response<ResponseBody<B>>> {
        // What is not there is a 404, which the service gives and which wins.
        let validators = current.validators()?;
        let now = LazyCell::new(|| self.now());
        let decision = self
            .asks
            .preconditions
            .evaluate(&self.method, current.as_ref(), || *now);
        let (mut response, verdict) = match decision {
            Decision::Proceed => return None,
            Decision::NotModified => {
                let mut response = Response::new(ResponseBody::empty());
                *response.status_mut() = StatusCode::NOT_MODIFIED;
                (response, Verdict::NotModified)
            }
            Decision::Failed(condition) => {
                let refusal = self.refusal(condition, validators);
                (self.refused(&refusal), Verdict::Failed(condition))
            }
        };
        let headers = response.headers_mut();
        validators.write_to(headers, || *now);
        if verdict == Verdict::NotModified {
            if let Some(tag) = &validators.etag
                && self.asks.preconditions.names_weakly(tag.as_ref())
            {
                // The 200 that the client has was no byte sequence to rely on.
                headers.insert(ETAG, tag.clone().into_weak().into());
            }
            validators.repeated.write_to(headers);
            if validators.last_modified.is_some() {
                strip_representation_metadata(headers);
            }
        }
        self.explain(&mut response, verdict);
        Some(response)
    }

    /// 503, since the source failed.
    pub(super) fn unavailable<B: Body<Data = Bytes>>(
        &self,
        error: SourceError,
        accepts_json: bool,
    ) -> Response<ResponseBody<B>> {
        let refusal = Refusal::new(Reason::SourceUnavailable).accepting_json(accepts_json);
        let mut response = self.refused(&refusal);
        response.extensions_mut().insert(error);
        self.explain(&mut response, Verdict::SourceFailed);
        response
    }

    fn refusal(&self, condition: Condition, current: &Validators) -> Refusal {
        Refusal::of_condition(condition, &self.asks.preconditions)
            .accepting_json(self.accepts_json)
            .instead_of(current.etag.clone())
    }

    fn refused<B: Body<Data = Bytes>>(&self, refusal: &Refusal) -> Response<ResponseBody<B>> {
        let response = self.config.renderer.respond(refusal);
        if self.is_head() {
            return response.map(|_| ResponseBody::empty());
        }
        response.map(ResponseBody::bytes)
    }

    fn explain<B>(&self, response: &mut Response<B>, verdict: Verdict) {
        if self.config.explain {
            Outcome::record(response.extensions_mut(), |outcome| {
                outcome.set_verdict(verdict)
            });
        }
    }

    /// Records what the source knew.
    pub(super) fn asked<B>(&self, mut response: Response<B>, current: &Current) -> Response<B> {
        if self.config.explain {
            Outcome::record(response.extensions_mut(), |outcome| {
                outcome.set_source(current)
            });
        }
        response
    }

    fn judge<B>(&self, response: &Response<B>, current: ValidatorsRef<'_>) -> Verdict {
        let preconditions = &self.asks.preconditions;
        if preconditions.is_empty() {
            return Verdict::Unconditional;
        }
        let current = Current::Present(current);
        let decision = preconditions.evaluate(&self.method, current, || self.now());
        if !decision.applies_to(response.status(), self.asks.range) {
            return Verdict::NotEvaluated;
        }
        match decision {
            Decision::Proceed => Verdict::Proceeded,
            Decision::NotModified => Verdict::NotModified,
            Decision::Failed(condition) => Verdict::Failed(condition),
        }
    }

    pub(super) fn now(&self) -> HttpDate {
        self.config.clock.now().into()
    }

    pub(super) fn correct_last_modified(&self, headers: &mut HeaderMap) -> Option<HttpDate> {
        fields::has(headers, &LAST_MODIFIED)
            .then(|| validators::correct_last_modified(headers, self.now()))
            .flatten()
    }

    /// Turns the head into that of a 412 and returns the content of it.
    fn refuse(
        &self,
        parts: &mut Parts,
        condition: Condition,
        current: Option<&Validators>,
    ) -> Bytes {
        let shown = || Validators::from_headers(&parts.headers, self.now());
        let current = current.cloned().unwrap_or_else(shown);
        let refusal = self.refusal(condition, &current);
        let content = self.config.renderer.replace(parts, &refusal);
        Outcome::keep_alone(&mut parts.extensions);
        current.write_to(&mut parts.headers, || self.now());
        content
    }
}

/// Turns the head of a 200 into that of its 304.
fn not_modified(parts: &mut Parts, length: Option<u64>) {
    // The length of a part is not that of the 200.
    let length = length.filter(|_| parts.status == StatusCode::OK);
    parts.status = StatusCode::NOT_MODIFIED;
    strip_representation_metadata(&mut parts.headers);
    content_length::set(&mut parts.headers, length);
}
