//! The decisions of the layers about a response, for logs, metrics and tests.

mod cache_lookup;
mod served_part;

use http::{Response, StatusCode};

#[cfg(feature = "json")]
pub use crate::semantics::canonical_json::NotCanonical;
#[cfg(feature = "tokio")]
pub use crate::semantics::validator_cache::FillRefusal;
pub use crate::semantics::{condition::Condition, validator::UntaggedReason};
use crate::{refusal::KeyProblem, semantics::condition::Current};
pub use cache_lookup::CacheLookup;
pub use served_part::ServedPart;

/// A response extension with the decision of the layers, its reason, and the bytes that it saved.
///
/// Layers add it only after [`explain`](crate::Stack::explain), since an extension costs more
/// allocations than everything else that they do.
///
/// ```
/// # async fn run() -> Result<(), tower::BoxError> {
/// use std::convert::Infallible;
///
/// use bytes::Bytes;
/// use http::{Request, Response, header};
/// use http_body_util::Full;
/// use tower::{Layer, ServiceExt, service_fn};
/// use tower_conditional::{Outcome, outcome::Verdict, stack};
///
/// let service = stack().explain().layer(service_fn(|_: Request<()>| async {
///     let mut response = Response::new(Full::new(Bytes::from_static(b"hello")));
///     response.headers_mut().insert(header::ETAG, "\"v1\"".parse().unwrap());
///     Ok::<_, Infallible>(response)
/// }));
/// let request = Request::get("/").header(header::IF_NONE_MATCH, "\"v1\"").body(())?;
/// let response = service.oneshot(request).await?;
///
/// let outcome = Outcome::of(&response).unwrap();
/// assert_eq!(outcome.verdict(), Some(Verdict::NotModified));
/// assert_eq!(outcome.bytes_saved(), Some(5));
/// # Ok(())
/// # }
/// # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    verdict: Option<Verdict>,
    source: Option<Current<()>>,
    handler_status: Option<StatusCode>,
    tag: Option<TagOrigin>,
    bytes_saved: Option<u64>,
    // Boxed, since few responses are parts.
    part: Option<Box<ServedPart>>,
    unchecked: bool,
    is_answered_early: bool,
    key: Option<KeyOutcome>,
    is_digest_refused: bool,
    cache_lookup: Option<CacheLookup>,
    stored: bool,
    #[cfg(feature = "tokio")]
    fill_refusal: Option<FillRefusal>,
    collapsed: bool,
    #[cfg(feature = "json")]
    unmatched_pointers: Vec<Box<str>>,
}

/// The result of a request with an `Idempotency-Key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "tokio"),
    expect(dead_code, reason = "only `IdempotencyLayer` makes one")
)]
enum KeyOutcome {
    Performed,
    Replayed,
    Refused(KeyProblem),
}

/// The result of the conditions of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// The request had no condition.
    Unconditional,
    /// All conditions were true, and the full response was sent.
    Proceeded,
    /// Conditions do not apply to the status of the response (RFC 9110, section 13.2.1).
    NotEvaluated,
    /// 304 was sent.
    NotModified,
    /// 412 was sent because of this condition.
    Failed(Condition),
    /// 412 was sent because the handler found another state than the expected one.
    Superseded,
    /// 204 was sent in place of 412, since the write had been applied before.
    AlreadyApplied,
    /// 428 was sent, since the request had no condition and needed one.
    Required,
    /// 503 was sent, since the source of validators failed.
    SourceFailed,
}

/// The origin of the entity tag of a response, or the reason why it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TagOrigin {
    /// A hash of the content, with its length in bytes.
    Hashed(u64),
    /// A hash of the canonical form of JSON, with the length of the content in bytes.
    #[cfg(feature = "json")]
    CanonicalJson(u64),
    /// A hash of JSON that has no canonical form.
    #[cfg(feature = "json")]
    NotCanonical {
        /// The length of the content in bytes.
        bytes: u64,
        /// The reason why it has no canonical form.
        reason: NotCanonical,
    },
    /// A digest that the handler provided.
    KnownDigest,
    /// The layer left the response unchanged for this reason.
    Untouched(UntaggedReason),
}

impl Outcome {
    /// Returns the outcome in the extensions of a response.
    #[must_use]
    pub fn of<B>(response: &Response<B>) -> Option<&Self> {
        response.extensions().get()
    }

