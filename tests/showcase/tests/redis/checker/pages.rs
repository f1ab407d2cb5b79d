//! The history of one page: reads with `If-None-Match`, and writes with `If-Match`.
//!
//! Each write has content of its own and names the content that it replaces. So the writes that
//! took effect have one order, and no search is needed. A history is linearizable if each write
//! has a moment between its bounds, in that order.

use std::{collections::HashMap, time::Duration};

use super::{
    Interval, Rule, Violation,
    operations::{Content, Origin, PageOperation, PageStep, WriteAnswer, returned, seen, written},
};

/// The writes that a pause of their process has stopped for longer than their announcement.
///
/// The stores promise nothing about them: a write must change nothing after its announcement. A
/// 304 may miss such a write, until its end has reached the store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paused<'a> {
    /// The contents of these writes.
    pub(crate) late: &'a [Content],
    /// The time that the end may take, from the answer on.
    pub(crate) end: Duration,
}

impl Paused<'_> {
    pub(crate) const NONE: Self = Self {
        late: &[],
        end: Duration::ZERO,
    };
}

/// Checks the operations on a page. Without late writes, they must be linearizable.
///
/// With late writes, a 304 is wrong if another write was acknowledged before the request began.
/// All other operations must still be linearizable.
pub(crate) fn check_page(
    operations: &[PageOperation],
    paused: Paused<'_>,
) -> Result<(), Violation> {
    let mut writes = Writes::of(operations)?;
    writes.check_reads(operations)?;
    writes.check_not_modified(operations, paused)?;
    let is_constraint = |operation: &&PageOperation| match operation.step {
        PageStep::Read { origin, .. } => paused.late.is_empty() || origin == Origin::Full,
        PageStep::Write { .. } => true,
    };
    let constraints: Vec<_> = operations.iter().filter(is_constraint).collect();
    writes.add_unseen(&constraints);
    writes.check_moments(&constraints)
}

/// The writes that took effect, in their order. The first stands for the content 0.
struct Writes<'a> {
    order: Vec<Option<&'a PageOperation>>,
    position: HashMap<Content, usize>,
    /// Writes without an answer whose content nobody has seen, by what they replace.
    unseen: HashMap<Content, &'a PageOperation>,
}

impl<'a> Writes<'a> {
    fn of(operations: &'a [PageOperation]) -> Result<Self, Violation> {
        let mut next: HashMap<Content, &PageOperation> = HashMap::new();
        let mut unseen: HashMap<Content, &PageOperation> = HashMap::new();
        let mut applied = 0;
        let seen = seen(operations);
        for operation in operations {
            let PageStep::Write {
                over,
                content,
                answer,
            } = operation.step
            else {
                continue;
            };
            match answer {
                WriteAnswer::Refused | WriteAnswer::NotApplied => {}
                WriteAnswer::Unknown if !seen.contains(&content) => {
                    let earliest = unseen.entry(over).or_insert(operation);
                    if operation.at.invoked < earliest.at.invoked {
                        *earliest = operation;
                    }
                }
                WriteAnswer::Accepted | WriteAnswer::Unknown => {
                    applied += 1;
                    if let Some(other) = next.insert(over, operation) {
                        let evidence = format!("{other:?} and {operation:?}");
                        return Err(Violation::new(Rule::LostUpdate, evidence));
                    }
                }
            }
        }
        let mut writes = Self {
            order: vec![None],
            position: HashMap::from([(0, 0)]),
            unseen,
        };
        let mut content = 0;
        while let Some(write) = next.remove(&content) {
            content = written(write);
            writes.push(write);
        }
        if writes.order.len() <= applied {
            let evidence = format!("over content that was never there: {next:?}");
            return Err(Violation::new(Rule::NeverWritten, evidence));
        }
        Ok(writes)
    }

    fn push(&mut self, write: &'a PageOperation) {
        self.position.insert(written(write), self.order.len());
        self.order.push(Some(write));
    }

    /// Checks that each content that was read was written.
    fn check_reads(&self, operations: &[PageOperation]) -> Result<(), Violation> {
        let wrong = operations.iter().find(|operation| match operation.step {
            PageStep::Read { content, .. } => !self.position.contains_key(&content),
            PageStep::Write { .. } => false,
        });
        wrong.map_or(Ok(()), |read| {
            Err(Violation::new(Rule::NeverWritten, format!("{read:?}")))
        })
    }

