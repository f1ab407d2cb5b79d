use std::{
    any::{Any, TypeId},
    future::Ready,
};

use http::request::Parts;

use super::{BoxError, ValidatorSource};
use crate::semantics::condition::Current;

/// A source that never waits; see [`now`].
#[derive(Debug, Clone, Copy)]
pub struct Now<F>(F);

/// Makes a source of a closure that knows the state at once.
///
/// ```
/// use std::{
///     convert::Infallible,
///     sync::atomic::{AtomicI64, Ordering},
/// };
/// use tower_conditional::{ConditionalLayer, VersionTags, source};
///
/// static VERSION: AtomicI64 = AtomicI64::new(7);
///
/// let layer = ConditionalLayer::new().source(source::now(|_| {
///     let version = VERSION.load(Ordering::Acquire);
///     Ok::<_, Infallible>(VersionTags::plain().number(version).into())
/// }));
/// # let _ = layer;
/// ```
pub fn now<F, E>(tell: F) -> Now<F>
where
    F: Fn(&Parts) -> Result<Current, E> + Send + Sync + 'static,
    E: Into<BoxError> + Send + 'static,
{
    Now(tell)
}

impl<F, E> ValidatorSource for Now<F>
where
    F: Fn(&Parts) -> Result<Current, E> + Send + Sync + 'static,
    E: Into<BoxError> + Send + 'static,
{
    type Error = E;

    async fn current(&self, request: &Parts) -> Result<Current, E> {
        (self.0)(request)
    }

    fn at_hand(&self, request: &Parts) -> Option<Result<Current, E>> {
        Some((self.0)(request))
    }
}

/// The output of the future that `start` makes, if that is a [`Ready`]. No other future is
/// made. The compiler knows which it is.
pub(super) fn output_of_ready<F: 'static, T: 'static>(start: impl FnOnce() -> F) -> Option<T> {
    if TypeId::of::<F>() != TypeId::of::<Ready<T>>() {
        return None;
    }
    let mut future = Some(start());
    let ready = (&mut future as &mut dyn Any).downcast_mut::<Option<Ready<T>>>()?;
    ready.take().map(Ready::into_inner)
}
