//! The members that are left out.

use super::pointer::{ElementChoice, InvalidPointer, MemberPointer, ReferenceToken};

/// The members that the canonical form leaves out, by JSON Pointer (RFC 6901).
///
/// `/generated_at` is a member of the document, `/meta/request_id` a member of its member, and
/// `/items/*/seen` a member of each element of an array. An element has its index too, as in
/// `/items/0/seen`. In an object, `*` is the member of that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoredMembers {
    pointers: Vec<MemberPointer>,
    /// Their tokens as a tree. The first is its root.
    nodes: Vec<PointerNode>,
}

/// A place in a document on the way to members that are left out.
///
/// Otherwise each element of an array would be compared with each pointer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PointerNode {
    /// The pointer that ends here.
    pub(super) pointer: Option<usize>,
    /// The members that lead on, by name.
    members: Vec<(String, usize)>,
    /// The elements that lead on, by index.
    elements: Vec<(usize, usize)>,
    /// The node for each element.
    all_elements: Option<usize>,
}

impl IgnoredMembers {
    /// Reads JSON Pointers. In a name, `~0` is `~`, and `~1` is `/`.
    ///
    /// # Errors
    ///
    /// Fails if a pointer is empty, does not start with `/`, has another escape, or ends with `*`.
    /// Fails if another pointer leaves out the same member.
    pub fn parse<I>(pointers: I) -> Result<Self, InvalidPointer>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let parsed = pointers.into_iter();
        let parsed = parsed.map(|pointer| MemberPointer::parse(pointer.as_ref()));
        let pointers: Vec<_> = parsed.collect::<Result<_, _>>()?;
        for (index, pointer) in pointers.iter().enumerate() {
            let mut others = pointers.iter().enumerate();
            if others.any(|(other, covering)| other != index && covering.covers(pointer)) {
                return Err(pointer.covered_by_another());
            }
        }
        Ok(Self {
            nodes: tree(&pointers),
            pointers,
        })
    }

    pub(super) fn pointers(&self) -> &[MemberPointer] {
        &self.pointers
    }

    pub(super) fn node(&self, node: usize) -> &PointerNode {
        &self.nodes[node]
    }
}

impl PointerNode {
    /// Returns the node of a member, by the characters of its name.
    pub(super) fn member<C: Iterator<Item = char>>(&self, name: impl Fn() -> C) -> Option<usize> {
        let order = |(known, _): &(String, _)| known.chars().cmp(name());
        let found = self.members.binary_search_by(order).ok()?;
        Some(self.members[found].1)
    }

    /// Returns the nodes of an element.
    pub(super) fn element(&self, index: usize) -> impl Iterator<Item = usize> {
        let found = self
            .elements
            .binary_search_by_key(&index, |(known, _)| *known);
        let one = found.ok().map(|found| self.elements[found].1);
        one.into_iter().chain(self.all_elements)
    }

    fn add(&mut self, token: &ReferenceToken, node: usize) {
        let order = |(known, _): &(String, _)| known.as_str().cmp(&token.name);
        if let Err(place) = self.members.binary_search_by(order) {
            self.members.insert(place, (token.name.clone(), node));
        }
        match token.element {
            ElementChoice::None => {}
            ElementChoice::All => self.all_elements = Some(node),
            ElementChoice::One(index) => {
                let place = self.elements.partition_point(|(known, _)| *known < index);
                self.elements.insert(place, (index, node));
            }
        }
    }
}

/// Returns the tokens of all pointers as a tree.
fn tree(pointers: &[MemberPointer]) -> Vec<PointerNode> {
    let mut nodes = vec![PointerNode::default()];
    for (index, pointer) in pointers.iter().enumerate() {
        let mut node = 0;
        for token in pointer.tokens() {
            node = match nodes[node].member(|| token.name.chars()) {
                Some(next) => next,
                None => {
                    let next = nodes.len();
                    nodes[node].add(token, next);
                    nodes.push(PointerNode::default());
                    next
                }
            };
        }
        nodes[node].pointer = Some(index);
    }
    nodes
}
