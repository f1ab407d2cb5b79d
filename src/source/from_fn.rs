use std::{convert::Infallible, fmt, future::Future};

use http::request::Parts;

use super::ValidatorSource;
use crate::{
    error::BoxError,
    semantics::{condition::Current, validator::EntityTag},
};

/// A source made from a function; see [`from_fn`].
#[derive(Clone, Copy)]
pub struct FromFn<F>(F);

/// Creates a source from an async closure or an `async fn` that reads the request's head.
///
/// The function returns the current state, or a `Result` with it: an entity tag,
/// [`Validators`](crate::Validators), an `Option` of either, or a [`Current`]. `None` means
/// that the target does not exist.
///
/// ```
/// use http::request::Parts;
/// use tower_conditional::{ConditionalLayer, EntityTag, VersionTags, source, target};
/// # #[derive(Debug)]
/// # struct DatabaseError;
/// # impl std::fmt::Display for DatabaseError {
/// #     fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { Ok(()) }
/// # }
/// # impl std::error::Error for DatabaseError {}
/// # async fn version(_: &str) -> Result<Option<i64>, DatabaseError> { Ok(Some(7)) }
///
/// async fn current(request: &Parts) -> Result<Option<EntityTag>, DatabaseError> {
///     let path = target::of(request).path();
///     let version = version(path).await?;
///     Ok(version.map(|version| VersionTags::plain().scope(path).number(version)))
/// }
///
/// let layer = ConditionalLayer::new().source(source::from_fn(current));
/// # let _ = layer;
///
/// let by_query = source::from_fn(async |request| {
///     let query = request.uri.query().unwrap_or_default();
///     version(query).await.map(|version| version.map(|version| {
///         VersionTags::of("results", query).number(version)
///     }))
/// });
/// # let _ = ConditionalLayer::new().source(by_query);
/// ```
///
/// An async closure may borrow the head, but nothing that it captures. A closure that captures
/// a connection pool returns a future instead. That future cannot borrow the head, and the
/// closure's argument needs its type. Without the type the compiler says "type annotations
/// needed", or that an implementation of `AsyncFn` is "not general enough":
///
/// ```
/// use http::request::Parts;
/// use tower_conditional::{VersionTags, source, target};
/// # #[derive(Clone)]
/// # struct Db;
/// # impl Db {
/// #     async fn version(&self, _: &str) -> Result<i64, std::io::Error> { Ok(7) }
/// # }
///
/// # let db = Db;
/// let source = source::from_fn(move |request: &Parts| {
///     let (db, path) = (db.clone(), target::of(request).path().to_owned());
///     async move {
///         let version = db.version(&path).await?;
///         Ok::<_, std::io::Error>(VersionTags::plain().scope(&path).number(version))
///     }
/// });
/// # let _ = tower_conditional::ConditionalLayer::new().source(source);
/// ```
///
/// For a state that is known without waiting, use [`now`](super::now()). With axum,
/// `source::axum` (feature `axum`) takes a function of extractors.
// Both bounds are needed. `AsyncFn` lets the compiler infer the type of a closure's argument.
// `SourceFn` requires a future that is `Send`, which `AsyncFn` cannot.
pub fn from_fn<F, T>(function: F) -> FromFn<F>
where
    F: AsyncFn(&Parts) -> T,
    F: for<'a> SourceFn<'a> + Send + Sync + 'static,
{
    FromFn(function)
}

/// A function from a request's head to its current state, for [`from_fn`].
pub trait SourceFn<'a>: Fn(&'a Parts) -> Self::Future {
    /// The future that the function returns. It may borrow the request's head.
    type Future: Future<Output = Self::Answer> + Send + 'a;
    /// The state, or a `Result` with it.
    type Answer: IntoCurrent;
}

impl<'a, F, Fut> SourceFn<'a> for F
where
    F: Fn(&'a Parts) -> Fut,
    Fut: Future<Output: IntoCurrent> + Send + 'a,
{
    type Future = Fut;
    type Answer = Fut::Output;
}

/// A type that a source may return: anything that converts into a [`Current`], an optional
/// tag, or a `Result` with one of these.
#[diagnostic::on_unimplemented(
    message = "a source cannot return `{Self}`",
    label = "not a state",
    note = "a source returns an `EntityTag`, `Validators`, an `Option` of either, a `Current`, or a `Result` with one of these and an error that converts into `BoxError`",
    note = "the tag of a version is `VersionTags::of(\"notes\", id).number(version)`",
    note = "an async function of `&Parts` goes to `source::from_fn`, and one that is not async to `source::now`"
)]
pub trait IntoCurrent {
    /// The error of a failed source.
    type Error: Into<BoxError> + Send;

    /// Converts into the current state.
    ///
    /// # Errors
    ///
    /// Returns the source's error.
    fn into_current(self) -> Result<Current, Self::Error>;
}

// Otherwise the compiler's message would be about `From`, which sources do not implement.
#[diagnostic::do_not_recommend]
impl<T: Into<Current>> IntoCurrent for T {
    type Error = Infallible;

    fn into_current(self) -> Result<Current, Infallible> {
        Ok(self.into())
    }
}

impl IntoCurrent for Option<EntityTag> {
    type Error = Infallible;

    fn into_current(self) -> Result<Current, Infallible> {
        Ok(self.map_or(Current::Absent, Current::from))
    }
}

impl<T, E> IntoCurrent for Result<T, E>
where
    T: IntoCurrent<Error = Infallible>,
    E: Into<BoxError> + Send,
{
    type Error = E;

    fn into_current(self) -> Result<Current, E> {
        let Ok(current) = self?.into_current();
        Ok(current)
    }
}

impl<F> ValidatorSource for FromFn<F>
where
    F: for<'a> SourceFn<'a> + Send + Sync + 'static,
{
    type Error = BoxError;

    async fn current(&self, request: &Parts) -> Result<Current, BoxError> {
        let answer = (self.0)(request).await;
        answer.into_current().map_err(Into::into)
    }
}

// Written by hand, since closures have no `Debug`.
impl<F> fmt::Debug for FromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromFn").finish_non_exhaustive()
    }
}
