use std::collections::{BTreeMap, HashMap, VecDeque};

use bytes::Bytes;

use crate::semantics::audit::{self, Content, Exchange, Found, Sighting, Suspicion, Verdict};

/// Stands for a target URI.
pub(super) type Key = [u8; 16];

/// So many variants and versions of one target are compared.
const SIGHTINGS: usize = 8;

/// What was seen of the targets that were seen last.
#[derive(Debug)]
pub(super) struct Memory {
    targets: HashMap<Key, Target>,
    /// The targets by when they were last seen.
    order: BTreeMap<u64, Key>,
    /// Numbers uses and sightings.
    clock: u64,
    pub(super) limit: usize,
    writes: Writes,
}

#[derive(Debug, Default)]
struct Target {
    used: u64,
    /// The oldest first.
    sightings: VecDeque<(u64, Sighting)>,
    /// The latest first.
    suspicions: VecDeque<(u64, Suspicion)>,
}

/// Requests that may change what others get.
#[derive(Debug, Default)]
struct Writes {
    running: usize,
    /// Moves when one ends.
    epoch: u64,
}

impl Memory {
    pub(super) fn new() -> Self {
        Self {
            targets: HashMap::new(),
            order: BTreeMap::new(),
            clock: 0,
            limit: 1_000,
            writes: Writes::default(),
        }
    }

    pub(super) fn begin_write(&mut self) {
        self.writes.running += 1;
    }

    pub(super) fn end_write(&mut self) {
        self.writes.running -= 1;
        self.writes.epoch += 1;
    }

    /// The time between two writes; `None` during one.
    pub(super) fn epoch(&self) -> Option<u64> {
        (self.writes.running == 0).then_some(self.writes.epoch)
    }

    /// The epoch in which something began, if it lasts.
    pub(super) fn still(&self, epoch: Option<u64>) -> Option<u64> {
        epoch.filter(|epoch| self.epoch() == Some(*epoch))
    }

    /// Compares the head of a 200 with what was seen, and keeps it. The number
    /// is for [`finish`](Self::finish).
    pub(super) fn see(&mut self, key: Key, sighting: Sighting, found: &mut Vec<Found>) -> u64 {
        let number = self.tick();
        let target = self.target(key);
        for (_, earlier) in &target.sightings {
            audit::heads(earlier, &sighting, found);
        }
        target.keep(number, sighting);
        number
    }

    /// The body of a 200 has ended.
    pub(super) fn finish(
        &mut self,
        key: Key,
        number: u64,
        content: Content,
        found: &mut Vec<Found>,
    ) {
        let Some(target) = self.targets.get_mut(&key) else {
            return;
        };
        let is_it = |(other, _): &(u64, Sighting)| *other == number;
        let at = target.sightings.iter().position(is_it);
        let Some((_, mut sighting)) = at.and_then(|at| target.sightings.remove(at)) else {
            return;
        };
        sighting.content = Some(content);
        for (_, earlier) in &target.sightings {
            audit::contents(earlier, &sighting, found);
        }
        target.confirm((number, &sighting), found);
        sighting.forget_request();
        target.keep(number, sighting);
    }

    /// Compares an answer to `HEAD`, or a 206, with what was seen.
    pub(super) fn aside(
        &mut self,
        (key, instance): (Key, &Bytes),
        exchange: &Exchange<'_>,
        epoch: Option<u64>,
        found: &mut Vec<Found>,
    ) {
        let at = self.tick();
        let Some(target) = self.targets.get_mut(&key) else {
            return;
        };
        let latest = target.sightings.iter().rev();
        let latest = latest.map(|(number, sighting)| (*number, sighting));
        let latest = latest.filter(|(_, sighting)| sighting.instance == *instance);
        if let Some(suspicion) = audit::aside(latest, exchange, epoch, found) {
            target.suspicions.truncate(SIGHTINGS - 1);
            target.suspicions.push_front((at, suspicion));
        }
    }

    /// Compares a 304 with what was seen.
    pub(super) fn not_modified(
        &mut self,
        key: Key,
        exchange: &Exchange<'_>,
        found: &mut Vec<Found>,
    ) {
        if let Some(target) = self.targets.get(&key) {
            let latest = target.sightings.iter().rev().map(|(_, sighting)| sighting);
            audit::not_modified(latest, exchange, found);
        }
    }

    pub(super) fn clear(&mut self) {
        self.targets.clear();
        self.order.clear();
    }

    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    /// The target, as the one used last. It is forgotten when so many others
    /// were seen.
    fn target(&mut self, key: Key) -> &mut Target {
        let now = self.clock;
        let target = self.targets.entry(key).or_default();
        self.order.remove(&target.used);
        target.used = now;
        self.order.insert(now, key);
        while self.targets.len() > self.limit.max(1) {
            let Some((_, oldest)) = self.order.pop_first() else {
                break;
            };
            self.targets.remove(&oldest);
        }
        self.targets.get_mut(&key).expect("it is the latest of all")
    }
}

impl Target {
    /// What the 200s before and after an answer say together about it.
    fn confirm(&mut self, (number, later): (u64, &Sighting), found: &mut Vec<Found>) {
        let sightings = &self.sightings;
        self.suspicions.retain(|(at, suspicion)| {
            if number < *at {
                return true;
            }
            let before = |(number, _): &&(u64, Sighting)| *number == suspicion.full;
            let Some((_, full)) = sightings.iter().find(before) else {
                return false;
            };
            let epoch = later.content.and_then(|content| content.epoch);
            if !full.is_of_epoch(epoch) {
                return false;
            }
            match audit::confirm(suspicion, full, later) {
                Verdict::Right(what) => found.push(what),
                Verdict::Wrong => {}
                Verdict::Open => return true,
            }
            false
        });
    }

    /// Keeps the sighting in place of what it repeats. Where there is no room,
    /// a body that has not ended goes first, then the oldest.
    fn keep(&mut self, number: u64, sighting: Sighting) {
        self.sightings.retain(|(_, other)| !sighting.repeats(other));
        if self.sightings.len() == SIGHTINGS {
            let unread = |(_, other): &(u64, Sighting)| other.content.is_none();
            let at = self.sightings.iter().position(unread).unwrap_or(0);
            self.sightings.remove(at);
        }
        self.sightings.push_back((number, sighting));
    }
}
