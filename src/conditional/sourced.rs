//! A read whose source was called before its service.

use bytes::Bytes;
use http::{
    Method, Response,
    header::{ETAG, LAST_MODIFIED},
    request::Parts,
};
use http_body::Body;

use super::{
    config::SourceConfig,
    respond::ConditionalRead,
    unanswered::{UnansweredRead, remove_range},
};
use crate::{
    body::{ResponseBody, UnconfirmedTag},
    outcome::Verdict,
    semantics::{
        condition::{Current, Decision},
        field::{content_length, lines},
        validator::{Label, Validators},
    },
    source::{self, NoContentTag, SourceError, ValidatorSource},
};

/// A read that needs the service although it has a source.
pub(super) struct SourcedRead<Q> {
    read: ConditionalRead,
    source_config: SourceConfig<Q>,
    before: Current,
    /// The head of the request, if the source may have to be called again.
    request: Option<Parts>,
}

/// The result of labelling a response: the final response, or a response that needs
/// confirmation.
pub(super) enum LabelResult<B: Body> {
    Answer(Response<ResponseBody<B>>),
    Unconfirmed(UnconfirmedResponse<B>),
}

/// A response without its validators. The source has to be called again first.
pub(super) struct UnconfirmedResponse<B> {
    response: Response<B>,
    label: Label,
    request: Parts,
}

impl<Q: ValidatorSource> SourcedRead<Q> {
    /// Creates a read. `before` is the state that the source returned before the service.
    pub(super) fn new(
        unanswered: &UnansweredRead<'_>,
        source_config: SourceConfig<Q>,
        before: Current,
    ) -> Self {
        let UnansweredRead {
            request,
            conditions,
            config,
        } = unanswered;
        let is_strong =
            |validators: &Validators| (validators.etag.as_ref()).is_some_and(|tag| !tag.is_weak());
        // A strong tag needs confirmation, and so does a date that parts may be joined by. A
        // condition that can fail needs a second check.
        let needs_confirmation = |validators: &Validators| {
            is_strong(validators) || (conditions.range && validators.last_modified.is_some())
        };
        let confirms = source_config.confirm
            && (before.validators().is_some_and(needs_confirmation)
                || conditions.fields.can_fail(&request.method));
        Self {
            request: confirms.then(|| (*request).clone()),
            read: ConditionalRead::new(&request.method, conditions, config),
            source_config,
            before,
        }
    }

    /// Prepares the request for the service.
    pub(super) fn prepare(&self, request: &mut Parts) {
        if !matches!(self.before, Current::Unknown) {
            request.extensions.insert(NoContentTag);
        }
        if self.read.drops_content() {
            request.method = Method::GET;
            remove_range(&mut request.headers);
        }
    }

    /// Returns the final response, unless the source has to be awaited again.
    pub(super) fn respond<B: Body<Data = Bytes>>(
        &mut self,
        mut response: Response<B>,
    ) -> LabelResult<B> {
        content_length::remove_zero_length_from_304(&mut response);
        let answer = match &self.before {
            Current::Unknown => self.read.respond(response),
            Current::Absent => self.read.respond(prevent_hashing(response)),
            Current::Present(before) => {
                let request = self.request.take();
                match self.label(response, before, request) {
                    LabelResult::Answer(answer) => answer,
                    LabelResult::Unconfirmed(unconfirmed) => {
                        let source = &*self.source_config.source;
                        match source::try_current(source, &unconfirmed.request) {
                            Some(after) => self.confirm(unconfirmed, after),
                            None => return LabelResult::Unconfirmed(unconfirmed),
                        }
                    }
                }
            }
        };
        LabelResult::Answer(self.record_source(answer))
    }

    /// Calls the source again, and returns the final response.
    pub(super) async fn respond_confirmed<B: Body<Data = Bytes>>(
        &self,
        unconfirmed: UnconfirmedResponse<B>,
    ) -> Response<ResponseBody<B>> {
        let after =
            source::wait_for_current(&*self.source_config.source, &unconfirmed.request).await;
        self.record_source(self.confirm(unconfirmed, after))
    }

    /// Records the state that the source returned.
    fn record_source<B>(&self, mut answer: Response<B>) -> Response<B> {
        self.read.config.record_source(&mut answer, &self.before);
        answer
    }

