use std::{fmt, future::Future, marker::PhantomData};

use axum_core::{extract::FromRequestParts, response::IntoResponse};
use http::request::Parts;

use super::{IntoCurrent, SourceError, ValidatorSource};
use crate::semantics::condition::Current;

/// A source made from a function of axum's extractors; see [`axum()`].
pub struct ExtractorSource<F, T, S = ()> {
    function: F,
    state: S,
    arguments: PhantomData<fn() -> T>,
}

/// Creates a source from an async closure or an `async fn` whose arguments are axum's
/// extractors.
///
/// # Example
///
/// ```
/// use axum::extract::{Path, State};
/// use tower_conditional::{EntityTag, VersionTags, source};
/// # #[derive(Clone)]
/// # struct Db;
/// # impl Db {
/// #     async fn version(&self, _: i64) -> Result<Option<i64>, std::io::Error> { Ok(Some(7)) }
/// # }
///
/// async fn version(
///     Path(id): Path<i64>,
///     State(db): State<Db>,
/// ) -> Result<Option<EntityTag>, std::io::Error> {
///     let tags = VersionTags::of("notes", id);
///     Ok(db.version(id).await?.map(|version| tags.number(version)))
/// }
///
/// # let db = Db;
/// let source = source::axum(version).with_state(db);
/// # let _ = tower_conditional::ConditionalLayer::new().source(source);
/// ```
///
/// The function has up to 16 arguments, each of them a [`FromRequestParts`]. Its future is
/// `Send`, so it holds no guard of a `std::sync::Mutex` across an await. It returns a tag,
/// [`Validators`](crate::Validators), an `Option` of either, a [`Current`], or a `Result` with
/// one of these, as for [`from_fn`](super::from_fn()). `None` means that the target does not
/// exist, so an error must not become `None`. The error converts into a
/// [`BoxError`](crate::BoxError), which a `StatusCode` does not.
///
/// # How it works
///
/// The extractors run on a copy of the request's head, as the layer sees it. On the methods
/// of a route, the handler gets the same head. Below `Router::nest`, the path parameters
/// are those of the whole route. Around a whole `Router`, as by
/// [`wrap`](crate::resource::wrap()), there are no path parameters yet.
///
/// A layer of a `MethodRouter` does not get the router's state. Give the state to
/// [`with_state`](ExtractorSource::with_state), as to `axum::middleware::from_fn_with_state`.
///
/// The extractors run again for the handler, and for a read that has to be
/// [confirmed](crate::conditional#confirmation). Do not use an extractor that removes
/// something from an extension: the handler would not find it.
///
/// # Errors
///
/// If an extractor rejects the request with a 4xx, the state is unknown. A read goes to the
/// handler, whose extractors then reject it, too. A write gets the rejection, such as 400 for
/// a path parameter that is not a number. The rejection comes before any condition is
/// evaluated. Neither the handler nor the `GET` of a [`SelfGet`](super::SelfGet) runs.
///
/// A rejection with a 5xx is a failed source: at the place of the layer, an extension or the
/// path parameters are missing.
pub fn axum<F, T>(function: F) -> ExtractorSource<F, T>
where
    F: ExtractorFn<T>,
{
    ExtractorSource {
        function,
        state: (),
        arguments: PhantomData,
    }
}

impl<F, T> ExtractorSource<F, T> {
    /// Sets the state for [`State`](https://docs.rs/axum/0.8/axum/extract/struct.State.html)
    /// and other extractors that need it. Defaults to `()`.
    #[must_use]
    pub fn with_state<S>(self, state: S) -> ExtractorSource<F, T, S> {
        ExtractorSource {
            function: self.function,
            state,
            arguments: self.arguments,
        }
    }
}

// Otherwise the compiler would show axum's message for handlers, without `with_state`.
#[diagnostic::do_not_recommend]
impl<F, T, S> ValidatorSource for ExtractorSource<F, T, S>
where
    F: ExtractorFn<T>,
    T: FromRequestParts<S> + Send + 'static,
    S: Send + Sync + 'static,
{
    type Error = SourceError;

    async fn current(&self, request: &Parts) -> Result<Current, SourceError> {
        let mut request = request.clone();
        let extracted = T::from_request_parts(&mut request, &self.state).await;
        // Converted before the next await, since a rejection need not be `Send`.
        let arguments = match extracted.map_err(IntoResponse::into_response) {
            Ok(arguments) => arguments,
            Err(rejection) => return Err(SourceError::rejected(rejection).await),
        };
        // Dropped early, so that the copy is not held while the function waits.
        drop(request);
        let answer = self.function.clone().call(arguments).await;
        answer.into_current().map_err(SourceError::from_source)
    }
}

/// A function of a tuple `T` of extractors, for [`axum()`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a function that `source::axum` takes",
    label = "not an async function from extractors to a state",
    note = "it is an async function of up to 16 extractors, and `Clone + Send + Sync`, as is everything that it captures; its future is `Send`",
    note = "it returns an `EntityTag`, `Validators`, an `Option` of either, a `Current`, or a `Result` with one of these and an error that converts into `BoxError`"
)]
pub trait ExtractorFn<T>: Clone + Send + Sync + 'static {
    /// The future that the function returns.
    type Future: Future<Output = Self::Answer> + Send;
    /// The state, or a `Result` with it.
    type Answer: IntoCurrent + Send;

    /// Calls the function.
    fn call(self, arguments: T) -> Self::Future;
}

macro_rules! impl_extractor_fn {
    ($($argument:ident)*) => {
        impl<F, Fut, $($argument,)*> ExtractorFn<($($argument,)*)> for F
        where
            F: FnOnce($($argument,)*) -> Fut + Clone + Send + Sync + 'static,
            Fut: Future<Output: IntoCurrent + Send> + Send,
        {
            type Future = Fut;
            type Answer = Fut::Output;

            #[allow(non_snake_case)] // the names of the types
            fn call(self, ($($argument,)*): ($($argument,)*)) -> Fut {
                self($($argument,)*)
            }
        }
    };
}

macro_rules! impl_extractor_fns {
    ($first:ident $($rest:ident)*) => {
        impl_extractor_fn!($first $($rest)*);
        impl_extractor_fns!($($rest)*);
    };
    () => {
        impl_extractor_fn!();
    };
}

impl_extractor_fns!(A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11 A12 A13 A14 A15 A16);

impl<F: Clone, T, S: Clone> Clone for ExtractorSource<F, T, S> {
    fn clone(&self) -> Self {
        Self {
            function: self.function.clone(),
            state: self.state.clone(),
            arguments: PhantomData,
        }
    }
}

// Written by hand, since functions and states need no `Debug`.
impl<F, T, S> fmt::Debug for ExtractorSource<F, T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExtractorSource").finish_non_exhaustive()
    }
}