    /// Returns the result of the conditions, if a layer that evaluates them recorded it.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        self.verdict
    }

    /// Returns the result of the source of a read, if it was called before the handler. A
    /// source that failed is [`Current::Unknown`].
    #[must_use]
    pub fn source(&self) -> Option<Current<()>> {
        self.source
    }

    /// Returns the status of the handler's response to a read, which may differ from the status
    /// that was sent.
    ///
    /// It is `None` if the handler was not called, or if no layer that evaluates conditions
    /// recorded it.
    #[must_use]
    pub fn handler_status(&self) -> Option<StatusCode> {
        self.handler_status
    }

    /// Returns `true` if the handler was called. Layers answer some requests without it: with a
    /// 304, a refusal or a recorded response.
    #[must_use]
    pub fn handler_ran(&self) -> bool {
        !self.is_answered_early
    }

    /// Returns the origin of the tag, if a layer that makes tags recorded it.
    #[must_use]
    pub fn tag(&self) -> Option<TagOrigin> {
        self.tag
    }

    /// Returns `true` if a conditional write succeeded although the handler never used
    /// [`Expected`](crate::handler::Expected), so that an update may be lost.
    ///
    /// It is recorded without `explain` too.
    #[must_use]
    pub fn is_unchecked(&self) -> bool {
        self.unchecked
    }

    /// Returns `true` if the response is a recorded one, which an `IdempotencyLayer` repeated. The
    /// write was not performed again.
    ///
    /// It is recorded without `explain` too.
    #[must_use]
    pub fn is_replayed(&self) -> bool {
        self.key == Some(KeyOutcome::Replayed)
    }

    /// Returns `true` if the request had an `Idempotency-Key`, and this is the response of its
    /// handler.
    #[must_use]
    pub fn is_performed(&self) -> bool {
        self.key == Some(KeyOutcome::Performed)
    }

    /// Returns the reason why an `IdempotencyLayer` refused the request.
    #[must_use]
    pub fn key_problem(&self) -> Option<KeyProblem> {
        match self.key {
            Some(KeyOutcome::Refused(problem)) => Some(problem),
            _ => None,
        }
    }

    /// Returns `true` if the content of the request differs from its digest. It does so, too, if a
    /// [`DigestLayer`](crate::DigestLayer) refused a malformed or missing digest.
    ///
    /// A refusal is recorded without `explain` too. Content that differs while the service reads it is
    /// recorded for an [`ObserveLayer`](crate::ObserveLayer) only.
    #[must_use]
    pub fn is_digest_refused(&self) -> bool {
        self.is_digest_refused
    }

    /// Returns the result of looking up remembered validators, if a layer that remembers them
    /// recorded it.
    #[must_use]
    pub fn cache_lookup(&self) -> Option<CacheLookup> {
        self.cache_lookup
    }

    /// Returns `true` if the validators of this response may be remembered. They are once its
    /// content has ended, unless a write comes first.
    #[must_use]
    pub fn is_stored(&self) -> bool {
        self.stored
    }

    /// Returns the reason why the validators of this response are not remembered.
    #[cfg(feature = "tokio")]
    #[must_use]
    pub fn fill_refusal(&self) -> Option<FillRefusal> {
        self.fill_refusal
    }

    /// Returns `true` if the read waited for another one, and was answered with its validators.
    #[must_use]
    pub fn is_collapsed(&self) -> bool {
        self.collapsed
    }

    /// Returns the number of bytes of content that a 304 saved.
    ///
    /// It is `None` for a stream, whose length is not known. It is `None`, too, for all other
    /// statuses and for `HEAD`.
    #[must_use]
    pub fn bytes_saved(&self) -> Option<u64> {
        self.bytes_saved
    }

    /// Returns the bytes of a 206 or 416 of a [`RangeLayer`](crate::RangeLayer). An observer sees
    /// those of [`Ranges`](crate::handler::Ranges) in a handler, too.
    ///
    /// It is `None` for whole representations, and for the parts of other services.
    /// [`verdict`](Self::verdict) stays the result of the conditions.
    #[must_use]
    pub fn part(&self) -> Option<&ServedPart> {
        self.part.as_deref()
    }

    /// Returns the outcome of a response that was repeated.
    #[cfg(feature = "tokio")]
    pub(crate) fn replay() -> Self {
        Self {
            is_answered_early: true,
            key: Some(KeyOutcome::Replayed),
            ..Self::default()
        }
    }

    /// Removes all extensions except the outcome, for a response that replaces another one.
    pub(crate) fn remove_other_extensions(extensions: &mut http::Extensions) {
        let outcome = extensions.remove::<Self>();
        extensions.clear();
        if let Some(outcome) = outcome {
            extensions.insert(outcome);
        }
    }

    /// Changes the outcome in `extensions`, and adds one if it is missing.
    pub(crate) fn record(extensions: &mut http::Extensions, change: impl FnOnce(&mut Self)) {
        change(extensions.get_or_insert_default());
    }

    /// Sets the verdict. A layer outside that evaluates nothing leaves that of the inner layer.
    pub(crate) fn set_verdict(&mut self, verdict: Verdict) {
        if self.verdict.is_none() || verdict != Verdict::NotEvaluated {
            self.verdict = Some(verdict);
        }
        // A 304 or 412 takes the place of the part that a handler made.
        if matches!(verdict, Verdict::NotModified | Verdict::Failed(_)) {
            self.part = None;
        }
    }

    /// Records a response to a request without a condition. A layer inside may have made it, such as
    /// the 304 of a state or a 428. A success with its verdict is that of another request, which the
    /// handler has sent.
    pub(crate) fn set_unconditional(&mut self, status: StatusCode) {
        if self.verdict.is_none() || status.is_success() {
            self.verdict = Some(Verdict::Unconditional);
        }
    }

    pub(crate) fn set_source(&mut self, current: &Current) {
        self.set_source_state(match current {
            Current::Present(_) => Current::Present(()),
            Current::Absent => Current::Absent,
            Current::Unknown => Current::Unknown,
        });
    }

    pub(crate) fn set_source_state(&mut self, state: Current<()>) {
        self.source = Some(state);
    }

    /// Records if a layer answered without the handler.
    pub(crate) fn set_answered_early(&mut self, is_answered_early: bool) {
        self.is_answered_early = is_answered_early;
    }

    /// Sets the status, unless an inner layer did: layers outside see the status that it made.
    pub(crate) fn set_handler_status(&mut self, status: StatusCode) {
        if self.verdict.is_none() {
            self.handler_status = Some(status);
        }
    }

    pub(crate) fn set_tag(&mut self, tag: TagOrigin) {
        self.tag = Some(tag);
    }

    #[cfg(feature = "tokio")]
    pub(crate) fn set_performed(&mut self) {
        self.key = Some(KeyOutcome::Performed);
    }

    #[cfg(feature = "tokio")]
    pub(crate) fn set_key_problem(&mut self, problem: KeyProblem) {
        self.key = Some(KeyOutcome::Refused(problem));
    }

    pub(crate) fn set_digest_refused(&mut self) {
        self.is_digest_refused = true;
    }

    #[cfg(feature = "tokio")]
    pub(crate) fn set_cache_lookup(&mut self, lookup: CacheLookup) {
        self.cache_lookup = Some(lookup);
    }

    #[cfg(feature = "tokio")]
    pub(crate) fn set_stored(&mut self) {
        self.stored = true;
    }

    #[cfg(feature = "tokio")]
    pub(crate) fn set_fill_refusal(&mut self, refusal: FillRefusal) {
        self.fill_refusal = Some(refusal);
    }

    #[cfg(feature = "tokio")]
    pub(crate) fn set_collapsed(&mut self, is_collapsed: bool) {
        self.collapsed = is_collapsed;
    }

    /// Returns the JSON Pointers of ignored members that matched nothing. A layer reports them once.
    #[cfg(feature = "json")]
    pub(crate) fn unmatched_pointers(&self) -> &[Box<str>] {
        &self.unmatched_pointers
    }

    #[cfg(feature = "json")]
    pub(crate) fn set_unmatched_pointers(&mut self, pointers: Vec<Box<str>>) {
        self.unmatched_pointers = pointers;
    }

    pub(crate) fn set_unchecked(&mut self) {
        self.unchecked = true;
    }

    pub(crate) fn set_part(&mut self, part: ServedPart) {
        self.part = Some(Box::new(part));
    }

    pub(crate) fn set_bytes_saved(&mut self, bytes: Option<u64>) {
        self.bytes_saved = bytes;
    }
}
