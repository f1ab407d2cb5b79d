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

/// The state that a write expects, for optimistic concurrency control in a handler.
///
/// If check and write are two steps, an update may be lost in between. A handler takes the
/// expected versions, lets the database compare them in the statement that writes, and
/// reports the result:
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
///     // No row changed: 412 if the request is conditional, otherwise 404.
///     expected.confirm_written(row)?.ok_or(NotFound)
/// }
/// ```
///
/// If versions are not enough (dates, keyed tags), read the state and
/// [`check`](Self::check) it inside the transaction that writes.
///
/// The database gives the guarantee. It holds across all replicas, and against all writers
/// that change the version together with the content.
///
/// A [`PreconditionLayer`](crate::PreconditionLayer) adds this type to the request's
/// extensions. It also reports a conditional write that succeeded although its handler
/// neither confirmed nor checked it.
#[derive(Debug, Clone)]
#[must_use = "what is expected must be compared with what is there"]
pub struct Expected(Arc<ExpectedContext>);

/// The conditions of a write, and the parts of its request that the layer needs for its
/// answer.
#[derive(Debug)]
pub(crate) struct ExpectedContext {
    pub(crate) method: Method,
    pub(crate) fields: ConditionalFields,
    /// The state that a layer outside has read.
    pub(crate) seen: Current,
    /// `true` if the method may create an absent target.
    pub(crate) creates: bool,
    pub(crate) is_compared: AtomicBool,
    /// The [`Expected`] that the next layer outside added.
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
            creates: true,
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
    /// Returns the state that a request expects. If a layer outside added an [`Expected`] to
    /// the extensions, it is returned.
    pub fn of<B>(request: &Request<B>) -> Self {
        let extension = request.extensions().get().cloned();
        extension.unwrap_or_else(|| Self::new(request.method(), request.headers()))
    }

    /// Returns the state that a request without its body expects; see [`of`](Self::of).
    pub fn of_parts(request: &Parts) -> Self {
        let extension = request.extensions.get().cloned();
        extension.unwrap_or_else(|| Self::new(&request.method, &request.headers))
    }

    fn new(method: &Method, headers: &HeaderMap) -> Self {
        let fields = ConditionalFields::from_headers(headers).cloned();
        ExpectedContext::new(method.clone(), fields, Current::Unknown).into()
    }

    /// Returns the context that the layer reads.
    pub(crate) fn context(&self) -> &ExpectedContext {
        &self.0
    }

    /// Returns `true` if the handler has compared, or does not have to.
    pub(crate) fn is_compared(&self) -> bool {
        self.outermost().is_compared.load(Ordering::Acquire)
    }

    pub(crate) fn mark_compared(&self) {
        self.outermost().is_compared.store(true, Ordering::Release);
    }

    /// Returns the context of the outermost layer. One comparison counts for all layers.
    fn outermost(&self) -> &ExpectedContext {
        self.0.outer.as_ref().map_or(&self.0, Self::outermost)
    }

    /// Returns `true` if the request has a condition for a write: `If-Match`,
    /// `If-None-Match`, or a date in `If-Unmodified-Since`. An invalid date is ignored (RFC
    /// 9110, section 13.1.4).
    #[must_use]
    pub fn is_conditional(&self) -> bool {
        self.0.fields.guards_writes(Current::Unknown, now)
    }

    /// Returns the 412 for an `If-Match` or `If-None-Match` without a well-formed member. A
    /// client whose condition is misspelt must not overwrite anything.
    pub(super) fn reject_malformed(&self) -> Result<(), PreconditionFailed> {
        match self.0.fields.malformed_guard(&self.0.method) {
            Some(condition) => Err(PreconditionFailed::from_reason(Reason::of_condition(
                condition,
                &self.0.fields,
            ))),
            None => Ok(()),
        }
    }

    /// Returns `true` if the target must not exist. Then insert a row, and let a unique key
    /// refuse one that exists.
    ///
    /// Start the row's version where no deleted row has been, such as at the next value of a
    /// sequence. With 1, the tags of a deleted row are valid again: see
    /// [`VersionTags`](crate::VersionTags#requirements-for-versions).
    ///
    /// The result is `true` for `If-None-Match: *`. It is also `true` if the layer found that
    /// nothing exists, and a condition other than `If-Match` was true. With an `If-Match`,
    /// which requires the opposite, the result is `false`.
    #[must_use]
    pub fn must_be_absent(&self) -> bool {
        let seen_absent = matches!(self.0.seen, Current::Absent)
            && self.is_conditional()
            // A malformed condition is a 412 in every state, and never an insert.
            && !self.0.fields.is_malformed(Condition::IfNoneMatch);
        (self.0.fields.is_any(Condition::IfNoneMatch) || seen_absent) && !self.must_exist()
    }

    /// Returns `true` if the target must exist, as with every `If-Match`. Then update, and
    /// never insert.
    #[must_use]
    pub fn must_exist(&self) -> bool {
        self.0.fields.has_condition(Condition::IfMatch)
    }

    /// Returns the versions that the write accepts as the current one, or `None` if it accepts
    /// any. It accepts any without a condition, and with `If-Match: *`.
    ///
    /// Versions are read from tags that [`VersionTags::number`] of `tags` made. Tags of another
    /// scope and all other tags match no version. Keyed tags hide their versions: use
    /// [`check`](Self::check) for them. A weak tag in `If-Match` counts only under
    /// [`weak_if_match`](crate::PreconditionLayer::weak_if_match).
    ///
    /// Some conditions name no version: a date, the tags of `If-None-Match`, and `If-Match: *`
    /// together with others. For these the list has the version that the layer saw when they
    /// were true, from a strong or a weak tag. If the layer saw none, the list is empty and
    /// matches nothing. It is also empty for a malformed condition.
    #[must_use]
    pub fn versions_of(&self, tags: &VersionTags) -> Option<Vec<i64>> {
        self.matching_versions(|tag| tags.parse_number(tag))
    }

