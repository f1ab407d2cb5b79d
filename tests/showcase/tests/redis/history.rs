//! The record of all operations, with the time of each request and answer.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::watch, time::Instant};

use crate::checker::{
    Interval, OrderRequest, PageOperation, PageStep, Paused, Violation, check_orders, check_page,
};

/// The time after its answer at which a late write must have ended in the store.
const END_OF_LATE_WRITE: Duration = Duration::from_secs(1);

/// A time at which a replica was stopped for longer than its announcements.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pause {
    pub(crate) replica: usize,
    pub(crate) stopped: Duration,
    pub(crate) resumed: Duration,
}

/// An operation on a page, and the replica that it was sent to.
pub(crate) type Sent = (usize, PageOperation);

#[derive(Debug)]
pub(crate) struct History {
    start: Instant,
    finished: watch::Sender<u64>,
    recorded: Mutex<Recorded>,
}

#[derive(Debug, Default)]
pub(crate) struct Recorded {
    pub(crate) pages: BTreeMap<usize, Vec<Sent>>,
    pub(crate) orders: Vec<OrderRequest>,
    pub(crate) pauses: Vec<Pause>,
    /// The content of each tag of a page.
    contents: HashMap<(usize, String), u64>,
    /// The last answer of each page.
    latest: BTreeMap<usize, Seen>,
}

/// A tag, and its content.
pub(crate) type Seen = (String, u64);

impl History {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            finished: watch::Sender::new(0),
            recorded: Mutex::default(),
        }
    }

    pub(crate) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Returns the interval from then until now.
    pub(crate) fn since(&self, invoked: Duration) -> Interval {
        let returned = self.now();
        Interval { invoked, returned }
    }

    pub(crate) fn recorded(&self) -> MutexGuard<'_, Recorded> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an operation, whatever came of it.
    pub(crate) fn finish(&self) {
        self.finished.send_modify(|finished| *finished += 1);
    }

    /// Ends every wait for further operations.
    pub(crate) fn finish_all(&self) {
        self.finished.send_replace(u64::MAX);
    }

    /// Waits until so many operations were finished. Returns `false` if there will be no more.
    pub(crate) async fn reaches(&self, operations: u64) -> bool {
        let mut finished = self.finished.subscribe();
        let reached = finished.wait_for(|finished| *finished >= operations).await;
        *reached.expect("the sender lives") < u64::MAX
    }
}

impl Recorded {
    /// Returns the tag and content of the last answer of a page.
    pub(crate) fn latest(&self, page: usize) -> Option<Seen> {
        self.latest.get(&page).cloned()
    }

    /// Returns the same of all pages that were answered.
    pub(crate) fn all_latest(&self) -> HashMap<usize, Seen> {
        self.latest.clone().into_iter().collect()
    }

    /// Records the content of a tag. No tag may have two contents.
    pub(crate) fn assert_tagged(&mut self, page: usize, tag: &str, content: u64) {
        let known = *self
            .contents
            .entry((page, tag.to_owned()))
            .or_insert(content);
        assert_eq!(known, content, "the tag {tag} of page {page}");
        self.latest.insert(page, (tag.to_owned(), content));
    }

    /// Checks each page by itself, and all keys.
    pub(crate) fn check(
        &self,
        orders: &BTreeMap<String, Vec<u64>>,
        losses: usize,
    ) -> Result<(), Violation> {
        self.check_pages()?;
        check_orders(&self.orders, orders, losses)
    }

    pub(crate) fn check_pages(&self) -> Result<(), Violation> {
        for sent in self.pages.values() {
            let late = self.late(sent);
            let operations: Vec<_> = sent
                .iter()
                .map(|(_, operation)| operation.clone())
                .collect();
            let end = END_OF_LATE_WRITE;
            check_page(&operations, Paused { late: &late, end })?;
        }
        Ok(())
    }

    /// Returns the number of late writes.
    pub(crate) fn late_writes(&self) -> usize {
        self.pages.values().map(|sent| self.late(sent).len()).sum()
    }

    /// Returns the contents of writes that were under way when their replica was stopped, and were
    /// answered after it went on.
    fn late(&self, sent: &[Sent]) -> Vec<u64> {
        let is_late = |(replica, operation): &&Sent| {
            self.pauses.iter().any(|pause| {
                pause.replica == *replica
                    && operation.at.invoked <= pause.stopped
                    && operation.at.returned >= pause.resumed
            })
        };
        let content = |(_, operation): &Sent| match operation.step {
            PageStep::Write { content, .. } => Some(content),
            PageStep::Read { .. } => None,
        };
        sent.iter().filter(is_late).filter_map(content).collect()
    }
}
