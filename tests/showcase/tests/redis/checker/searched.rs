//! The checker of pages on histories by hand, and beside the search of `stateright` on small
//! random ones.

use std::{slice, time::Duration};

use stateright::semantics::{ConsistencyTester, LinearizabilityTester, SequentialSpec};

use super::{
    Interval, Origin, PageOperation, PageStep, Paused, Rule, WriteAnswer, check_page,
    operations::Content,
};
use crate::seeded::Draw;

fn at(invoked: u64, returned: u64) -> Interval {
    Interval {
        invoked: Duration::from_millis(invoked),
        returned: Duration::from_millis(returned),
    }
}

fn read(at: Interval, content: Content) -> PageOperation {
    let origin = Origin::Full;
    let step = PageStep::Read { content, origin };
    PageOperation { at, step }
}

fn not_modified(at: Interval, content: Content) -> PageOperation {
    let origin = Origin::NotModified;
    let step = PageStep::Read { content, origin };
    PageOperation { at, step }
}

fn write(at: Interval, over: Content, content: Content, answer: WriteAnswer) -> PageOperation {
    let step = PageStep::Write {
        over,
        content,
        answer,
    };
    PageOperation { at, step }
}

#[track_caller]
fn assert_checked(operations: &[PageOperation], expected: Option<Rule>) {
    let checked = check_page(operations, Paused::NONE);
    let rule = checked.as_ref().err().map(|violation| violation.rule);
    assert_eq!(rule, expected, "{checked:?}");
    assert_eq!(search(operations), expected.is_none());
}

#[test]
fn accepts_reads_before_during_and_after_a_write() {
    let operations = [
        not_modified(at(0, 1), 0),
        write(at(2, 10), 0, 1, WriteAnswer::Accepted),
        not_modified(at(3, 4), 0),
        read(at(5, 6), 1),
        not_modified(at(11, 12), 1),
        write(at(13, 14), 0, 2, WriteAnswer::Refused),
    ];
    assert_checked(&operations, None);
}

#[test]
fn a_write_without_an_answer_may_be_performed_or_not() {
    let unknown = write(at(1, 2), 0, 1, WriteAnswer::Unknown);
    assert_checked(&[unknown.clone(), not_modified(at(3, 4), 0)], None);
    assert_checked(&[unknown.clone(), read(at(3, 4), 1)], None);
    // It is performed late.
    let late = [
        unknown.clone(),
        not_modified(at(3, 4), 0),
        read(at(5, 6), 1),
    ];
    assert_checked(&late, None);
    // It is the only reason for the refusal.
    let refused = write(at(5, 6), 0, 2, WriteAnswer::Refused);
    assert_checked(&[unknown.clone(), refused.clone()], None);
    assert_checked(slice::from_ref(&refused), Some(Rule::NotLinearizable));
    let undone = [unknown, refused, read(at(7, 8), 0)];
    assert_checked(&undone, Some(Rule::NotLinearizable));
}

#[test]
fn finds_a_stale_304() {
    let written = write(at(1, 2), 0, 1, WriteAnswer::Accepted);
    let stale = [written.clone(), not_modified(at(3, 4), 0)];
    assert_checked(&stale, Some(Rule::StaleNotModified));
    // No write was acknowledged, and a reader has seen it.
    let unknown = write(at(1, 2), 0, 1, WriteAnswer::Unknown);
    let seen = [unknown, read(at(3, 4), 1), not_modified(at(5, 6), 0)];
    assert_checked(&seen, Some(Rule::NotLinearizable));
    // A 200 with the old content, as from a replica that is behind.
    let behind = [written, read(at(3, 4), 0)];
    assert_checked(&behind, Some(Rule::NotLinearizable));
}

#[test]
fn a_304_may_miss_a_write_that_was_paused_and_no_other() {
    let late = [1];
    let end = Duration::from_millis(100);
    let paused = Paused { late: &late, end };
    let mut operations = vec![
        write(at(1, 2), 0, 1, WriteAnswer::Accepted),
        not_modified(at(3, 4), 0),
    ];
    assert_eq!(check_page(&operations, paused), Ok(()));
    operations.push(not_modified(at(200, 201), 0));
    let checked = check_page(&operations, paused);
    assert_eq!(checked.unwrap_err().rule, Rule::StaleNotModified);
    operations.pop();
    operations.push(write(at(10, 11), 1, 2, WriteAnswer::Accepted));
    operations.push(not_modified(at(12, 13), 0));
    let checked = check_page(&operations, paused);
    assert_eq!(checked.unwrap_err().rule, Rule::StaleNotModified);
}

