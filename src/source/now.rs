use std::fmt;

use http::request::Parts;

use super::{IntoCurrent, ValidatorSource};
use crate::semantics::condition::Current;

/// A source that never waits; see [`now`].
#[derive(Clone, Copy)]
pub struct Now<F>(F);

/// Creates a source from a closure that knows the state without waiting. The closure returns
/// the same types as one for [`from_fn`](super::from_fn()), without a future.
///
/// ```
/// use std::sync::atomic::{AtomicI64, Ordering};
///
/// use tower_conditional::{ConditionalLayer, VersionTags, source};
///
/// static VERSION: AtomicI64 = AtomicI64::new(7);
///
/// let layer = ConditionalLayer::new().source(source::now(|_| {
///     VersionTags::plain().number(VERSION.load(Ordering::Acquire))
/// }));
/// # let _ = layer;
/// ```
pub fn now<F, T>(function: F) -> Now<F>
where
    F: Fn(&Parts) -> T + Send + Sync + 'static,
    T: IntoCurrent,
{
    Now(function)
}

impl<F, T> ValidatorSource for Now<F>
where
    F: Fn(&Parts) -> T + Send + Sync + 'static,
    T: IntoCurrent,
{
    type Error = T::Error;

    async fn current(&self, request: &Parts) -> Result<Current, T::Error> {
        (self.0)(request).into_current()
    }

    fn try_current(&self, request: &Parts) -> Option<Result<Current, T::Error>> {
        Some((self.0)(request).into_current())
    }
}

impl<F> fmt::Debug for Now<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Now").finish_non_exhaustive()
    }
}
