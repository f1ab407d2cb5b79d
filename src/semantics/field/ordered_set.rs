//! A set that keeps the order of insertion.

use std::{collections::HashSet, hash::Hash, slice};

/// The number of values up to which they are compared one by one.
///
/// That is faster than hashing, and needs no second copy of the values.
const MAX_UNINDEXED: usize = 16;

/// Distinct values in the order of insertion.
///
/// Inserting takes constant time on average, so building a set takes linear time. Up to
/// [`MAX_UNINDEXED`] values, the list is the only allocation.
#[derive(Debug, Clone)]
pub(crate) struct OrderedSet<T> {
    values: Vec<T>,
    /// The same values, present above [`MAX_UNINDEXED`].
    index: Option<HashSet<T>>,
}

impl<T> OrderedSet<T> {
    pub(crate) const fn new() -> Self {
        Self {
            values: Vec::new(),
            index: None,
        }
    }

    pub(crate) fn as_slice(&self) -> &[T] {
        &self.values
    }

    pub(crate) fn iter(&self) -> slice::Iter<'_, T> {
        self.values.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }
}

impl<T: Clone + Eq + Hash> OrderedSet<T> {
    pub(crate) fn contains(&self, value: &T) -> bool {
        match &self.index {
            Some(index) => index.contains(value),
            None => self.values.contains(value),
        }
    }

    /// Adds a value. Returns `true` if it is new.
    pub(crate) fn insert(&mut self, value: T) -> bool {
        if self.contains(&value) {
            return false;
        }
        // From here on, comparing one by one would take quadratic time.
        if self.len() == MAX_UNINDEXED {
            self.index = Some(self.values.iter().cloned().collect());
        }
        if let Some(index) = &mut self.index {
            index.insert(value.clone());
        }
        self.values.push(value);
        true
    }
}

impl<T> Default for OrderedSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: PartialEq> PartialEq for OrderedSet<T> {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values
    }
}

impl<T: Eq> Eq for OrderedSet<T> {}

impl<T: Clone + Eq + Hash> Extend<T> for OrderedSet<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        for value in values {
            self.insert(value);
        }
    }
}

impl<T: Clone + Eq + Hash> FromIterator<T> for OrderedSet<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut set = Self::new();
        set.extend(values);
        set
    }
}
