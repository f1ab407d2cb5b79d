//! Watches that are told when a write has ended, even if its client has disconnected.

use std::{future::Future, sync::Arc};

use http::{Extensions, HeaderMap, Response, StatusCode};
use tokio::task_local;

task_local! {
    /// The watch of the write that this task performs.
    static WATCH: SharedWatch;
}

/// A watch that work keeps for as long as it goes on. If no work has it, the write has ended.
pub(crate) type SharedWatch = Arc<dyn WriteWatch>;

/// A watch that is told of the end of a write.
pub(crate) trait WriteWatch: Send + Sync {
    /// Tells that work has ended that went on without its client. There is no response if it
    /// failed or makes none.
    fn work_ended(&self, response: Option<ResponseHead<'_>>);
}

/// The part of a response that a watch sees.
#[derive(Clone, Copy)]
pub(crate) struct ResponseHead<'a> {
    pub(crate) status: StatusCode,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) extensions: &'a Extensions,
}

impl<'a> ResponseHead<'a> {
    pub(crate) fn of<B>(response: &'a Response<B>) -> Self {
        Self {
            status: response.status(),
            headers: response.headers(),
            extensions: response.extensions(),
        }
    }
}

pub(super) fn head_of_result<B, E>(result: &Result<Response<B>, E>) -> Option<ResponseHead<'_>> {
    result.as_ref().ok().map(ResponseHead::of)
}

/// Runs a part of a write. Work that begins meanwhile has this watch.
pub(crate) fn watched<T>(watch: SharedWatch, run: impl FnOnce() -> T) -> T {
    WATCH.sync_scope(watch, run)
}

/// Polls work in a task with this watch.
pub(super) fn scope<F: Future>(watch: SharedWatch, work: F) -> impl Future<Output = F::Output> {
    WATCH.scope(watch, work)
}

/// Returns the watch of the write that is performed here.
pub(crate) fn current_watch() -> Option<SharedWatch> {
    WATCH.try_with(Arc::clone).ok()
}
