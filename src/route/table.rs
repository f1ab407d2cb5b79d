//! A table of many routes that finds all matches of a path at once.
//!
//! `matchit` does not fit: it finds one route per path and refuses routes that conflict. This
//! table finds every route that matches, and may hold the same route twice.

use std::collections::HashMap;

use super::{
    Route, Segment,
    segments::{PathSegments, SegmentCursor},
};

/// A tree of routes, by segment.
///
/// The cost of a search depends on the number of routes that start like the path, and not on
/// the number of all routes.
#[derive(Debug, Clone)]
pub(crate) struct RouteTable {
    /// The nodes of the tree. The first node is the root.
    nodes: Vec<Node>,
}

/// A point in the tree, which routes with the same first segments share.
#[derive(Debug, Clone, Default)]
struct Node {
    literals: HashMap<Box<str>, usize>,
    /// The length of the longest literal.
    longest: usize,
    /// The node below `{name}`, for every name.
    capture: Option<usize>,
    /// The values of the routes that end here.
    values: Vec<usize>,
    /// The values of the routes that continue with `{*rest}`.
    with_rest: Vec<usize>,
}

/// The number of literals up to which comparing each is faster than hashing.
const MAX_COMPARED: usize = 4;

impl RouteTable {
    pub(crate) fn new() -> Self {
        Self {
            nodes: vec![Node::default()],
        }
    }

    /// Adds a route and its value.
    pub(crate) fn insert(&mut self, route: &Route, value: usize) {
        let mut at = 0;
        for segment in route.segments() {
            // The index of the new node, if this segment needs one.
            let next = self.nodes.len();
            let node = &mut self.nodes[at];
            at = match segment {
                Segment::Literal(text) => {
                    node.longest = node.longest.max(text.len());
                    *node.literals.entry(text.clone()).or_insert(next)
                }
                Segment::Capture(_) => *node.capture.get_or_insert(next),
            };
            if at == next {
                self.nodes.push(Node::default());
            }
        }
        let node = &mut self.nodes[at];
        let values = if route.has_rest() {
            &mut node.with_rest
        } else {
            &mut node.values
        };
        values.push(value);
    }

    /// Calls `found` with the value of each route that matches `path`, in no order.
    pub(crate) fn for_each_match(&self, path: &str, found: impl FnMut(usize)) {
        self.for_each_match_in(&mut PathSegments::new(path), found);
    }

    pub(super) fn for_each_match_in(
        &self,
        path: &mut PathSegments<'_>,
        mut found: impl FnMut(usize),
    ) {
        if let Some(first) = path.first() {
            self.walk(0, Some(first), path, &mut found);
        }
    }

    /// Walks down from a node with the rest of the path. Each node is visited at most once.
    fn walk<'p>(
        &self,
        mut at: usize,
        mut left: Option<SegmentCursor<'p>>,
        path: &mut PathSegments<'p>,
        found: &mut impl FnMut(usize),
    ) {
        loop {
            #[cfg(test)]
            {
                path.visited += 1;
            }
            let node = &self.nodes[at];
            let Some(cursor) = left else {
                node.values.iter().copied().for_each(found);
                return;
            };
            if !cursor.rest().is_empty() {
                node.with_rest.iter().copied().for_each(&mut *found);
            }
            // A segment that is longer than all literals is not searched to its end.
            let max_bytes = node.capture.map_or(node.longest, |_| usize::MAX);
            let Some((text, next)) = cursor.segment(max_bytes, path) else {
                return;
            };
            let literal = node.literal(text);
            let capture = node.capture.filter(|_| !text.is_empty());
            // Only a second branch recurses, so that a deep route needs no deep stack.
            if let (Some(literal), Some(_)) = (literal, capture) {
                self.walk(literal, next, path, found);
            }
            let Some(child) = capture.or(literal) else {
                return;
            };
            (at, left) = (child, next);
        }
    }
}

impl Node {
    fn literal(&self, text: &str) -> Option<usize> {
        if text.len() > self.longest {
            return None;
        }
        if self.literals.len() > MAX_COMPARED {
            return self.literals.get(text).copied();
        }
        let mut literals = self.literals.iter();
        literals.find_map(|(literal, child)| (**literal == *text).then_some(*child))
    }
}