    /// Returns [`versions_of`](Self::versions_of) as the JSON text of an array, for
    /// databases without array parameters:
    ///
    /// ```sql
    /// -- SQLite
    /// WHERE id = ?1 AND (?2 IS NULL OR version IN (SELECT value FROM json_each(?2)))
    /// ```
    #[must_use]
    pub fn versions_json_of(&self, tags: &VersionTags) -> Option<String> {
        self.versions_of(tags).map(|versions| json_array(&versions))
    }

    /// Returns the versions of plain tags of any scope; see
    /// [`versions_of`](Self::versions_of).
    ///
    /// If the layer saw the current tag, tags of another scope match no version. Otherwise
    /// scopes are not compared, and the tag of another resource with the same version
    /// passes. If the layer has no source, use [`versions_of`](Self::versions_of).
    #[must_use]
    pub fn versions(&self) -> Option<Vec<i64>> {
        let current = self.seen_tag().and_then(version::split_plain);
        self.matching_versions(|tag| {
            let (number, scope) = version::split_plain(tag)?;
            current
                .is_none_or(|(_, current)| current == scope)
                .then_some(number)
        })
    }

    /// Returns the versions for which all conditions hold. A version that a layer admits is
    /// in the list. `number` reads a strong tag.
    fn matching_versions(&self, number: impl Fn(TagRef<'_>) -> Option<i64>) -> Option<Vec<i64>> {
        if !self.is_conditional() {
            return None;
        }
        let (matching, excluding) = (Condition::IfMatch, Condition::IfNoneMatch);
        let fields = &self.0.fields;
        let excludes_all = fields.is_any(excluding) || fields.is_malformed(excluding);
        if fields.has_condition(matching) && !fields.is_any(matching) {
            // Both lists may be long, so each is read once. Comparing all pairs could take
            // seconds.
            let excluded: HashSet<_> = fields.tags(excluding).map(TagRef::opaque).collect();
            // RFC 9110, section 13.1.4: `If-Match` makes `If-Unmodified-Since` ignored.
            let named = fields.tags(matching);
            let counts = |tag: &TagRef<'_>| fields.has_weak_if_match() || !tag.is_weak();
            let excludes = |tag: TagRef<'_>| excludes_all || excluded.contains(tag.opaque());
            let named = named.filter(|tag| counts(tag) && !excludes(*tag));
            return Some(named.filter_map(|tag| number(tag.strong())).collect());
        }
        // `If-Match: *` alone holds for every version.
        if fields.has_condition(matching) && !fields.has_condition(excluding) {
            return None;
        }
        // These conditions name no version, but the layer saw the version for which they were
        // true.
        let excludes = |tag: TagRef<'_>| {
            excludes_all || fields.tags(excluding).any(|other| other.weak_eq(tag))
        };
        let seen = self.seen_tag().filter(|tag| !excludes(*tag));
        Some(seen.and_then(number).into_iter().collect())
    }

    /// Returns the current tag that the layer saw. A weak tag also identifies one version.
    fn seen_tag(&self) -> Option<TagRef<'_>> {
        Some(self.0.seen.validators()?.etag.as_ref()?.as_ref().strong())
    }

    /// Reports the result of a compare-and-set. `None` means that no row changed: 412 if
    /// the request was conditional, otherwise `Ok(None)`, for a target that does not exist.
    ///
    /// `If-None-Match: *` on an absent target is true, and `None` then means that another
    /// writer created it. A handler that only updates has to say so with
    /// [`creates`](crate::PreconditionLayer::creates). If the layer saw no target, the result is
    /// then `Ok(None)` and not a 412.
    ///
    /// # Errors
    ///
    /// Returns the 412 to respond with if the request has a condition and no row changed. A
    /// malformed condition is also a 412, since nothing may change for it. Return the error
    /// before the transaction commits.
    pub fn confirm_written<T>(self, written: Option<T>) -> Result<Option<T>, PreconditionFailed> {
        self.mark_compared();
        self.reject_malformed()?;
        // RFC 9110, section 13.2.1: a request that is 404 without its condition is 404 with it.
        let is_not_found = matches!(self.0.seen, Current::Absent) && !self.0.creates;
        if written.is_none() && self.is_conditional() && !is_not_found {
            return Err(PreconditionFailed::new());
        }
        Ok(written)
    }

    /// Checks the conditions against the current state. Read the state so that no other writer
    /// can change it before the write: in the same transaction with `FOR UPDATE`, or under a
    /// lock.
    ///
    /// # Errors
    ///
    /// Returns the 412 to respond with if a condition is false.
    pub fn check(self, current: impl Into<Current>) -> Result<(), PreconditionFailed> {
        self.mark_compared();
        let current = current.into();
        match self
            .0
            .fields
            .evaluate(&self.0.method, current.as_ref(), now)
        {
            Decision::Failed(condition) => Err(PreconditionFailed::from_reason(
                Reason::of_condition(condition, &self.0.fields),
            )
            .with_state(&current)),
            // A 304 is only for reads. `Expected` is for writes, so a read proceeds.
            Decision::Proceed | Decision::NotModified => Ok(()),
        }
    }
}

fn json_array(numbers: &[i64]) -> String {
    let numbers: Vec<_> = numbers.iter().map(i64::to_string).collect();
    format!("[{}]", numbers.join(","))
}
