use std::collections::VecDeque;

use bytes::Bytes;

use super::rules::{
    self, Content, DoubtfulWrite, Exchange, Found, Part, Sighting, StoredContent, Suspicion,
    Verdict,
};

/// So many variants and versions of one target are compared, and so many parts.
const SIGHTINGS: usize = 8;

/// The exchanges of one target that are remembered.
#[derive(Debug, Default)]
pub(super) struct Target {
    /// When it was last seen.
    pub(super) used: u64,
    /// The oldest first.
    sightings: VecDeque<(u64, Sighting)>,
    /// The latest first.
    suspicions: VecDeque<(u64, Suspicion)>,
    /// The latest first.
    parts: VecDeque<Part>,
    /// A write of which the next 200 tells more.
    write: Option<DoubtfulWrite>,
    /// The latest `PUT` whose answer says that its content was stored.
    stored: Option<StoredContent>,
}

impl Target {
    /// Compares the head of a 200 with what was seen, and keeps it.
    pub(super) fn see(&mut self, number: u64, sighting: Sighting, found: &mut Vec<Found>) {
        for (_, earlier) in &self.sightings {
            rules::heads(earlier, &sighting, found);
        }
        if let Some(write) = self.write.take()
            && let Some((_, full)) = self.sightings.iter().find(|(at, _)| *at == write.full)
        {
            found.extend(write.confirm(full, &sighting));
        }
        self.keep(number, sighting);
    }

    /// The body of a 200 has ended.
    pub(super) fn finish(
        &mut self,
        number: u64,
        (content, first): (Content, Bytes),
        found: &mut Vec<Found>,
    ) {
        let is_it = |(other, _): &(u64, Sighting)| *other == number;
        let at = self.sightings.iter().position(is_it);
        let Some((_, mut sighting)) = at.and_then(|at| self.sightings.remove(at)) else {
            return;
        };
        sighting.take_content(content, first);
        let is_steady = self.is_steady(&sighting);
        for (_, earlier) in &self.sightings {
            rules::contents(earlier, &sighting, is_steady, found);
        }
        for part in &self.parts {
            rules::stretches_of(&sighting, part, found);
        }
        found.extend(
            self.stored
                .as_ref()
                .and_then(|stored| stored.judge(&sighting)),
        );
        self.confirm((number, &sighting), found);
        sighting.forget_request();
        self.keep(number, sighting);
    }

    /// A `PUT` was answered as if its content had been stored as it came.
    pub(super) fn store(&mut self, stored: StoredContent) {
        self.stored = Some(stored);
    }

    /// The content of a 206 has ended.
    pub(super) fn finish_part(&mut self, part: Part, found: &mut Vec<Found>) {
        for (_, full) in &self.sightings {
            rules::stretches_of(full, &part, found);
        }
        for other in &self.parts {
            rules::stretches(other.stretch(), part.stretch(), found);
        }
        self.parts.truncate(SIGHTINGS - 1);
        self.parts.push_front(part);
    }

    /// Compares an answer to `HEAD`, or a 206, with what was seen.
    pub(super) fn aside(
        &mut self,
        (at, instance): (u64, &Bytes),
        exchange: &Exchange<'_>,
        epoch: Option<u64>,
        found: &mut Vec<Found>,
    ) {
        let suspicion = rules::aside(self.latest(instance), exchange, epoch, found);
        self.suspect(at, suspicion);
        self.compare_tag(instance, exchange);
    }

    /// Compares a 304 with what was seen.
    pub(super) fn not_modified(
        &mut self,
        (at, instance): (u64, &Bytes),
        exchange: &Exchange<'_>,
        epoch: Option<u64>,
        found: &mut Vec<Found>,
    ) {
        let suspicion = rules::not_modified(self.latest(instance), exchange, epoch, found);
        self.suspect(at, suspicion);
        self.compare_tag(instance, exchange);
    }

    /// Compares an answer to a conditional request with the latest 200. Nobody
    /// else wrote from the one to the other, which is the time `epoch`.
    pub(super) fn conditional(
        &mut self,
        instance: &Bytes,
        exchange: &Exchange<'_>,
        epoch: u64,
        found: &mut Vec<Found>,
    ) {
        let full = self
            .latest(instance)
            .find(|(_, full)| full.is_selected_by(exchange.request));
        let Some((number, full)) = full.filter(|(_, full)| full.is_current(epoch)) else {
            return;
        };
        rules::refused(full, exchange, found);
        let all = self.sightings.iter().map(|(_, sighting)| sighting);
        self.write = rules::doubtful((number, full), all, exchange, epoch);
    }

    fn latest<'a>(
        &'a self,
        instance: &'a Bytes,
    ) -> impl Iterator<Item = (u64, &'a Sighting)> + Clone {
        let latest = self.sightings.iter().rev();
        latest
            .map(|(number, sighting)| (*number, sighting))
            .filter(move |(_, sighting)| sighting.instance == *instance)
    }

    fn compare_tag(&mut self, instance: &Bytes, exchange: &Exchange<'_>) {
        for (_, sighting) in &mut self.sightings {
            if sighting.instance == *instance {
                sighting.compare_tag(exchange);
            }
        }
    }

    fn suspect(&mut self, at: u64, suspicion: Option<Suspicion>) {
        if let Some(suspicion) = suspicion {
            self.suspicions.truncate(SIGHTINGS - 1);
            self.suspicions.push_front((at, suspicion));
        }
    }

    /// Returns `true` if no content changed by itself.
    fn is_steady(&self, latest: &Sighting) -> bool {
        let mut seen = self.sightings.iter().map(|(_, sighting)| sighting);
        while let Some(earlier) = seen.next() {
            let mut later = seen.clone().chain([latest]);
            if later.any(|later| rules::changed_by_itself(earlier, later)) {
                return false;
            }
        }
        true
    }

    /// Judges earlier answers by the 200s before and after them.
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
            match rules::confirm(suspicion, full, later) {
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