    /// Checks that no 304 is for content that was replaced before the request began.
    fn check_not_modified(
        &self,
        operations: &[PageOperation],
        paused: Paused<'_>,
    ) -> Result<(), Violation> {
        // The earliest answer to a write from each position on.
        let mut acknowledged = vec![(Duration::MAX, None); self.order.len() + 1];
        for (position, write) in self.order.iter().enumerate().rev() {
            let later = acknowledged[position + 1];
            let own = write.map_or((Duration::MAX, None), |write| {
                let is_late = paused.late.contains(&written(write));
                let end = if is_late { paused.end } else { Duration::ZERO };
                (returned(write).saturating_add(end), Some(write))
            });
            acknowledged[position] = if own.0 < later.0 { own } else { later };
        }
        for operation in operations {
            let PageStep::Read {
                content,
                origin: Origin::NotModified,
            } = operation.step
            else {
                continue;
            };
            let (since, write) = acknowledged[self.position[&content] + 1];
            if since < operation.at.invoked {
                let evidence = format!("{operation:?} after {write:?}");
                return Err(Violation::new(Rule::StaleNotModified, evidence));
            }
        }
        Ok(())
    }

    /// Appends a write without an answer if a refusal needs it: the page had the expected content
    /// otherwise. Only the last content can have such a write, since each is replaced once.
    fn add_unseen(&mut self, operations: &[&PageOperation]) {
        let last = self.order.len() - 1;
        let expected = |operation: &&&PageOperation| match operation.step {
            PageStep::Write {
                over,
                answer: WriteAnswer::Refused,
                ..
            } => self.position.get(&over) == Some(&last),
            _ => false,
        };
        let Some(refused) = operations.iter().find(expected) else {
            return;
        };
        if let PageStep::Write { over, .. } = refused.step
            && let Some(write) = self.unseen.get(&over)
        {
            self.push(write);
        }
    }

    /// Checks that each write has a moment that explains all answers.
    ///
    /// A read is between the write of its content and the next one. A refusal is after the write
    /// that replaced what it expected, since its client has seen that before.
    fn check_moments(&self, operations: &[&PageOperation]) -> Result<(), Violation> {
        let mut earliest = vec![(Duration::ZERO, None); self.order.len() + 1];
        let mut latest = vec![(Duration::MAX, None); self.order.len() + 1];
        let mut not_before = |position: usize, at, why| {
            if earliest[position].0 < at {
                earliest[position] = (at, Some(why));
            }
        };
        let mut not_after = |position: usize, at, why| {
            if at < latest[position].0 {
                latest[position] = (at, Some(why));
            }
        };
        for &operation in operations {
            let Interval { invoked, returned } = operation.at;
            match operation.step {
                PageStep::Read { content, .. } => {
                    let position = self.position[&content];
                    not_before(position + 1, invoked, operation);
                    not_after(position, returned, operation);
                }
                PageStep::Write {
                    over,
                    answer: WriteAnswer::Refused,
                    ..
                } => {
                    if let Some(position) = self.position.get(&over) {
                        not_after(position + 1, returned, operation);
                    }
                }
                PageStep::Write { .. } => {}
            }
        }
        for (position, write) in self.order.iter().enumerate() {
            if let Some(write) = *write {
                not_before(position, write.at.invoked, write);
                not_after(position, returned(write), write);
            }
        }
        // The place behind the last write has one only if something needs it.
        let mut moment = (Duration::ZERO, None);
        for position in 0..=self.order.len() {
            if position == self.order.len() && latest[position].1.is_none() {
                break;
            }
            if moment.0 < earliest[position].0 {
                moment = earliest[position];
            }
            let is_missing = position == self.order.len();
            if is_missing || latest[position].0 < moment.0 {
                let evidence = format!(
                    "write {position} is after {:?} and before {:?}",
                    moment.1, latest[position].1
                );
                return Err(Violation::new(Rule::NotLinearizable, evidence));
            }
        }
        Ok(())
    }
}
