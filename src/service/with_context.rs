use std::{
    future::{Future, poll_fn},
    task::{Context, Poll},
};

/// Calls a function with the context of the task, and does not wait.
pub(crate) fn with_context<T>(
    function: impl FnOnce(&mut Context<'_>) -> T,
) -> impl Future<Output = T> {
    let mut function = Some(function);
    poll_fn(move |cx| {
        let function = function.take().expect("polled after completion");
        Poll::Ready(function(cx))
    })
}
