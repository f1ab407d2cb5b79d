//! The operations on a page.

use std::{collections::HashSet, time::Duration};

use super::Interval;

/// The content of a page, as a number. The first is 0, before any write.
pub(crate) type Content = u64;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageOperation {
    pub(crate) at: Interval,
    pub(crate) step: PageStep,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PageStep {
    Read {
        content: Content,
        origin: Origin,
    },
    /// A write over content that its client has seen before.
    Write {
        over: Content,
        content: Content,
        answer: WriteAnswer,
    },
}

/// The answer by which a client knows the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A 200, from the handler.
    Full,
    /// A 304, from the handler or from the cache.
    NotModified,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WriteAnswer {
    Accepted,
    /// 412: the page had other content.
    Refused,
    /// 503 of the layer, which says that nothing was changed.
    NotApplied,
    /// No answer, or an error after which the write may be performed, even later.
    Unknown,
}

/// Returns the contents that were read, or expected by a write.
pub(super) fn seen(operations: &[PageOperation]) -> HashSet<Content> {
    let contents = operations.iter().map(|operation| match operation.step {
        PageStep::Read { content, .. } => content,
        PageStep::Write { over, .. } => over,
    });
    contents.collect()
}

pub(super) fn written(write: &PageOperation) -> Content {
    match write.step {
        PageStep::Write { content, .. } => content,
        PageStep::Read { .. } => unreachable!("not a write"),
    }
}

/// Returns the time at which a client knew that a write was performed.
pub(super) fn returned(write: &PageOperation) -> Duration {
    match write.step {
        PageStep::Write {
            answer: WriteAnswer::Accepted,
            ..
        } => write.at.returned,
        _ => Duration::MAX,
    }
}
