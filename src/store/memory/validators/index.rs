use std::mem::size_of;

use super::hash::{TargetHash, id_of_key};
use crate::semantics::validator_cache::ValidatorKey;

/// The place of each key in a list: a table of four bytes for each place.
///
/// The table of the standard library keeps the places of removed keys, and grows although keys
/// only come and go. This one takes what it says.
///
/// A place has the position of its key in the list. The bits that no position needs are those of
/// the key's hash, so that other keys are seldom read.
#[derive(Default)]
pub(super) struct KeyIndex {
    places: Vec<u32>,
    used: usize,
    hash: TargetHash,
}

/// No position is as large as the number of places.
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

    /// Returns the bits of a position. The number of places is a power of two.
    fn mask(&self) -> u32 {
        u32::try_from(self.places.len() - 1).expect("fewer places than a shard has memory for")
    }

    /// Returns the first place of a key, and the bits of its hash that its place has.
    fn start(&self, key: &ValidatorKey) -> (usize, u32) {
        let hash = self.hash.of(id_of_key(key));
        let [first, tag] = [hash as u32, (hash >> 32) as u32];
        ((first & self.mask()) as usize, tag & !self.mask())
    }

    fn after(&self, place: usize) -> usize {
        (place + 1) & (self.places.len() - 1)
    }

    /// Returns the place at which the key is, or would be. There must be a place.
    fn place(&self, key: &ValidatorKey, key_of: impl Fn(u32) -> ValidatorKey) -> usize {
        let (mut place, tag) = self.start(key);
        let mask = self.mask();
        loop {
            let found = self.places[place];
            let is_same = || found & !mask == tag && key_of(found & mask) == *key;
            if found == EMPTY || is_same() {
                return place;
            }
            place = self.after(place);
        }
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
        let found = self.places[self.place(key, key_of)];
        (found != EMPTY).then_some(found & self.mask())
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
            let mask = u32::try_from(before.len().saturating_sub(1)).unwrap_or(u32::MAX);
            for found in before.into_iter().filter(|found| *found != EMPTY) {
                let position = found & mask;
                self.set(&key_of(position), position, &key_of);
            }
        }
        self.set(key, position, key_of);
        self.used += 1;
    }

    /// Sets the position of a key, which is in the table or has a place.
    pub(super) fn set(
        &mut self,
        key: &ValidatorKey,
        position: u32,
        key_of: impl Fn(u32) -> ValidatorKey,
    ) {
        let (_, tag) = self.start(key);
        let place = self.place(key, key_of);
        self.places[place] = tag | position;
    }

    /// Removes a key that is in the table.
    pub(super) fn remove(&mut self, key: &ValidatorKey, key_of: impl Fn(u32) -> ValidatorKey) {
        let mask = self.places.len() - 1;
        let mut hole = self.place(key, &key_of);
        let mut next = self.after(hole);
        // A key behind the hole moves into it, unless its own search begins behind the hole.
        while self.places[next] != EMPTY {
            let (first, _) = self.start(&key_of(self.places[next] & self.mask()));
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
