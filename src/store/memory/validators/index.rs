use std::{
    hash::{BuildHasher, RandomState},
    mem::size_of,
};

use super::writes::target_id;
use crate::semantics::validator_cache::ValidatorKey;

/// The place of each key in a list: a table of four bytes for each place.
///
/// The table of the standard library keeps the places of removed keys, and grows although keys
/// only come and go. This one takes what it says. Its hash is keyed, so that no client can choose
/// paths whose keys collide.
#[derive(Default)]
pub(super) struct KeyIndex {
    places: Vec<u32>,
    used: usize,
    state: RandomState,
}

const EMPTY: u32 = u32::MAX;

impl KeyIndex {
    pub(super) fn bytes(&self) -> usize {
        self.places.capacity() * size_of::<u32>()
    }

    /// Returns the bytes that one more key adds.
    pub(super) fn growth(&self) -> usize {
        (self.grown() - self.places.len()) * size_of::<u32>()
    }

    /// Returns the number of places for one more key: a quarter stays empty.
    fn grown(&self) -> usize {
        match self.places.len() {
            len if self.used < len / 4 * 3 => len,
            len => (len * 2).max(8),
        }
    }

    fn first(&self, key: &ValidatorKey) -> usize {
        // The number of places is a power of two.
        self.state.hash_one(target_id(key.as_bytes())) as usize & (self.places.len() - 1)
    }

    fn after(&self, place: usize) -> usize {
        (place + 1) & (self.places.len() - 1)
    }

    /// Returns the place at which the key is, or would be. There must be a place.
    fn place(&self, key: &ValidatorKey, key_of: impl Fn(u32) -> ValidatorKey) -> usize {
        let mut place = self.first(key);
        while self.places[place] != EMPTY && key_of(self.places[place]) != *key {
            place = self.after(place);
        }
        place
    }

    /// Returns the position of the key in the list.
    pub(super) fn find(
        &self,
        key: &ValidatorKey,
        key_of: impl Fn(u32) -> ValidatorKey,
    ) -> Option<u32> {
        if self.places.is_empty() {
            return None;
        }
        let position = self.places[self.place(key, key_of)];
        (position != EMPTY).then_some(position)
    }

    /// Adds a key that is not in the table.
    pub(super) fn insert(
        &mut self,
        key: &ValidatorKey,
        position: u32,
        key_of: impl Fn(u32) -> ValidatorKey,
    ) {
        let len = self.grown();
        if len > self.places.len() {
            let before = std::mem::replace(&mut self.places, vec![EMPTY; len]);
            for position in before.into_iter().filter(|position| *position != EMPTY) {
                let place = self.place(&key_of(position), &key_of);
                self.places[place] = position;
            }
        }
        let place = self.place(key, key_of);
        self.places[place] = position;
        self.used += 1;
    }

    /// Changes the position of a key that is in the table.
    pub(super) fn set(
        &mut self,
        key: &ValidatorKey,
        position: u32,
        key_of: impl Fn(u32) -> ValidatorKey,
    ) {
        let place = self.place(key, key_of);
        self.places[place] = position;
    }

    /// Removes a key that is in the table.
    pub(super) fn remove(&mut self, key: &ValidatorKey, key_of: impl Fn(u32) -> ValidatorKey) {
        let mut hole = self.place(key, &key_of);
        let mut next = self.after(hole);
        // A key behind the hole moves into it, unless its own search begins behind the hole.
        while self.places[next] != EMPTY {
            let first = self.first(&key_of(self.places[next]));
            let mask = self.places.len() - 1;
            let distance = next.wrapping_sub(first) & mask;
            if distance >= (next.wrapping_sub(hole) & mask) {
                self.places[hole] = self.places[next];
                hole = next;
            }
            next = self.after(next);
        }
        self.places[hole] = EMPTY;
        self.used -= 1;
    }
}
