use std::{mem::size_of, time::Duration};

use super::OperationId;

/// The announced writes of one target, each with its end.
///
/// Clients choose how many writes are under way. So the list is a tree, and no step but
/// [`drain_expired`](Self::drain_expired) costs more than the logarithm of their number. The tree
/// is in the order of [`mixed`] ids, and no write has a higher [rank](Intent::rank) than the one
/// above it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Intents {
    /// The writes, in any order.
    intents: Vec<Intent>,
    root: Link,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Intent {
    id: OperationId,
    until: Duration,
    /// The writes before it and after it.
    below: [Link; 2],
}

/// The position of a write in the list, counted from one. Zero is none.
type Link = u32;

const BEFORE: usize = 0;
const AFTER: usize = 1;

#[derive(Clone, Copy)]
enum Place {
    Root,
    Below(Link, usize),
}

impl Intents {
    /// The bytes that one write takes.
    pub(super) const INTENT_BYTES: usize = size_of::<Intent>();

    pub(super) fn is_empty(&self) -> bool {
        self.intents.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.intents.len() == self.intents.capacity()
    }

    pub(super) fn bytes(&self) -> usize {
        self.intents.capacity() * Self::INTENT_BYTES
    }

    /// Returns the bytes that one more write adds at most.
    pub(super) fn growth(&self) -> usize {
        match self.is_full() {
            true => self.step() * Self::INTENT_BYTES,
            false => 0,
        }
    }

    /// Returns the number of writes by which a full list grows. Few places stay unused, and copies
    /// are rare.
    fn step(&self) -> usize {
        self.intents.len() / 16 + 1
    }

    /// Makes room for another write, and for so many more that the cost is shared.
    pub(super) fn grow(&mut self) {
        self.intents.reserve_exact(self.step());
    }

    pub(super) fn latest_end(&self) -> Option<Duration> {
        Some(self.get(self.root)?.until)
    }

    /// Adds a write that is not listed.
    pub(super) fn insert(&mut self, id: OperationId, until: Duration) {
        let below = [0; 2];
        let new = Intent { id, until, below };
        let mut place = Place::Root;
        let mut link = self.root;
        while let Some(intent) = self.get(link)
            && intent.rank() > new.rank()
        {
            place = Place::Below(link, intent.side_of(id));
            link = self.at(place);
        }
        self.intents.push(new);
        let new = self.last();
        self.set(place, new);
        // The writes that were here are split into those before the new one and those after it.
        let mut ends = [Place::Below(new, BEFORE), Place::Below(new, AFTER)];
        while let Some(intent) = self.get(link) {
            let side = intent.side_of(id);
            let next = intent.below[side];
            let part = 1 - side;
            self.set(ends[part], link);
            ends[part] = Place::Below(link, side);
            link = next;
        }
        for place in ends {
            self.set(place, 0);
        }
    }

    /// Removes a write, and returns its end.
    pub(super) fn remove(&mut self, id: OperationId) -> Option<Duration> {
        let mut place = self.find(id)?;
        let removed = self.at(place);
        let [mut before, mut after] = self.get(removed)?.below;
        // The writes below it become one tree, in its place.
        while let (Some(left), Some(right)) = (self.get(before), self.get(after)) {
            let (top, side, next) = match left.rank() > right.rank() {
                true => (&mut before, AFTER, left.below[AFTER]),
                false => (&mut after, BEFORE, right.below[BEFORE]),
            };
            let link = std::mem::replace(top, next);
            self.set(place, link);
            place = Place::Below(link, side);
        }
        self.set(place, before.max(after));
        // The last one of the list takes the position that is free.
        let last = self.last();
        if last != removed {
            let moved = self.get(last)?.id;
            let place = self.find(moved)?;
            self.set(place, removed);
        }
        let removed = self.intents.swap_remove(removed as usize - 1);
        Some(removed.until)
    }

    /// Removes the writes that have run out, and returns the latest of their ends. Visits all.
    pub(super) fn drain_expired(&mut self, now: Duration) -> Option<Duration> {
        let is_live = |intent: &Intent| now < intent.until;
        let expired = self.intents.iter().filter(|intent| !is_live(intent));
        let latest = expired.map(|intent| intent.until).max()?;
        let mut live = Self::default();
        live.intents.reserve_exact(self.intents.capacity());
        for intent in self.intents.iter().filter(|intent| is_live(intent)) {
            live.insert(intent.id, intent.until);
        }
        *self = live;
        Some(latest)
    }

    /// Returns the number of writes that a step visits at most.
    #[cfg(test)]
    pub(super) fn depth(&self) -> usize {
        let mut level = vec![self.root];
        let mut depth = 0;
        loop {
            let intents = level.iter().filter_map(|link| self.get(*link));
            let next: Vec<_> = intents.flat_map(|intent| intent.below).collect();
            if next.is_empty() {
                return depth;
            }
            level = next;
            depth += 1;
        }
    }

    fn get(&self, link: Link) -> Option<&Intent> {
        self.intents.get((link as usize).wrapping_sub(1))
    }

    fn at(&self, place: Place) -> Link {
        match place {
            Place::Root => self.root,
            Place::Below(link, side) => self.intents[link as usize - 1].below[side],
        }
    }

    fn set(&mut self, place: Place, link: Link) {
        match place {
            Place::Root => self.root = link,
            Place::Below(above, side) => self.intents[above as usize - 1].below[side] = link,
        }
    }

    fn last(&self) -> Link {
        Link::try_from(self.intents.len()).expect("fewer writes than there is memory for")
    }

    fn find(&self, id: OperationId) -> Option<Place> {
        let mut place = Place::Root;
        loop {
            let link = self.at(place);
            let intent = self.get(link)?;
            if intent.id == id {
                return Some(place);
            }
            place = Place::Below(link, intent.side_of(id));
        }
    }
}

impl Intent {
    /// The write that ends last is the first. Many may end at once, as on a clock that counts seconds.
    fn rank(&self) -> (Duration, u64) {
        (self.until, mixed(self.id).reverse_bits())
    }

    /// Returns the side on which another write is.
    fn side_of(&self, id: OperationId) -> usize {
        match (mixed(id), id.as_bytes()) < (mixed(self.id), self.id.as_bytes()) {
            true => BEFORE,
            false => AFTER,
        }
    }
}

/// Mixes the bits of an id as `splitmix64` does. Ids count up, as the ends of their writes do. In
/// the order of such ids, the tree would be a list.
fn mixed(id: OperationId) -> u64 {
    let id = u128::from_be_bytes(*id.as_bytes());
    let mut bits = (id >> 64) as u64 ^ id as u64;
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
