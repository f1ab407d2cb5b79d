//! The canonical form of content that was read (RFC 8785).

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;

use crate::semantics::canonical_json::{
    CanonicalLimits, IgnoredMembers, NotCanonical, canonicalize, canonicalize_without,
};

/// The largest content whose form is made in place, in bytes. That takes some 150 µs. Longer
/// content would keep other tasks from running.
pub(crate) const MAX_IN_PLACE: usize = 32 * 1024;

/// The canonical form of content.
pub(crate) struct CanonicalForm {
    pub(crate) form: Vec<u8>,
    /// The pointers of ignored members that matched nothing.
    pub(crate) unmatched: Vec<Box<str>>,
}

type FormResult = Result<CanonicalForm, NotCanonical>;

/// The work that makes a canonical form.
///
/// With tokio, long work is done by a thread for blocking work. Elsewhere it is done in place.
pub(crate) struct CanonicalJob {
    content: Bytes,
    ignored: Option<Arc<IgnoredMembers>>,
    #[cfg(feature = "tokio")]
    elsewhere: Option<FormElsewhere>,
}

/// The form that another thread makes, or `None` if it did not.
#[cfg(feature = "tokio")]
type FormElsewhere = Pin<Box<dyn Future<Output = Option<FormResult>> + Send>>;

impl CanonicalJob {
    pub(crate) fn new(content: Bytes, ignored: Option<Arc<IgnoredMembers>>) -> Self {
        Self {
            content,
            ignored,
            #[cfg(feature = "tokio")]
            elsewhere: None,
        }
    }

    pub(crate) fn content(&self) -> &Bytes {
        &self.content
    }
}

impl Future for CanonicalJob {
    type Output = FormResult;

    #[cfg(feature = "tokio")]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<FormResult> {
        if self.elsewhere.is_none() && self.content.len() > MAX_IN_PLACE {
            self.elsewhere = begin_elsewhere(&self.content, self.ignored.as_ref());
        }
        if let Some(elsewhere) = &mut self.elsewhere {
            let form = std::task::ready!(elsewhere.as_mut().poll(cx));
            self.elsewhere = None;
            if let Some(form) = form {
                return Poll::Ready(form);
            }
            // The runtime shuts down, and has not begun the work.
        }
        Poll::Ready(canonical_form(&self.content, self.ignored.as_deref()))
    }

    #[cfg(not(feature = "tokio"))]
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<FormResult> {
        Poll::Ready(canonical_form(&self.content, self.ignored.as_deref()))
    }
}

#[cfg(all(test, feature = "tokio"))]
mod tests;

/// The places for long work, one for each core. The pool of tokio would start hundreds of threads.
#[cfg(feature = "tokio")]
static PLACES: std::sync::LazyLock<tokio::sync::Semaphore> = std::sync::LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    tokio::sync::Semaphore::new(cores)
});

/// Begins long work on a thread for it, if the runtime has such threads. The work has a place until
/// it has ended, also if its client has left.
#[cfg(feature = "tokio")]
fn begin_elsewhere(
    content: &Bytes,
    ignored: Option<&Arc<IgnoredMembers>>,
) -> Option<FormElsewhere> {
    // WebAssembly has no threads.
    let runtime = tokio::runtime::Handle::try_current()
        .ok()
        .filter(|_| cfg!(not(target_family = "wasm")))?;
    let (content, ignored) = (content.clone(), ignored.cloned());
    Some(Box::pin(async move {
        let place = PLACES.acquire().await.ok()?;
        let mut work = AbortedOnDrop(runtime.spawn_blocking(move || {
            let form = canonical_form(&content, ignored.as_deref());
            drop(place);
            form
        }));
        (&mut work.0).await.ok()
    }))
}

/// Work on another thread. If the client leaves, work that has not begun is not needed.
#[cfg(feature = "tokio")]
struct AbortedOnDrop(tokio::task::JoinHandle<FormResult>);

#[cfg(feature = "tokio")]
impl Drop for AbortedOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Makes the form in place.
pub(crate) fn canonical_form(content: &[u8], ignored: Option<&IgnoredMembers>) -> FormResult {
    // The caller has limited the content before it was read.
    let limits = CanonicalLimits::new(content.len());
    let Some(ignored) = ignored else {
        return canonicalize(content, &limits).map(|form| CanonicalForm {
            form,
            unmatched: Vec::new(),
        });
    };
    let reduced = canonicalize_without(content, ignored, &limits)?;
    Ok(CanonicalForm {
        form: reduced.content,
        unmatched: reduced.unmatched.into_iter().map(Box::from).collect(),
    })
}
