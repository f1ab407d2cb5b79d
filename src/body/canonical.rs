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

/// The largest content whose form is made in place, in bytes. That takes some 150 µs. Longer content
/// would keep other tasks
/// from running.
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
    elsewhere: Option<tokio::task::JoinHandle<FormResult>>,
}

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
        let is_begun = self.elsewhere.is_some();
        if !is_begun && self.content.len() > MAX_IN_PLACE {
            self.elsewhere = begin_elsewhere(&self.content, self.ignored.as_ref());
        }
        if let Some(elsewhere) = &mut self.elsewhere {
            let result = std::task::ready!(Pin::new(elsewhere).poll(cx));
            self.elsewhere = None;
            if let Ok(form) = result {
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

/// Begins long work on a thread for it, if the runtime has such threads.
#[cfg(feature = "tokio")]
fn begin_elsewhere(
    content: &Bytes,
    ignored: Option<&Arc<IgnoredMembers>>,
) -> Option<tokio::task::JoinHandle<FormResult>> {
    // WebAssembly has no threads.
    let runtime = tokio::runtime::Handle::try_current()
        .ok()
        .filter(|_| cfg!(not(target_family = "wasm")))?;
    let (content, ignored) = (content.clone(), ignored.cloned());
    Some(runtime.spawn_blocking(move || canonical_form(&content, ignored.as_deref())))
}

#[cfg(feature = "tokio")]
impl Drop for CanonicalJob {
    fn drop(&mut self) {
        // The client has left: work that has not begun is not needed.
        if let Some(elsewhere) = &self.elsewhere {
            elsewhere.abort();
        }
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
