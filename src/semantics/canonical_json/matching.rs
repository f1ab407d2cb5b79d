//! The pointers that lead to the place where the second pass is.

use std::ops::Range;

use super::{ignored::IgnoredMembers, names};

/// The pointers that may still match, for each open array and object.
pub(super) struct PointerMatcher<'a> {
    ignored: &'a IgnoredMembers,
    /// The nodes whose tokens match so far: those of the outermost value first.
    matching: Vec<usize>,
    /// For each open value, and the one that comes next, the end of its nodes.
    ends: Vec<usize>,
    has_matched: Vec<bool>,
}

impl<'a> PointerMatcher<'a> {
    pub(super) fn new(ignored: &'a IgnoredMembers) -> Self {
        Self {
            ignored,
            matching: vec![0],
            ends: vec![1],
            has_matched: vec![false; ignored.pointers().len()],
        }
    }

    /// Enters the member whose name is at `name`. Returns `true` if it is left out.
    pub(super) fn enter_member(&mut self, json: &str, name: usize) -> bool {
        let mut is_left_out = false;
        for at in self.innermost() {
            let node = self.ignored.node(self.matching[at]);
            let Some(next) = node.member(|| names::characters(json, name + 1)) else {
                continue;
            };
            match self.ignored.node(next).pointer {
                None => self.matching.push(next),
                Some(pointer) => {
                    self.has_matched[pointer] = true;
                    is_left_out = true;
                }
            }
        }
        self.ends.push(self.matching.len());
        is_left_out
    }

    /// Enters an element. Only members are left out.
    pub(super) fn enter_element(&mut self, index: usize) {
        for at in self.innermost() {
            let node = self.ignored.node(self.matching[at]);
            let leads_on = |next: &usize| self.ignored.node(*next).pointer.is_none();
            self.matching.extend(node.element(index).filter(leads_on));
        }
        self.ends.push(self.matching.len());
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

    /// Returns the place of the nodes of the innermost open value.
    fn innermost(&self) -> Range<usize> {
        let level = self.ends.len() - 1;
        let start = if level == 0 { 0 } else { self.ends[level - 1] };
        start..self.ends[level]
    }
}
