use std::mem::size_of;

use super::writes::{TargetId, target_id};
use crate::{
    semantics::validator::Validators,
    store::{memory::room, validators::ValidatorEntry},
};

/// An entry as it is kept: its scopes and its validators, in one allocation.
#[derive(Clone)]
pub(super) struct PackedEntry(Box<[u8]>);

const COUNT: usize = size_of::<u16>();
const SCOPE: usize = size_of::<TargetId>();

impl PackedEntry {
    /// Packs an entry. `None` if it has too many scopes.
    pub(super) fn new(entry: &ValidatorEntry) -> Option<Self> {
        let validators = entry.validators.encode();
        let count = u16::try_from(entry.scopes.len()).ok()?;
        let length = COUNT + entry.scopes.len() * SCOPE + validators.len();
        let mut bytes = Vec::with_capacity(length);
        bytes.extend_from_slice(&count.to_ne_bytes());
        for scope in &*entry.scopes {
            bytes.extend_from_slice(&target_id(scope.as_bytes()).to_ne_bytes());
        }
        bytes.extend_from_slice(&validators);
        Some(Self(bytes.into_boxed_slice()))
    }

    pub(super) fn bytes(&self) -> usize {
        room::of_allocation(self.0.len())
    }

    fn parts(&self) -> (&[[u8; SCOPE]], &[u8]) {
        let (count, rest) = self.0.split_at(COUNT);
        let count = u16::from_ne_bytes(count.try_into().expect("two bytes"));
        let (scopes, validators) = rest.split_at(usize::from(count) * SCOPE);
        (scopes.as_chunks().0, validators)
    }

    pub(super) fn scopes(&self) -> impl Iterator<Item = TargetId> {
        let (scopes, _) = self.parts();
        scopes.iter().map(|scope| TargetId::from_ne_bytes(*scope))
    }

    pub(super) fn validators(&self) -> Validators {
        Validators::decode(self.parts().1).expect("the encoding of an entry")
    }
}
