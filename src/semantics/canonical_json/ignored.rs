//! The members that are left out.

use super::pointer::{InvalidPointer, MemberPointer};

/// The members that the canonical form leaves out, by JSON Pointer (RFC 6901).
///
/// `/generated_at` is a member of the document, `/meta/request_id` a member of its member, and
/// `/items/*/seen` a member of each element of an array. An element has its index too, as in
/// `/items/0/seen`. In an object, `*` is the member of that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoredMembers {
    pointers: Vec<MemberPointer>,
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
        Ok(Self { pointers })
    }

    pub(super) fn pointers(&self) -> &[MemberPointer] {
        &self.pointers
    }
}
