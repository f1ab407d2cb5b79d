use std::{fmt, time::Duration};

use http::{Extensions, Method, StatusCode};

use super::{
    end::ExchangeEnd, method::method_label, result::ExchangeResult, route::ObservedRoute,
    sources::SourceCalls,
};
use crate::{
    outcome::{Outcome, Verdict},
    semantics::field::content_length::never_has_content,
};

/// A request and its response, with the decisions of the layers.
///
/// It names no path, tag, key or user. All values but [`method`](Self::method) may be labels and
/// fields of logs.
#[derive(Clone, Copy)]
pub struct Exchange<'a> {
    record: &'a ExchangeRecord,
    route: &'a ObservedRoute,
}

/// The number of bytes of content that a 304 saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SavedBytes {
    /// The length of the content that the handler had made.
    Known(u64),
    /// The length of the last 200 of the route, since the handler did not run.
    Last(u64),
}

/// The facts of an exchange so far.
pub(crate) struct ExchangeRecord {
    method: Method,
    status: Option<StatusCode>,
    end: Option<ExchangeEnd>,
    pub(super) outcome: Outcome,
    pub(super) sources: SourceCalls,
    bytes_sent: u64,
    /// The number of runs, if the service inside counts them.
    pub(super) handler_runs: Option<u32>,
    pub(super) handler_time: Option<Duration>,
    pub(super) times_handler: bool,
}

impl<'a> Exchange<'a> {
    pub(super) fn new(record: &'a ExchangeRecord, route: &'a ObservedRoute) -> Self {
        Self { record, route }
    }

    /// Returns the method of the client. It may be any word: use
    /// [`method_label`](Self::method_label) for labels.
    #[must_use]
    pub fn method(&self) -> &'a Method {
        &self.record.method
    }

    /// Returns the method as one word of a closed set: `GET`, `HEAD`, `POST`, `PUT`, `PATCH`,
    /// `DELETE`, `QUERY`, `OPTIONS` or `other`.
    #[must_use]
    pub fn method_label(&self) -> &'static str {
        method_label(&self.record.method)
    }

    /// Returns the name of the route, from [`ObserveLayer::route`](super::super::ObserveLayer::route).
    /// It is `other` for a request without a route.
    #[must_use]
    pub fn route(&self) -> &'a str {
        self.route.name()
    }

    /// Returns the status that was sent. It is `None` if there was no response.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.record.status
    }

    /// Returns the end of the exchange. It is `None` in [`Observer::head`](super::Observer::head).
    #[must_use]
    pub fn end(&self) -> Option<ExchangeEnd> {
        self.record.end
    }

    /// Returns the result as one word of a closed set.
    #[must_use]
    pub fn result(&self) -> ExchangeResult {
        ExchangeResult::of(self.record.end, &self.record.outcome)
    }

    /// Returns the decisions of the layers. [`explain`](crate::Stack::explain) is not needed.
    #[must_use]
    pub fn outcome(&self) -> &'a Outcome {
        &self.record.outcome
    }

    /// Returns the calls of a source of validators, for reads and writes.
    #[must_use]
    pub fn sources(&self) -> SourceCalls {
        self.record.sources
    }

    /// Returns the number of bytes of content that were read from the service, without trailers.
    #[must_use]
    pub fn bytes_sent(&self) -> u64 {
        self.record.bytes_sent
    }

    /// Returns the number of bytes that a 304 saved. It is `None` for all other responses, for
    /// `HEAD`, and if the length is not known.
    #[must_use]
    pub fn bytes_saved(&self) -> Option<SavedBytes> {
        let record = self.record;
        // A 304 that was dropped on its way, or became another response, saved nothing.
        if record.status != Some(StatusCode::NOT_MODIFIED) {
            return None;
        }
        if let Some(saved) = record.outcome.bytes_saved() {
            return Some(SavedBytes::Known(saved));
        }
        let is_estimated = record.outcome.verdict() == Some(Verdict::NotModified)
            && record.method == Method::GET
            && !self.handler_ran();
        let last = is_estimated.then(|| self.route.last_length()).flatten();
        last.map(SavedBytes::Last)
    }

    /// Returns the number of times that the handler was called for this exchange.
    ///
    /// Below [`Stack::observe`](crate::Stack::observe) it is counted. The `GET` of a
    /// [`SelfGet`](crate::source::SelfGet) through the service inside counts too. Without that, it
    /// is 0 or 1, and follows from the decisions of the layers.
    ///
    /// A 404 or 405 of a router counts as a run.
    #[must_use]
    pub fn handler_runs(&self) -> u32 {
        let record = self.record;
        let derived = || u32::from(record.outcome.handler_ran());
        record.handler_runs.unwrap_or_else(derived)
    }

    /// Returns `true` if the handler was called.
    #[must_use]
    pub fn handler_ran(&self) -> bool {
        self.handler_runs() > 0
    }

    /// Returns the length of the representation, if all of it was sent.
    pub(super) fn length_of_representation(&self) -> Option<u64> {
        self.record.length_of_representation()
    }

    /// Returns the time until the handler returned its responses. Layers inside of the stack count
    /// too, such as those of `resource::guard`. It is `None` if the handler did
    /// not return, if no [`Stack::observe`](crate::Stack::observe) measures it, or if the observer
    /// does not [need it](super::Observer::times_handler).
    #[must_use]
    pub fn handler_time(&self) -> Option<Duration> {
        // A layer inside of the measured service may have answered in place of the handler.
        self.record.handler_time.filter(|_| self.handler_ran())
    }
}

