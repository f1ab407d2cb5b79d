//! The memory that tables and responses take.

use std::mem::size_of;

/// The room of a hash table of the standard library: a power of two of buckets, of which seven
/// in eight are used.
///
/// It is taken from the capacity right after that has changed. Later the capacity also counts
/// removed entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Table {
    buckets: usize,
}

/// The control bytes that a table has beside one for each bucket, and their alignment.
const GROUP: usize = 16;

impl Table {
    pub(super) fn of(capacity: usize) -> Self {
        let buckets = match capacity {
            0 => 0,
            1..8 => capacity + 1,
            _ => capacity / 7 * 8,
        };
        Self { buckets }
    }

    /// Returns the room of the table once it has grown.
    pub(super) fn next(self) -> Self {
        let buckets = (self.buckets * 2).max(4);
        Self { buckets }
    }

    pub(super) fn bytes(self, entry: usize) -> usize {
        match self.buckets {
            0 => 0,
            buckets => (buckets * entry).next_multiple_of(GROUP) + buckets + GROUP,
        }
    }
}

/// Returns the number of entries by which a full list of this length grows. Few stay unused, and
/// copies are rare.
pub(super) fn step(len: usize) -> usize {
    len / 16 + 1
}

/// The bytes that an allocator adds to one allocation.
const OVERHEAD: usize = 8;

/// Returns the bytes of an allocation of this length.
pub(super) fn of_allocation(len: usize) -> usize {
    match len {
        0 => 0,
        len => len + OVERHEAD,
    }
}

/// Returns the bytes of a response. `Bytes` has an allocation for its content and another for
/// its counter.
pub(super) fn of_response(len: usize) -> usize {
    const COUNTER: usize = 3 * size_of::<usize>();
    len + COUNTER + 2 * OVERHEAD
}
