//! From the service's response to the one that goes out.

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, DATE, EXPIRES, LAST_MODIFIED},
    response::Parts,
};
use http_body::Body;

use super::layer::Config;
use crate::{
    body::ResponseBody,
    clock::Clock,
    outcome::{Outcome, Verdict},
    refusal::Refusal,
    semantics::{
        date::HttpDate,
        fields,
        not_modified::strip_representation_metadata,
        precondition::{Asks, Condition, Current, Decision},
        tagging,
        validators::{self, ValidatorsRef},
    },
};

/// What is kept of a request until its response is there.
#[derive(Debug)]
pub(super) struct Exchange<C> {
    pub(super) asks: Asks,
    /// The client's method, whatever the service was asked with.
    pub(super) method: Method,
    pub(super) config: Config<C>,
}

impl<C: Clock> Exchange<C> {
    pub(super) fn is_head(&self) -> bool {
        self.method == Method::HEAD
    }

    pub(super) fn respond<B: Body<Data = Bytes>>(
        &self,
        mut response: Response<B>,
    ) -> Response<ResponseBody<B>> {
        let last_modified = self.correct_last_modified(response.headers_mut());
        let verdict = self.judge(&response, last_modified);
        let drops_content = self.is_head() && self.config.head_as_get;
        match verdict {
            Verdict::NotModified | Verdict::Failed(_) => self.replace(response, verdict),
            _ if drops_content || self.config.explain => self.replace(response, verdict),
            _ => response.map(ResponseBody::inner),
        }
    }

    fn replace<B: Body<Data = Bytes>>(
        &self,
        response: Response<B>,
        verdict: Verdict,
    ) -> Response<ResponseBody<B>> {
        let length = self.length(&response);
        let (mut parts, body) = response.into_parts();
        let body = match verdict {
            Verdict::NotModified => {
                not_modified(&mut parts, length);
                ResponseBody::empty()
            }
            Verdict::Failed(condition) => {
                let content = self.refuse(&mut parts, condition);
                if self.is_head() {
                    ResponseBody::empty()
                } else {
                    ResponseBody::bytes(content)
                }
            }
            _ if self.is_head() && self.config.head_as_get => {
                set_length(&mut parts.headers, length);
                ResponseBody::empty()
            }
            _ => ResponseBody::inner(body),
        };
        if self.config.explain {
            Outcome::record(&mut parts.extensions, |outcome| {
                outcome.set_verdict(verdict);
                if verdict == Verdict::NotModified && !self.is_head() {
                    outcome.set_bytes_saved(length);
                }
            });
        }
        Response::from_parts(parts, body)
    }

    fn judge<B>(&self, response: &Response<B>, last_modified: Option<HttpDate>) -> Verdict {
        let preconditions = &self.asks.preconditions;
        if preconditions.is_empty() {
            return Verdict::Unconditional;
        }
        let status = response.status();
        if !status.is_success() {
            return Verdict::NotEvaluated;
        }
        let current = Current::Present(ValidatorsRef {
            etag: validators::etag(response.headers()),
            last_modified,
        });
        let now = if preconditions.need_now() {
            self.now()
        } else {
            HttpDate::EPOCH
        };
        match preconditions.evaluate(&self.method, current, now) {
            Decision::Proceed => Verdict::Proceeded,
            Decision::Failed(condition) => Verdict::Failed(condition),
            // RFC 9110, section 15.4.5: only for what would have been a 200.
            // A part is a 200 without its `Range`, which comes last (13.2.2).
            Decision::NotModified
                if status == StatusCode::OK
                    || (status == StatusCode::PARTIAL_CONTENT && self.asks.range) =>
            {
                Verdict::NotModified
            }
            Decision::NotModified => Verdict::NotEvaluated,
        }
    }

    /// The modification date, never later than the message itself
    /// (RFC 9110, section 8.8.2.1).
    fn correct_last_modified(&self, headers: &mut HeaderMap) -> Option<HttpDate> {
        if !fields::has(headers, &LAST_MODIFIED) {
            return None;
        }
        let now = self.now();
        let modified = validators::last_modified(headers, now)?;
        let date = fields::only(headers, &DATE)
            .and_then(|date| HttpDate::parse(date.as_bytes(), now))
            .unwrap_or(now);
        if modified > date {
            headers.insert(LAST_MODIFIED, date.into());
        }
        Some(modified.min(date))
    }

    fn now(&self) -> HttpDate {
        self.config.clock.now().into()
    }

    /// How many bytes of content a `GET` would be sent, as far as is known
    /// (RFC 9110, section 8.6).
    fn length<B: Body>(&self, response: &Response<B>) -> Option<u64> {
        if let Some(value) = fields::first(response.headers(), &CONTENT_LENGTH) {
            return tagging::decimal(value);
        }
        let has_content = !matches!(
            response.status(),
            StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
        );
        let length = response.body().size_hint().exact()?;
        // A service that answers `HEAD` without content shows no length.
        let shows_it = length > 0 || !self.is_head() || self.config.head_as_get;
        (has_content && shows_it).then_some(length)
    }

    /// Turns the head into that of a 412 and gives the content of it.
    fn refuse(&self, parts: &mut Parts, condition: Condition) -> Bytes {
        let refusal = Refusal::precondition_failed(condition);
        let (content_type, content) = self.config.renderer.render(&refusal);
        parts.status = refusal.status();
        strip_representation_metadata(&mut parts.headers);
        // What was fresh was the representation, not this.
        for name in [EXPIRES.as_str(), "cdn-cache-control", "surrogate-control"] {
            parts.headers.remove(name);
        }
        parts
            .headers
            .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        parts.headers.insert(CONTENT_TYPE, content_type);
        set_length(&mut parts.headers, Some(content.len() as u64));
        content
    }
}

/// Turns the head of a 200 into that of its 304.
fn not_modified(parts: &mut Parts, length: Option<u64>) {
    // The length of a part is not that of the 200.
    let length = length.filter(|_| parts.status == StatusCode::OK);
    parts.status = StatusCode::NOT_MODIFIED;
    strip_representation_metadata(&mut parts.headers);
    set_length(&mut parts.headers, length);
}

fn set_length(headers: &mut HeaderMap, length: Option<u64>) {
    if let Some(length) = length {
        headers.insert(CONTENT_LENGTH, decimal(length));
    }
}

/// `HeaderValue::from(u64)` allocates twice, and a 304 is to be cheap.
fn decimal(mut number: u64) -> HeaderValue {
    let mut digits = [b'0'; 20];
    let mut start = digits.len();
    while start == digits.len() || number > 0 {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    HeaderValue::from_bytes(&digits[start..]).expect("digits are visible ASCII")
}

#[cfg(test)]
#[test]
fn decimals_are_written_in_full() {
    for number in [0, 9, 10, 1_048_576, u64::MAX] {
        assert_eq!(decimal(number), number.to_string());
    }
}
