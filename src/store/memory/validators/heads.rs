use std::mem::size_of;

use http::HeaderMap;

use crate::{
    semantics::validator::{RepeatedFields, Validators},
    store::memory::room,
};

/// The headers that entries repeat. Entries with equal headers share them.
///
/// The table is small: most responses have one of a few policies. An entry that finds no place
/// keeps its headers itself.
#[derive(Default)]
pub(super) struct HeadTable {
    places: Vec<SharedHead>,
    /// The bytes of the heads.
    content: usize,
}

/// The number of a head in its table.
pub(super) type HeadNumber = u8;

#[derive(Default)]
struct SharedHead {
    fields: RepeatedFields,
    /// The same headers, as [`Validators::encode`] writes them.
    encoded: Box<[u8]>,
    /// The number of entries. A place without one is free.
    users: u32,
}

pub(super) const MAX_HEADS: HeadNumber = 32;
/// Longer headers are seldom shared.
const MAX_ENCODED: usize = 512;

impl HeadTable {
    pub(super) fn bytes(&self) -> usize {
        let places = self.places.capacity() * size_of::<SharedHead>();
        room::of_allocation(places) + self.content
    }

    /// Shares headers with the entries that have the same. `None` if there is no place.
    pub(super) fn share(&mut self, fields: &RepeatedFields) -> Option<HeadNumber> {
        let encoded = Validators::new().with_repeated(fields.clone()).encode();
        let is_same = |head: &SharedHead| head.users > 0 && *head.encoded == *encoded;
        let number = match self.places.iter().position(is_same) {
            Some(number) => number,
            None => self.add(encoded)?,
        };
        self.places[number].users = self.places[number].users.checked_add(1)?;
        u8::try_from(number).ok()
    }

    fn add(&mut self, encoded: Vec<u8>) -> Option<usize> {
        if encoded.len() > MAX_ENCODED {
            return None;
        }
        // A copy: the original may be a part of a larger buffer.
        let fields = Validators::decode(&encoded)?.repeated;
        let number = match self.places.iter().position(|head| head.users == 0) {
            Some(free) => free,
            None if self.places.len() < usize::from(MAX_HEADS) => {
                self.places.reserve_exact(1);
                self.places.push(SharedHead::default());
                self.places.len() - 1
            }
            None => return None,
        };
        self.content += bytes_of(&encoded);
        let head = &mut self.places[number];
        head.fields = fields;
        head.encoded = encoded.into_boxed_slice();
        Some(number)
    }

    pub(super) fn fields(&self, number: HeadNumber) -> RepeatedFields {
        self.places[usize::from(number)].fields.clone()
    }

    /// Notes that an entry with this head is gone.
    pub(super) fn leave(&mut self, number: HeadNumber) {
        let head = &mut self.places[usize::from(number)];
        head.users -= 1;
        if head.users == 0 {
            self.content -= bytes_of(&head.encoded);
            *head = SharedHead::default();
        }
    }
}

/// Returns the bytes of a head: its encoding, and a map with the same content.
fn bytes_of(encoded: &[u8]) -> usize {
    /// The places of a map with up to six names, and the counters beside it.
    const MAP: usize = size_of::<HeaderMap>() + 712;
    MAP + 2 * room::of_allocation(encoded.len())
}