    /// Labels a response with the state that the source returned before the service ran.
    fn label<B: Body<Data = Bytes>>(
        &self,
        mut response: Response<B>,
        before: &Validators,
        request: Option<Parts>,
    ) -> LabelResult<B> {
        let is_success = response.status().is_success();
        if is_success {
            before.repeated.write_to(response.headers_mut());
        }
        let is_exact = response.body().size_hint().exact().is_some();
        let label = Label::for_response(response.status(), response.headers(), is_exact, before);
        if lines::has(response.headers(), &ETAG) {
            // The handler's own tag wins. Conditions are evaluated against it, too.
            label.write(response.headers_mut(), before);
            return LabelResult::Answer(self.read.respond(response));
        }
        // A condition that can fail is evaluated against the state after the service, too. A date
        // in `If-Range` must not join the content of two states.
        let read = &self.read;
        let is_checked = label == Label::Confirm
            || read.fields.can_fail(&read.method)
            || (read.range && label != Label::Keep && before.last_modified.is_some());
        match request {
            // An error gets no validators, so nothing needs confirmation.
            Some(request) if is_checked && is_success => {
                LabelResult::Unconfirmed(UnconfirmedResponse {
                    response,
                    label,
                    request,
                })
            }
            _ => LabelResult::Answer(self.respond_labelled(response, label, before)),
        }
    }

    /// Labels a response if the source returned the same state again, in `after`.
    fn confirm<B: Body<Data = Bytes>>(
        &self,
        unconfirmed: UnconfirmedResponse<B>,
        after: Result<Current, SourceError>,
    ) -> Response<ResponseBody<B>> {
        let UnconfirmedResponse {
            response,
            label,
            request,
        } = unconfirmed;
        let after = match after {
            Ok(after) => after,
            Err(error) => {
                let read = UnansweredRead::new(&request, &self.read.config);
                match self.source_config.source_failed(&read, error) {
                    Some(mut answer) => {
                        let config = &self.read.config;
                        config.record(&mut answer, |outcome| outcome.set_answered_early(false));
                        return answer;
                    }
                    None => Current::Unknown,
                }
            }
        };
        match (&self.before, &after) {
            (Current::Present(before), Current::Present(after))
                if before.is_same_state(after)
                    // Two contents may have one weak tag, and a date that parts are joined by.
                    && (label == Label::Confirm
                        || !self.read.range
                        || before.last_modified == after.last_modified) =>
            {
                self.respond_labelled(response, label, before)
            }
            _ => self.respond_changed(response, &after),
        }
    }

    /// Labels a response, and returns the final response to the read.
    fn respond_labelled<B: Body<Data = Bytes>>(
        &self,
        mut response: Response<B>,
        label: Label,
        before: &Validators,
    ) -> Response<ResponseBody<B>> {
        let verdict = self.verdict_if_held(&response);
        if !self.source_config.confirm {
            self.forbid_parts(&mut response);
        }
        label.write(response.headers_mut(), before);
        let response = prevent_hashing(response);
        // A date condition needs a date: the source has none, but the response has one.
        if before.last_modified.is_none() && lines::has(response.headers(), &LAST_MODIFIED) {
            return self.read.respond_with_own_date(response, before);
        }
        self.read.respond_with(response, verdict)
    }

    /// Returns the verdict of conditions that were true for the state of the source.
    fn verdict_if_held<B>(&self, response: &Response<B>) -> Verdict {
        let read = &self.read;
        if read.fields.is_empty() {
            Verdict::Unconditional
        } else if Decision::Proceed.applies_to(response.status(), read.range) {
            Verdict::Proceeded
        } else {
            Verdict::NotEvaluated
        }
    }

    /// Prevents a `RangeLayer` outside from cutting content whose state was not confirmed.
    fn forbid_parts<B>(&self, response: &mut Response<B>) {
        if self.read.range {
            response.extensions_mut().insert(UnconfirmedTag);
        }
    }

    /// Answers a read whose state changed while the service ran. The response may show the
    /// old state or the new one, so it gets no tag. The client's conditions are evaluated
    /// against the new state.
    fn respond_changed<B: Body<Data = Bytes>>(
        &self,
        response: Response<B>,
        after: &Current,
    ) -> Response<ResponseBody<B>> {
        let held = self.verdict_if_held(&response);
        let read = &self.read;
        let mut response = prevent_hashing(response);
        self.forbid_parts(&mut response);
        read.correct_last_modified(response.headers_mut());
        let fields = &read.fields;
        match fields.evaluate(&read.method, after.as_ref(), || read.config.clock.now()) {
            Decision::Failed(condition) => {
                // The response's date may belong to another state than the tag in the 412.
                response.headers_mut().remove(LAST_MODIFIED);
                let none = Validators::new();
                let current = after.validators().unwrap_or(&none);
                read.answer(response, Verdict::Failed(condition), Some(current))
            }
            Decision::Proceed | Decision::NotModified => read.answer(response, held, None),
        }
    }
}

/// Prevents an `EtagLayer` outside from making a tag. The source's tag for the same content is
/// another one.
fn prevent_hashing<B>(mut response: Response<B>) -> Response<B> {
    if response.status().is_success() && !lines::has(response.headers(), &ETAG) {
        response.extensions_mut().insert(NoContentTag);
    }
    response
}
