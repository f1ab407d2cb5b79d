//! What the layers decided about a response, for whoever looks from outside.

use http::{Response, StatusCode};

use crate::semantics::condition::Current;
pub use crate::semantics::{condition::Condition, validator::Untagged};

/// A response extension that says what was decided, why, and what it saved.
///
/// It is there when the layers were told to [`explain`](crate::Stack::explain),
/// each by itself or all at once: an extension costs more allocations than
/// anything else that the layers do.
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
    unchecked: bool,
}

/// What the request's conditions came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// The request carried no condition.
    Unconditional,
    /// Every condition held, and the response went out in full.
    Proceeded,
    /// The response's status rules conditions out (RFC 9110, section 13.2.1).
    NotEvaluated,
    /// 304 went out.
    NotModified,
    /// 412 went out, because of this condition.
    Failed(Condition),
    /// 412 went out, because the handler found another state than the one
    /// that was expected.
    Superseded,
    /// 204 went out in place of 412: the write had been applied before.
    AlreadyApplied,
    /// 428 went out: the request carried no condition and needed one.
    Required,
    /// 503 went out: the source of validators failed.
    SourceFailed,
}

/// Where a response's entity tag came from, or why it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TagOrigin {
    /// A hash of so many bytes of content.
    Hashed(u64),
    /// A digest that the handler knew.
    KnownDigest,
    /// The layer left the response as it was.
    Untouched(Untagged),
}

impl Outcome {
    /// The outcome that a response carries.
    #[must_use]
    pub fn of<B>(response: &Response<B>) -> Option<&Self> {
        response.extensions().get()
    }

    /// What the conditions came to, if a layer that evaluates them said so.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        self.verdict
    }

    /// Returns the answer of a read's source before the handler ran, if one was asked. A
    /// source that failed is [`Current::Unknown`].
    #[must_use]
    pub fn source(&self) -> Option<Current<()>> {
        self.source
    }

    /// The status of the handler's answer to a read, whatever went out then.
    /// `None` where the handler was not called, or no layer that evaluates
    /// conditions said.
    #[must_use]
    pub fn handler_status(&self) -> Option<StatusCode> {
        self.handler_status
    }

    /// Where the tag came from, if a layer that makes tags said so.
    #[must_use]
    pub fn tag(&self) -> Option<TagOrigin> {
        self.tag
    }

    /// Whether a conditional write succeeded though the handler never compared
    /// what it [`Expected`](crate::handler::Expected), so that an update may
    /// have been lost. It is recorded without `explain` as well.
    #[must_use]
    pub fn is_unchecked(&self) -> bool {
        self.unchecked
    }

    /// Bytes of content that did not have to be sent, where the length was
    /// known. Not known for a stream, and absent unless 304 went out in answer
    /// to a method other than `HEAD`.
    #[must_use]
    pub fn bytes_saved(&self) -> Option<u64> {
        self.bytes_saved
    }

    /// Removes what was said about a response that another one replaces, apart
    /// from the outcome.
    pub(crate) fn keep_alone(extensions: &mut http::Extensions) {
        let outcome = extensions.remove::<Self>();
        extensions.clear();
        if let Some(outcome) = outcome {
            extensions.insert(outcome);
        }
    }

    /// Changes the outcome in `extensions`, which is made if there is none.
    pub(crate) fn record(extensions: &mut http::Extensions, change: impl FnOnce(&mut Self)) {
        change(extensions.get_or_insert_default());
    }

    /// What a layer outside does not evaluate leaves the verdict as it was.
    pub(crate) fn set_verdict(&mut self, verdict: Verdict) {
        if self.verdict.is_none() || verdict != Verdict::NotEvaluated {
            self.verdict = Some(verdict);
        }
    }

    pub(crate) fn set_source(&mut self, current: &Current) {
        self.source = Some(match current {
            Current::Present(_) => Current::Present(()),
            Current::Absent => Current::Absent,
            Current::Unknown => Current::Unknown,
        });
    }

    /// The layer next to the handler knows best; those outside it see what it made.
    pub(crate) fn set_handler_status(&mut self, status: StatusCode) {
        if self.verdict.is_none() {
            self.handler_status = Some(status);
        }
    }

    pub(crate) fn set_tag(&mut self, tag: TagOrigin) {
        self.tag = Some(tag);
    }

    pub(crate) fn set_unchecked(&mut self) {
        self.unchecked = true;
    }

    pub(crate) fn set_bytes_saved(&mut self, bytes: Option<u64>) {
        self.bytes_saved = bytes;
    }
}
