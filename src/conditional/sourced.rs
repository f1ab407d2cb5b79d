//! A read whose validators are known before the service runs.

use std::future::Future;

use bytes::Bytes;
use http::{
    Method, Request, Response,
    header::{ETAG, LAST_MODIFIED},
    request,
    response::Parts,
};
use http_body::Body;
use tower_service::Service;

use super::{layer::BySource, respond::Exchange, service::leave_out_parts};
use crate::{
    body::{ResponseBody, UnreadContent},
    clock::Clock,
    events,
    outcome::Verdict,
    semantics::{
        accept, content_length, fields,
        precondition::{Current, Decision},
        validators::{Label, Validators},
    },
    source::{self, OnSourceError, Ready, SourceError, SourceKnows, ValidatorSource},
};

impl<C: Clock> Exchange<C> {
    /// `known` is the answer that the source had at hand; if it is a state, its conditions
    /// let the service run.
    // No `async fn`: the future of one holds its arguments twice.
    pub(super) fn run<Q, S, ReqB, ResB>(
        self,
        by: BySource<Q>,
        known: Option<Result<Current, SourceError>>,
        mut parts: request::Parts,
        mut content: UnreadContent<ReqB>,
        mut service: Ready<S>,
    ) -> impl Future<Output = Result<Response<ResponseBody<ResB>>, S::Error>>
    where
        Q: ValidatorSource,
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        ReqB: Body + Send + 'static,
        ResB: Body<Data = Bytes>,
    {
        // In their places from the start, so that the future holds them once.
        let at_hand = known.is_some();
        let (mut before, mut failed) = match known {
            Some(Ok(current)) => (current, None),
            Some(Err(error)) => (Current::Unknown, Some(error)),
            None => (Current::Unknown, None),
        };
        async move {
            if !at_hand {
                match source::ask_and_wait(&*by.source, &parts).await {
                    Ok(current) => before = current,
                    Err(error) => failed = Some(error),
                }
                if let Some(answer) = self.answer_before(&before) {
                    let answer = self.asked(answer, &before);
                    return Ok(content.refuse(answer, service).await);
                }
            }
            if let Some(error) = failed.take() {
                events::source_failed(&error);
                if by.on_error == OnSourceError::Refuse {
                    let answer = self.unavailable(error, accept::json(&parts.headers));
                    return Ok(content.refuse(answer, service).await);
                }
            }
            let confirms = by.confirm && self.may_confirm(&before);
            let again = confirms.then(|| Box::new(parts.clone()));
            if !matches!(before, Current::Unknown) {
                parts.extensions.insert(SourceKnows);
            }
            if self.drops_content() {
                parts.method = Method::GET;
                leave_out_parts(&mut parts.headers);
            }
            let service = service.ready::<ReqB>().await?;
            let mut response = service
                .call(Request::from_parts(parts, content.take()))
                .await?;
            content_length::disclaim(&mut response);
            let response = match &before {
                Current::Present(validators) => {
                    // Boxed, so that the future of a 304 is a small one.
                    Box::pin(self.label(response, validators, &by, again)).await
                }
                Current::Absent => self.pass(untagged(response)),
                Current::Unknown => self.pass(response),
            };
            Ok(self.asked(response, &before))
        }
    }

    /// Whether the source may have to be asked a second time.
    fn may_confirm(&self, before: &Current) -> bool {
        let strong =
            |validators: &Validators| (validators.etag.as_ref()).is_some_and(|tag| !tag.is_weak());
        before.validators().is_some_and(strong) || self.asks.preconditions.can_fail(&self.method)
    }

    /// Labels a response with what the source said before the service ran.
    async fn label<Q: ValidatorSource, B: Body<Data = Bytes>>(
        &self,
        response: Response<B>,
        before: &Validators,
        by: &BySource<Q>,
        again: Option<Box<request::Parts>>,
    ) -> Response<ResponseBody<B>> {
        let (mut parts, body) = response.into_parts();
        if parts.status.is_success() {
            before.repeated.write_to(&mut parts.headers);
        }
        let label = Label::of(&parts, body.size_hint().exact().is_some(), before);
        if fields::has(&parts.headers, &ETAG) {
            // The handler's own tag wins, for the conditions too.
            label.write(&mut parts.headers, before);
            return self.pass(Response::from_parts(parts, body));
        }
        // The conditions held before the service ran.
        let held = self.held(&parts);
        let checked = label == Label::Confirm || self.asks.preconditions.can_fail(&self.method);
        let verdict = match again.filter(|_| checked && parts.status.is_success()) {
            Some(request) => {
                let after = match source::ask(&*by.source, &request).await {
                    Ok(after) => after,
                    Err(error) => {
                        events::source_failed(&error);
                        if by.on_error == OnSourceError::Refuse {
                            return self.unavailable(error, accept::json(&request.headers));
                        }
                        Current::Unknown
                    }
                };
                let confirmed =
                    (after.validators()).is_some_and(|after| before.show_same_state(after));
                if !confirmed {
                    return self.changed(Response::from_parts(parts, body), &after, held);
                }
                held
            }
            None => held,
        };
        label.write(&mut parts.headers, before);
        let response = untagged(Response::from_parts(parts, body));
        if before.last_modified.is_none() && fields::has(response.headers(), &LAST_MODIFIED) {
            return self.respond_dated(response, before);
        }
        self.respond_with(response, verdict)
    }

    /// The verdict of conditions that held when the source was asked.
    fn held(&self, parts: &Parts) -> Verdict {
        if self.asks.preconditions.is_empty() {
            Verdict::Unconditional
        } else if Decision::Proceed.applies_to(parts.status, self.asks.range) {
            Verdict::Proceeded
        } else {
            Verdict::NotEvaluated
        }
    }

    /// The state changed while the service ran, so its response may show the old
    /// one or the new one: it gets no tag, and the client's conditions are held
    /// against the new state.
    fn changed<B: Body<Data = Bytes>>(
        &self,
        response: Response<B>,
        after: &Current,
        held: Verdict,
    ) -> Response<ResponseBody<B>> {
        let mut response = untagged(response);
        self.correct_last_modified(response.headers_mut());
        let decision = self
            .asks
            .preconditions
            .evaluate(&self.method, after.as_ref(), || self.now());
        match decision {
            Decision::Failed(condition) => {
                // The response's own is of another state than the tag below.
                response.headers_mut().remove(LAST_MODIFIED);
                let none = Validators::new();
                let current = after.validators().unwrap_or(&none);
                self.answer(response, Verdict::Failed(condition), Some(current))
            }
            Decision::Proceed | Decision::NotModified => self.answer(response, held, None),
        }
    }

    /// A response that shows its validators itself, if it has any.
    fn pass<B: Body<Data = Bytes>>(&self, response: Response<B>) -> Response<ResponseBody<B>> {
        if self.concerns(&response) {
            self.respond(response)
        } else {
            response.map(ResponseBody::inner)
        }
    }
}

/// Tells an `EtagLayer` outside to make no tag: what the source hands out next
/// would be another one.
fn untagged<B>(mut response: Response<B>) -> Response<B> {
    if response.status().is_success() && !fields::has(response.headers(), &ETAG) {
        response.extensions_mut().insert(SourceKnows);
    }
    response
}