impl fmt::Debug for Exchange<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("method", &self.method_label())
            .field("route", &self.route())
            .field("status", &self.status())
            .field("result", &self.result())
            .field("bytes_sent", &self.bytes_sent())
            .finish_non_exhaustive()
    }
}

impl ExchangeRecord {
    /// Creates the record of a request. `counts_handler` is `true` if the service inside reports
    /// its runs.
    pub(crate) fn new(method: &Method, counts_handler: bool, times_handler: bool) -> Self {
        Self {
            method: method.clone(),
            status: None,
            end: None,
            outcome: Outcome::default(),
            sources: SourceCalls::default(),
            bytes_sent: 0,
            handler_runs: counts_handler.then_some(0),
            handler_time: None,
            times_handler,
        }
    }

    pub(crate) fn set_status(&mut self, status: StatusCode) {
        self.status = Some(status);
    }

    pub(crate) fn add_sent(&mut self, bytes: u64) {
        self.bytes_sent = self.bytes_sent.saturating_add(bytes);
    }

    pub(crate) fn bytes_sent(&self) -> u64 {
        self.bytes_sent
    }

    /// Returns `true` if a server sends no content of the response, whatever the body has (RFC
    /// 9110, sections 6.4.1 and 9.3.6).
    pub(crate) fn has_no_content(&self) -> bool {
        self.status
            .is_some_and(|status| never_has_content(&self.method, status))
    }

    /// Takes the decisions over from the response if none are recorded. Behind a buffer, layers
    /// with `explain` work in another task.
    pub(crate) fn add_explained(&mut self, extensions: &Extensions) {
        if let Some(explained) = extensions.get::<Outcome>()
            && self.outcome == Outcome::default()
        {
            self.outcome = explained.clone();
        }
    }

    /// Adds what a layer inside has recorded of the same request.
    pub(super) fn add_inner(&mut self, inner: &Self) {
        if self.outcome == Outcome::default() {
            self.outcome = inner.outcome.clone();
        }
        if self.handler_runs.is_none() {
            self.handler_runs = inner.handler_runs;
        }
        self.sources.add(inner.sources);
    }

    /// Sets the end, unless there is one.
    pub(crate) fn set_end(&mut self, end: ExchangeEnd) {
        self.end.get_or_insert(end);
    }

    /// Returns the length of the representation, if all of it was sent.
    pub(super) fn length_of_representation(&self) -> Option<u64> {
        let is_representation = self.end == Some(ExchangeEnd::Complete)
            && self.status == Some(StatusCode::OK)
            && self.method == Method::GET;
        is_representation.then_some(self.bytes_sent)
    }
}
