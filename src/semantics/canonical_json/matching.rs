//! The pointers that lead to the place where the second pass is.

use super::{ignored::IgnoredMembers, names, pointer::ReferenceToken};

/// The pointers that may still match, for each open array and object.
pub(super) struct PointerMatcher<'a> {
    ignored: &'a IgnoredMembers,
    /// The pointers whose tokens match so far: those of the outermost value first.
    matching: Vec<usize>,
    /// For each open value, and the one that comes next, the end of its pointers.
    ends: Vec<usize>,
    has_matched: Vec<bool>,
}

impl<'a> PointerMatcher<'a> {
    pub(super) fn new(ignored: &'a IgnoredMembers) -> Self {
        let count = ignored.pointers().len();
        Self {
            ignored,
            matching: (0..count).collect(),
            ends: vec![count],
            has_matched: vec![false; count],
        }
    }

    /// Enters the member whose name is at `name`. Returns `true` if it is left out.
    pub(super) fn enter_member(&mut self, json: &str, name: usize) -> bool {
        self.enter(true, |token| {
            names::characters(json, name + 1).eq(token.name.chars())
        })
    }

    pub(super) fn enter_element(&mut self, index: usize) {
        self.enter(false, |token| token.matches_element(index));
    }

    /// Leaves a member or an element.
    pub(super) fn leave(&mut self) {
        self.ends.pop();
        self.matching
            .truncate(self.ends.last().copied().unwrap_or_default());
    }

    /// Returns the pointers that matched nothing.
    pub(super) fn unmatched(&self) -> Vec<&'a str> {
        let pointers = self.ignored.pointers().iter().zip(&self.has_matched);
        let unmatched = pointers.filter(|(_, has_matched)| !**has_matched);
        unmatched.map(|(pointer, _)| pointer.text()).collect()
    }

    /// Adds the pointers whose next token matches. Returns `true` if one ends with a member.
    fn enter(&mut self, is_member: bool, matches: impl Fn(&ReferenceToken) -> bool) -> bool {
        let level = self.ends.len() - 1;
        let start = if level == 0 { 0 } else { self.ends[level - 1] };
        let mut is_left_out = false;
        for at in start..self.ends[level] {
            let index = self.matching[at];
            let pointer = &self.ignored.pointers()[index];
            if !pointer.token(level).is_some_and(&matches) {
                continue;
            }
            if !pointer.is_last(level) {
                self.matching.push(index);
            } else if is_member {
                self.has_matched[index] = true;
                is_left_out = true;
            }
        }
        self.ends.push(self.matching.len());
        is_left_out
    }
}
