//! The checks of one exchange on its way through the layer.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use http_body::Body;

#[cfg(feature = "json")]
use super::json_form::unmatched_pointers;
use super::{
    Audit,
    body_recorder::{BodyRecorder, RecordedBody, RecordedHead},
    history::{AuditHistory, TargetKey},
    rules::{
        self, AuditedExchange, Code, ObservedDigests, ObservedResponse, PartialContent,
        RuleFinding, StoredContent,
    },
    target_key::{display_target, key, path},
};
use crate::{
    outcome::Outcome,
    semantics::{caching::cache_control::CacheControl, field::method::is_safe},
    target,
};

/// A request that has no response yet.
#[derive(Debug)]
pub(super) struct RecordedRequest {
    audit: Audit,
    instance: Bytes,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    epoch: Option<u64>,
    /// Held until the response is there or the request is dropped.
    write: Option<OngoingWrite>,
}

impl RecordedRequest {
    pub(super) fn new<B>(audit: &Audit, instance: &Bytes, request: &Request<B>) -> Self {
        let writes = !is_safe(request.method());
        let mut state = audit.lock();
        let epoch = state.history.epoch();
        if writes {
            state.history.begin_write();
        }
        drop(state);
        Self {
            instance: instance.clone(),
            method: request.method().clone(),
            uri: target::of_request(request).clone(),
            headers: request.headers().clone(),
            epoch,
            write: writes.then(|| OngoingWrite {
                audit: audit.clone(),
                is_refused: false,
            }),
            audit: audit.clone(),
        }
    }

    /// Checks the head of the response. Returns a [`BodyRecorder`] if the body is to be recorded.
    pub(super) fn check_response<B: Body>(
        mut self,
        response: &Response<B>,
    ) -> Option<BodyRecorder> {
        let (clock, max_lifetime) = self.audit.clock_and_max_lifetime();
        let policy = CacheControl::of(response.headers());
        let exchange = AuditedExchange {
            method: &self.method,
            target: path(&self.uri),
            request: &self.headers,
            status: response.status(),
            response: response.headers(),
            now: clock.now(),
            max_lifetime,
            policy: &policy,
        };
        let mut findings = rules::check_exchange(&exchange);
        // A layer inside knows better than any rule whether the handler compared.
        if Outcome::of(response).is_some_and(Outcome::is_unchecked) {
            findings.push(Code::UncheckedWrite.finding("the handler did not use Expected"));
        }
        #[cfg(feature = "json")]
        findings.extend(unmatched_pointers(response));
        let target = display_target(&self.method, &self.uri);
        let key = key(&self.uri, &self.headers);
        let body = self.compare_with_earlier(&exchange, key, &mut findings);
        let digests = ObservedDigests::of(&exchange);
        let body = body.or_else(|| digests.is_some().then_some(RecordedBody::Other));
        if let Some(write) = &mut self.write {
            // Neither was performed (RFC 9110, section 13.1; RFC 6585, section 3).
            write.is_refused = matches!(
                response.status(),
                StatusCode::PRECONDITION_FAILED | StatusCode::PRECONDITION_REQUIRED
            );
        }
        self.audit.add_findings(&target, findings);
        body.map(|body| {
            let head = RecordedHead {
                audit: self.audit.clone(),
                target,
                key,
                body,
                epoch: self.epoch,
                digests,
            };
            BodyRecorder::new(head, response)
        })
    }

    /// Compares the response with earlier ones of its target, and keeps what later ones are
    /// compared with. Returns the body that is to be recorded.
    fn compare_with_earlier(
        &self,
        exchange: &AuditedExchange<'_>,
        key: TargetKey,
        findings: &mut Vec<RuleFinding>,
    ) -> Option<RecordedBody> {
        let mut state = self.audit.lock();
        let history = &mut state.history;
        let epoch = history.epoch_if_unchanged(self.epoch);
        let mut body = None;
        match (exchange.method, exchange.status) {
            (&Method::GET, StatusCode::OK) => {
                let response = ObservedResponse::of(exchange, self.instance.clone(), epoch);
                let number = history.next_number();
                let target = history.target(key);
                target.add_full_response(number, response, findings);
                body = Some(RecordedBody::Full(number));
            }
            (&Method::GET | &Method::HEAD, StatusCode::NOT_MODIFIED) => {
                let at = (history.next_number(), &self.instance);
                match history.get(key) {
                    Some(target) => target.check_not_modified(at, exchange, epoch, findings),
                    None => rules::check_not_modified_alone(exchange, findings),
                }
            }
            (&Method::HEAD, StatusCode::OK) | (&Method::GET, StatusCode::PARTIAL_CONTENT) => {
                let at = (history.next_number(), &self.instance);
                if let Some(target) = history.get(key) {
                    target.check_head_and_partial(at, exchange, epoch, findings);
                }
                body = PartialContent::of(exchange).map(RecordedBody::Partial);
            }
            (&Method::GET | &Method::HEAD, StatusCode::NOT_FOUND | StatusCode::GONE) => {
                if let Some(target) = history.get(key) {
                    target.add_absence(&self.instance, exchange);
                }
            }
            _ => self.check_write_or_refusal(history, exchange, key, findings),
        }
        if let Some(target) = history.peek(key) {
            target.check_origin(exchange, findings);
        }
        body
    }

    /// Compares the response to a write, or a refusal, with the latest 200.
    fn check_write_or_refusal(
        &self,
        history: &mut AuditHistory,
        exchange: &AuditedExchange<'_>,
        key: TargetKey,
        findings: &mut Vec<RuleFinding>,
    ) {
        if let Some(stored) = StoredContent::of(exchange) {
            history.target(key).set_stored(stored);
        }
        // The request is a running write itself, which does not end its own epoch.
        let own = usize::from(self.write.is_some());
        let epoch = history.epoch_if_unchanged_except(self.epoch, own);
        if let Some(target) = history.get(key)
            && let Some(epoch) = epoch
        {
            target.check_conditional(&self.instance, exchange, epoch, findings);
        }
    }
}

/// A request whose method is not safe, until its response is there or it is dropped.
#[derive(Debug)]
struct OngoingWrite {
    audit: Audit,
    is_refused: bool,
}

impl Drop for OngoingWrite {
    fn drop(&mut self) {
        self.audit.lock().history.end_write(self.is_refused);
    }
}
