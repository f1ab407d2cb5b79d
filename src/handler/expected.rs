use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use http::{HeaderMap, Method, Request, request::Parts};

use super::{PreconditionFailed, preconditions::now};
use crate::{
    refusal::Reason,
    semantics::{
        etag::TagRef,
        precondition::{Condition, ConditionalFields, Current, Decision},
        version::{self, VersionTags},
    },
};

/// The state that a write expects to find: what a handler's compare-and-set
/// compares.
///
/// Check and write must be one step, or updates are lost. A handler takes what
/// is expected, lets the database compare while it writes, and hands in what
/// came of it:
///
/// ```
/// use tower_conditional::{
///     VersionTags,
///     handler::{Expected, PreconditionFailed},
/// };
/// # struct Row;
/// # struct NotFound;
/// # impl From<PreconditionFailed> for NotFound { fn from(_: PreconditionFailed) -> Self { Self } }
/// # async fn query(_: &str, _: i64, _: Option<Vec<i64>>) -> Option<Row> { None }
///
/// async fn rename(id: i64, expected: Expected) -> Result<Row, NotFound> {
///     let tags = VersionTags::plain().scope(format!("notes/{id}"));
///     let row = query(
///         "UPDATE notes SET title = 'x', version = version + 1
///          WHERE id = $1 AND ($2::bigint[] IS NULL OR version = ANY ($2))
///          RETURNING version",
///         id,
///         expected.versions_of(&tags),
///     )
///     .await;
///     // No row, and something was expected: 412. No row at all: 404.
///     expected.settle(row)?.ok_or(NotFound)
/// }
/// ```
///
/// Where versions do not say it all (dates, keyed tags), read the state and
/// [`check`](Self::check) it inside the transaction that writes.
///
/// The guarantee is the database's: across all replicas, and against all
/// writers that change the version with the content.
///
/// [`PreconditionLayer`](crate::PreconditionLayer) puts it into the request's
/// extensions, and reports a conditional write that succeeded though nobody
/// settled or checked what was expected.
#[derive(Debug, Clone)]
#[must_use = "what is expected must be compared with what is there"]
pub struct Expected {
    method: Method,
    fields: ConditionalFields,
    /// What a layer outside saw before.
    seen: Current,
    used: Arc<AtomicBool>,
}

impl Expected {
    /// What a request expects; what the layer handed over, if there is one.
    pub fn of<B>(request: &Request<B>) -> Self {
        let extension = request.extensions().get().cloned();
        extension.unwrap_or_else(|| Self::new(request.method(), request.headers()))
    }

    /// As [`of`](Self::of), for a request without its body.
    pub fn of_parts(request: &Parts) -> Self {
        let extension = request.extensions.get().cloned();
        extension.unwrap_or_else(|| Self::new(&request.method, &request.headers))
    }

    fn new(method: &Method, headers: &HeaderMap) -> Self {
        let fields = ConditionalFields::from_headers(headers);
        Self::handed_over(method.clone(), fields, Current::Unknown)
    }

    pub(crate) fn handed_over(method: Method, fields: ConditionalFields, seen: Current) -> Self {
        Self {
            method,
            fields,
            seen,
            used: Arc::default(),
        }
    }

    /// Tells later whether the handler compared.
    pub(crate) fn witness(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.used)
    }

    /// Whether the request carries a condition for a write: `If-Match`,
    /// `If-None-Match`, or a date in `If-Unmodified-Since` (what is no date is
    /// ignored: RFC 9110, section 13.1.4).
    #[must_use]
    pub fn is_conditional(&self) -> bool {
        self.fields.guard_writes(Current::Unknown, now)
    }

    /// Whether the target must not exist: `If-None-Match: *`. Then insert, and
    /// let the key's uniqueness refuse what is there.
    #[must_use]
    pub fn must_be_absent(&self) -> bool {
        self.fields.is_any(Condition::IfNoneMatch)
    }

    /// Whether the target must exist: there is an `If-Match`. Then update, and
    /// never insert.
    #[must_use]
    pub fn must_exist(&self) -> bool {
        self.fields.names(Condition::IfMatch)
    }

    /// Returns the versions of which the current one must be one, for tags
    /// that [`VersionTags::number`] of these very tags made. `None` where any
    /// will do: without a condition, and with `If-Match: *`.
    ///
    /// Tags of another scope, and all that are no such version, match none. So
    /// do keyed tags, whose versions cannot be read: [`check`](Self::check)
    /// these.
    ///
    /// Of conditions that are not about versions (dates, the tags of
    /// `If-None-Match`) the version remains that the layer saw when they held.
    /// Where it saw none the list is empty, and matches nothing.
    #[must_use]
    pub fn versions_of(&self, tags: &VersionTags) -> Option<Vec<i64>> {
        self.compared(|tag| tags.parse_number(tag))
    }

    /// As [`versions_of`](Self::versions_of), for plain tags of any scope.
    ///
    /// If the layer saw the current tag, tags of another scope match none.
    /// Otherwise the scope is not compared, and the tag of another resource with
    /// the same version passes: without a source in the layer, use
    /// [`versions_of`](Self::versions_of).
    #[must_use]
    pub fn versions(&self) -> Option<Vec<i64>> {
        let current = self.seen_tag().and_then(version::split_plain);
        self.compared(|tag| {
            let (number, scope) = version::split_plain(tag)?;
            current
                .is_none_or(|(_, current)| current == scope)
                .then_some(number)
        })
    }

    fn compared(&self, number: impl Fn(TagRef<'_>) -> Option<i64>) -> Option<Vec<i64>> {
        if self.must_exist() && !self.fields.names(Condition::IfNoneMatch) {
            // `If-Unmodified-Since` is ignored beside it (section 13.1.4).
            return (!self.fields.is_any(Condition::IfMatch)).then(|| {
                let named = self.fields.tags(Condition::IfMatch);
                named.filter_map(number).collect()
            });
        }
        self.is_conditional()
            .then(|| self.seen_tag().and_then(number).into_iter().collect())
    }

    fn seen_tag(&self) -> Option<TagRef<'_>> {
        Some(self.seen.validators()?.etag.as_ref()?.as_ref())
    }

    /// Hands in what a compare-and-set gave: `None` is that it changed nothing.
    /// Without a condition that is handed back, and is no more than a target
    /// that is not there.
    ///
    /// # Errors
    ///
    /// The 412 to answer with: there was a condition and nothing was changed.
    pub fn settle<T>(self, written: Option<T>) -> Result<Option<T>, PreconditionFailed> {
        self.used.store(true, Ordering::Release);
        if written.is_none() && self.is_conditional() {
            return Err(PreconditionFailed::new());
        }
        Ok(written)
    }

    /// Holds the conditions against the current state, which the caller has
    /// read so that nobody can change it before the write: in the same
    /// transaction with `FOR UPDATE`, or under a lock.
    ///
    /// # Errors
    ///
    /// The 412 to answer with.
    pub fn check(self, current: impl Into<Current>) -> Result<(), PreconditionFailed> {
        self.used.store(true, Ordering::Release);
        let current = current.into();
        match self.fields.evaluate(&self.method, current.as_ref(), now) {
            Decision::Failed(condition) => Err(PreconditionFailed::because(
                Reason::PreconditionFailed(condition),
            )
            .found(&current)),
            // 304 is for reads, which are performed.
            Decision::Proceed | Decision::NotModified => Ok(()),
        }
    }
}
