use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use http::{HeaderMap, Method, Request, request::Parts, uri::PathAndQuery};

use super::{PreconditionFailed, now};
use crate::{
    refusal::Reason,
    semantics::{
        condition::{Condition, ConditionalFields, Current, Decision},
        field::Accept,
        validator::{TagRef, VersionTags, version},
    },
};

/// The state that a write expects to find, for the compare-and-set of a handler.
///
/// Check and write must be one step, or updates are lost. A handler takes the
/// expected versions, lets the database compare while it writes, and reports the
/// result:
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
///     let tags = VersionTags::of("notes", id);
///     let row = query(
///         "UPDATE notes SET title = 'x', version = version + 1
///          WHERE id = $1 AND ($2::bigint[] IS NULL OR version = ANY ($2))
///          RETURNING version",
///         id,
///         expected.versions_of(&tags),
///     )
///     .await;
///     // No row, and something was expected: 412. No row at all: 404.
///     expected.confirm_written(row)?.ok_or(NotFound)
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
/// confirmed or checked what was expected.
#[derive(Debug, Clone)]
#[must_use = "what is expected must be compared with what is there"]
pub struct Expected(Arc<ExpectedContext>);

/// An [`Expected`], and what the layer that handed it over needs when the head of the
/// request is gone.
#[derive(Debug)]
pub(crate) struct ExpectedContext {
    pub(crate) method: Method,
    pub(crate) fields: ConditionalFields,
    /// The state that a layer outside saw before.
    pub(crate) seen: Current,
    pub(crate) is_compared: AtomicBool,
    /// The expectation of the next layer out.
    pub(crate) outer: Option<Expected>,
    pub(crate) accept: Accept,
    pub(crate) path: Option<PathAndQuery>,
}

impl ExpectedContext {
    pub(crate) fn new(method: Method, fields: ConditionalFields, seen: Current) -> Self {
        Self {
            method,
            fields,
            seen,
            is_compared: AtomicBool::new(false),
            outer: None,
            accept: Accept::default(),
            path: None,
        }
    }
}

impl From<ExpectedContext> for Expected {
    fn from(context: ExpectedContext) -> Self {
        Self(Arc::new(context))
    }
}