#[test]
fn finds_a_lost_update() {
    let lost = [
        write(at(1, 2), 0, 1, WriteAnswer::Accepted),
        write(at(1, 2), 0, 2, WriteAnswer::Accepted),
    ];
    assert_checked(&lost, Some(Rule::LostUpdate));
    // One of them had no answer, and took effect.
    let seen = [
        write(at(1, 2), 0, 1, WriteAnswer::Accepted),
        write(at(1, 2), 0, 2, WriteAnswer::Unknown),
        read(at(3, 4), 2),
    ];
    assert_checked(&seen, Some(Rule::LostUpdate));
}

#[test]
fn finds_the_content_of_a_write_that_was_refused() {
    for answer in [WriteAnswer::Refused, WriteAnswer::NotApplied] {
        let operations = [write(at(1, 2), 0, 1, answer), read(at(3, 4), 1)];
        assert_checked(&operations, Some(Rule::NeverWritten));
    }
    assert_checked(&[read(at(1, 2), 7)], Some(Rule::NeverWritten));
}

/// The checker and the search agree on random histories, of which some are right.
#[test]
fn agrees_with_a_search() {
    let mut accepted = 0;
    for seed in 0..4_000 {
        let operations = random(&mut Draw::new(seed));
        let checked = check_page(&operations, Paused::NONE);
        let is_accepted = checked.is_ok();
        assert_eq!(is_accepted, search(&operations), "{operations:#?}");
        accepted += usize::from(is_accepted);
    }
    assert!((1_000..3_000).contains(&accepted), "{accepted}");
}

/// Returns up to seven operations, which expect only what was seen before.
fn random(draw: &mut Draw) -> Vec<PageOperation> {
    let mut operations: Vec<PageOperation> = Vec::new();
    let mut now = 0;
    for content in 1..2 + draw.below(6) {
        now += 1 + draw.below(3);
        let at = at(now * 10, now * 10 + 5 + 10 * draw.below(4));
        let seen_before = |operation: &PageOperation| {
            (operation.at.returned < at.invoked).then_some(match operation.step {
                PageStep::Read { content, .. }
                | PageStep::Write {
                    content,
                    answer: WriteAnswer::Accepted,
                    ..
                } => content,
                PageStep::Write { over, .. } => over,
            })
        };
        let mut seen: Vec<_> = operations.iter().filter_map(seen_before).collect();
        // The latest content is the most likely one.
        seen.extend(seen.last().copied());
        seen.insert(0, 0);
        let known = draw.pick(&seen[seen.len().saturating_sub(2)..]);
        operations.push(match draw.below(4) {
            0 => not_modified(at, known),
            1 => read(at, draw.below(content)),
            _ => {
                let answers = [
                    WriteAnswer::Accepted,
                    WriteAnswer::Accepted,
                    WriteAnswer::Refused,
                    WriteAnswer::NotApplied,
                    WriteAnswer::Unknown,
                ];
                write(at, known, content, draw.pick(&answers))
            }
        });
    }
    operations
}

/// A page, as `stateright` runs it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct PageRegister(Content);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Call {
    Read,
    Write(Content, Content),
    Nothing,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Return {
    Content(Content),
    Written(bool),
    Nothing,
}

impl SequentialSpec for PageRegister {
    type Op = Call;
    type Ret = Return;

    fn invoke(&mut self, call: &Call) -> Return {
        match *call {
            Call::Read => Return::Content(self.0),
            Call::Write(over, content) => {
                let is_current = self.0 == over;
                if is_current {
                    self.0 = content;
                }
                Return::Written(is_current)
            }
            Call::Nothing => Return::Nothing,
        }
    }
}

/// Searches for an order of the operations. Each has a thread of its own.
fn search(operations: &[PageOperation]) -> bool {
    // The time, `true` for an answer, and the number of the operation.
    let mut events: Vec<(Duration, bool, usize)> = Vec::new();
    for (number, operation) in operations.iter().enumerate() {
        events.push((operation.at.invoked, false, number));
        events.push((operation.at.returned, true, number));
    }
    events.sort_unstable();
    let mut tester = LinearizabilityTester::new(PageRegister(0));
    for (_, is_end, number) in events {
        let (call, answer) = match operations[number].step {
            PageStep::Read { content, .. } => (Call::Read, Some(Return::Content(content))),
            PageStep::Write {
                over,
                content,
                answer,
            } => {
                let call = Call::Write(over, content);
                match answer {
                    WriteAnswer::Accepted => (call, Some(Return::Written(true))),
                    WriteAnswer::Refused => (call, Some(Return::Written(false))),
                    WriteAnswer::NotApplied => (Call::Nothing, Some(Return::Nothing)),
                    WriteAnswer::Unknown => (call, None),
                }
            }
        };
        if !is_end {
            tester.on_invoke(number, call).expect("a new thread");
        } else if let Some(answer) = answer {
            tester.on_return(number, answer).expect("a running thread");
        }
    }
    tester.is_consistent()
}