impl Expected {
    /// Returns the state that a request expects: the one that the layer around the handler
    /// put into its extensions, if there is one.
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
        let fields = ConditionalFields::from_headers(headers).cloned();
        ExpectedContext::new(method.clone(), fields, Current::Unknown).into()
    }

    /// Borrows the part that the layer reads.
    pub(crate) fn context(&self) -> &ExpectedContext {
        &self.0
    }

    /// Returns `true` if the handler has compared, or need not.
    pub(crate) fn is_compared(&self) -> bool {
        self.outermost().is_compared.load(Ordering::Acquire)
    }

    pub(crate) fn mark_compared(&self) {
        self.outermost().is_compared.store(true, Ordering::Release);
    }

    /// One comparison counts for all layers, of which the outermost keeps the mark.
    fn outermost(&self) -> &ExpectedContext {
        self.0.outer.as_ref().map_or(&self.0, Self::outermost)
    }

    /// Returns `true` if the request has a condition for a write: `If-Match`,
    /// `If-None-Match`, or a date in `If-Unmodified-Since`. A value that is no date is
    /// ignored (RFC 9110, section 13.1.4).
    #[must_use]
    pub fn is_conditional(&self) -> bool {
        self.0.fields.guard_writes(Current::Unknown, now)
    }

    /// The 412 for an `If-Match` or `If-None-Match` without one well-formed
    /// member. A client that misspelt its guard must not overwrite anything.
    pub(super) fn reject_malformed(&self) -> Result<(), PreconditionFailed> {
        match self.0.fields.malformed_guard(&self.0.method) {
            Some(condition) => Err(PreconditionFailed::because(Reason::of_condition(
                condition,
                &self.0.fields,
            ))),
            None => Ok(()),
        }
    }

    /// Returns `true` if the target must not exist. Then insert, and let the key's
    /// uniqueness refuse what is there.
    ///
    /// So it is with `If-None-Match: *`, and where the layer saw that nothing
    /// exists when a condition other than `If-Match` held. Beside `If-Match`,
    /// which asks for the opposite, it is `false`.
    #[must_use]
    pub fn must_be_absent(&self) -> bool {
        let seen_absent = matches!(self.0.seen, Current::Absent)
            && self.is_conditional()
            && !self.0.fields.is_malformed(Condition::IfNoneMatch);
        (self.0.fields.is_any(Condition::IfNoneMatch) || seen_absent) && !self.must_exist()
    }

    /// Returns `true` if the target must exist: there is an `If-Match`. Then update, and
    /// never insert.
    #[must_use]
    pub fn must_exist(&self) -> bool {
        self.0.fields.names(Condition::IfMatch)
    }

    /// Returns the versions of which the current one must be one, for tags
    /// that [`VersionTags::number`] of these very tags made. `None` where any
    /// will do: without a condition, and with `If-Match: *`.
    ///
    /// Tags of another scope, and all that are no such version, match none. So
    /// do keyed tags, whose versions cannot be read: [`check`](Self::check)
    /// these. A weak tag in `If-Match` counts only under
    /// [`weak_if_match`](crate::PreconditionLayer::weak_if_match).
    ///
    /// For `If-Match: *` beside other conditions, for dates, and for the tags of
    /// `If-None-Match`, the list is the version that the layer saw when they
    /// held, whether its tag is strong or weak. If it saw none, the list is
    /// empty and matches nothing. It is also empty for a malformed condition.
    #[must_use]
    pub fn versions_of(&self, tags: &VersionTags) -> Option<Vec<i64>> {
        self.compared(|tag| tags.parse_number(tag))
    }

    /// As [`versions_of`](Self::versions_of), as the JSON text of an array, for databases
    /// whose parameters are no arrays:
    ///
    /// ```sql
    /// -- SQLite
    /// WHERE id = ?1 AND (?2 IS NULL OR version IN (SELECT value FROM json_each(?2)))
    /// ```
    #[must_use]
    pub fn versions_json_of(&self, tags: &VersionTags) -> Option<String> {
        self.versions_of(tags).map(|versions| json_array(&versions))
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

    /// The versions for which all conditions hold: what a layer admits for one
    /// of them, a handler finds in the list. `number` reads a strong tag.
    fn compared(&self, number: impl Fn(TagRef<'_>) -> Option<i64>) -> Option<Vec<i64>> {
        if !self.is_conditional() {
            return None;
        }
        let (matching, excluding) = (Condition::IfMatch, Condition::IfNoneMatch);
        let fields = &self.0.fields;
        let excludes_all = fields.is_any(excluding) || fields.is_malformed(excluding);
        if fields.names(matching) && !fields.is_any(matching) {
            // A client makes both lists as long as it likes, so each is read once.
            let excluded: HashSet<_> = fields.tags(excluding).map(TagRef::opaque).collect();
            // `If-Unmodified-Since` is ignored beside it (section 13.1.4).
            let named = fields.tags(matching);
            let counts = |tag: &TagRef<'_>| fields.matches_weakly() || !tag.is_weak();
            let excludes = |tag: TagRef<'_>| excludes_all || excluded.contains(tag.opaque());
            let named = named.filter(|tag| counts(tag) && !excludes(*tag));
            return Some(named.filter_map(|tag| number(tag.strong())).collect());
        }
        if fields.names(matching) && !fields.names(excluding) {
            return None;
        }
        // Of these the layer knows more than the fields say.
        let excludes = |tag: TagRef<'_>| {
            excludes_all || fields.tags(excluding).any(|other| other.weak_eq(tag))
        };
        let seen = self.seen_tag().filter(|tag| !excludes(*tag));
        Some(seen.and_then(number).into_iter().collect())
    }

    /// The current tag that the layer saw. Weak or strong, it stands for one
    /// version.
    fn seen_tag(&self) -> Option<TagRef<'_>> {
        Some(self.0.seen.validators()?.etag.as_ref()?.as_ref().strong())
    }

    /// Reports the result of a compare-and-set. `None` means that no row changed: 412 if
    /// the request was conditional, otherwise `Ok(None)`, for a target that is not there.
    ///
    /// # Errors
    ///
    /// Returns the 412 to answer with: there was a condition and nothing changed, or the
    /// condition is malformed, for which nothing may change. Return it before the
    /// transaction commits.
    pub fn confirm_written<T>(self, written: Option<T>) -> Result<Option<T>, PreconditionFailed> {
        self.mark_compared();
        self.reject_malformed()?;
        if written.is_none() && self.is_conditional() {
            return Err(PreconditionFailed::new());
        }
        Ok(written)
    }

    /// Checks the conditions against the current state, which the caller has
    /// read so that nobody can change it before the write: in the same
    /// transaction with `FOR UPDATE`, or under a lock.
    ///
    /// # Errors
    ///
    /// Returns the 412 to answer with.
    pub fn check(self, current: impl Into<Current>) -> Result<(), PreconditionFailed> {
        self.mark_compared();
        let current = current.into();
        match self
            .0
            .fields
            .evaluate(&self.0.method, current.as_ref(), now)
        {
            Decision::Failed(condition) => Err(PreconditionFailed::because(Reason::of_condition(
                condition,
                &self.0.fields,
            ))
            .found(&current)),
            // 304 is for reads, which are performed.
            Decision::Proceed | Decision::NotModified => Ok(()),
        }
    }
}

fn json_array(numbers: &[i64]) -> String {
    let numbers: Vec<_> = numbers.iter().map(i64::to_string).collect();
    format!("[{}]", numbers.join(","))
}
