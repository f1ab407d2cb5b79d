//! Readers and writers: their steps, and the properties that hold in every order of them.

use stateright::{Model, Property};
use tower_conditional::store::validators::{FillOutcome, Lookup};

use crate::{
    CacheModel, QUIET, STRICT,
    state::{CacheMessage, CacheState, ReaderPhase, WriterPhase},
    store::CacheVariant,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum CacheAction {
    Tick,
    Lookup(usize),
    /// The handler reads the content.
    Read(usize),
    /// The handler reads the content of a replica.
    ReadOld(usize),
    Fill(usize),
    /// The reader dies, or its response is not remembered.
    GiveUp(usize),
    /// The response is not remembered, and the reader says so.
    Release(usize),
    /// Somebody looks the key up who never fills.
    Ask,
    Begin(usize),
    Commit(usize),
    End(usize),
    Crash(usize),
    /// A message arrives again. Nobody waits for its answer.
    Repeat(CacheMessage),
    /// The replica of the store has all steps.
    Replicate,
    FailOver,
}

/// Each read has a name of its own, and so has each write.
fn read_number(reader: usize, reads: u8) -> u8 {
    let reader = u8::try_from(reader).expect("few readers");
    reader * 16 + reads
}

fn write_number(writer: usize) -> u8 {
    128 + u8::try_from(writer).expect("few writers")
}

impl CacheModel {
    fn actions_of_reader(&self, state: &CacheState, reader: usize, actions: &mut Vec<CacheAction>) {
        let own = &state.readers[reader];
        match own.phase {
            ReaderPhase::Idle if own.reads < self.reads => {
                actions.push(CacheAction::Lookup(reader));
            }
            ReaderPhase::Idle => {}
            ReaderPhase::Leased(_) => {
                actions.extend([CacheAction::Read(reader), CacheAction::GiveUp(reader)]);
                if self.releases {
                    actions.push(CacheAction::Release(reader));
                }
                if self.variant == CacheVariant::LaggingReplica {
                    actions.push(CacheAction::ReadOld(reader));
                }
            }
            ReaderPhase::Read(..) => {
                actions.extend([CacheAction::Fill(reader), CacheAction::GiveUp(reader)]);
            }
        }
    }

    fn actions_of_writer(&self, state: &CacheState, writer: usize, actions: &mut Vec<CacheAction>) {
        let writers = &state.writers;
        match writers[writer] {
            // Writers are alike: they begin in their order.
            WriterPhase::Idle if writer == 0 || writers[writer - 1] != WriterPhase::Idle => {
                actions.push(CacheAction::Begin(writer));
            }
            WriterPhase::Idle | WriterPhase::Gone => {}
            WriterPhase::Begun(until) => {
                actions.push(CacheAction::End(writer));
                // A transaction has a limit, which is that of the announcement.
                if state.now < until || self.variant == CacheVariant::OutlivesIntent {
                    actions.push(CacheAction::Commit(writer));
                }
            }
            WriterPhase::Committed => actions.push(CacheAction::End(writer)),
        }
        let runs = matches!(
            writers[writer],
            WriterPhase::Begun(_) | WriterPhase::Committed
        );
        if self.crashes && runs {
            actions.push(CacheAction::Crash(writer));
        }
    }

    fn repeat(&self, state: &mut CacheState, message: CacheMessage) {
        state.sent.remove(&message);
        let now = state.now;
        match message {
            CacheMessage::Lookup(read) => {
                let _ = state.store.lookup(self, read, now);
            }
            CacheMessage::Fill(reader) => {
                if let Some((grant, version)) = state.readers[usize::from(reader)].sent {
                    let _ = state.store.fill(self, grant, version, now);
                }
            }
            CacheMessage::Release(reader) => {
                if let Some(grant) = state.readers[usize::from(reader)].released {
                    state.store.release(&grant);
                }
            }
            CacheMessage::Begin(writer) => state.store.begin(self, writer, now),
            CacheMessage::End(writer) => state.store.end(self, writer, now),
        }
    }

    fn send(&self, state: &mut CacheState, message: CacheMessage) {
        if self.repeats {
            state.sent.insert(message);
        }
    }

    fn lookup(&self, state: &mut CacheState, reader: usize) {
        let number = read_number(reader, state.readers[reader].reads);
        self.send(state, CacheMessage::Lookup(number));
        let own = &mut state.readers[reader];
        match state.store.lookup(self, number, state.now) {
            Lookup::Leased { grant, .. } => own.phase = ReaderPhase::Leased(grant),
            Lookup::Hit { entry, .. } => {
                own.reads += 1;
                state.hit(entry);
            }
            _ => own.reads += 1,
        }
    }

    fn fill(&self, state: &mut CacheState, reader: usize) {
        let own = &mut state.readers[reader];
        let ReaderPhase::Read(grant, version) = own.phase else {
            return;
        };
        own.phase = ReaderPhase::Idle;
        own.reads += 1;
        if self.repeats {
            own.sent = Some((grant, version));
            let reader = u8::try_from(reader).expect("few readers");
            self.send(state, CacheMessage::Fill(reader));
        }
        let outcome = state.store.fill(self, grant, version, state.now);
        state.seen.refused |= outcome == FillOutcome::Refused;
    }

    fn release(&self, state: &mut CacheState, reader: usize) {
        let own = &mut state.readers[reader];
        let ReaderPhase::Leased(grant) = own.phase else {
            return;
        };
        own.phase = ReaderPhase::Idle;
        own.reads += 1;
        if self.repeats {
            own.released = Some(grant);
            let reader = u8::try_from(reader).expect("few readers");
            self.send(state, CacheMessage::Release(reader));
        }
        state.store.release(&grant);
    }

    fn read(state: &mut CacheState, reader: usize, is_old: bool) {
        let own = &mut state.readers[reader];
        if let ReaderPhase::Leased(grant) = own.phase {
            let version = if is_old {
                state.old_version
            } else {
                state.version
            };
            own.phase = ReaderPhase::Read(grant, version);
        }
    }
}

impl Model for CacheModel {
    type State = CacheState;
    type Action = CacheAction;

    fn init_states(&self) -> Vec<CacheState> {
        vec![CacheState::new(self)]
    }

    fn actions(&self, state: &CacheState, actions: &mut Vec<CacheAction>) {
        if state.now < self.ticks {
            actions.push(CacheAction::Tick);
        }
        for reader in 0..self.readers {
            self.actions_of_reader(state, reader, actions);
        }
        for writer in 0..self.writers {
            self.actions_of_writer(state, writer, actions);
        }
        actions.extend(
            state
                .sent
                .iter()
                .map(|message| CacheAction::Repeat(*message)),
        );
        actions.push(CacheAction::Ask);
        if state.replica.is_some() {
            actions.extend([CacheAction::Replicate, CacheAction::FailOver]);
        }
    }

    fn next_state(&self, last: &CacheState, action: CacheAction) -> Option<CacheState> {
        let mut state = last.clone();
        match action {
            CacheAction::Tick => state.now += 1,
            CacheAction::Lookup(reader) => self.lookup(&mut state, reader),
            CacheAction::Read(reader) => Self::read(&mut state, reader, false),
            CacheAction::ReadOld(reader) => Self::read(&mut state, reader, true),
            CacheAction::Fill(reader) => self.fill(&mut state, reader),
            CacheAction::GiveUp(reader) => {
                state.readers[reader].phase = ReaderPhase::Idle;
                state.readers[reader].reads += 1;
            }
            CacheAction::Release(reader) => self.release(&mut state, reader),
            CacheAction::Ask => {
                if let Lookup::Hit { entry, .. } = state.store.ask(self, state.now) {
                    state.hit(entry);
                }
            }
            CacheAction::Begin(writer) => {
                let number = write_number(writer);
                self.send(&mut state, CacheMessage::Begin(number));
                state.store.begin(self, number, state.now);
                state.writers[writer] = WriterPhase::Begun(state.now + self.intent);
            }
            CacheAction::Commit(writer) => {
                state.old_version = state.version;
                state.version += 1;
                state.writers[writer] = WriterPhase::Committed;
            }
            CacheAction::End(writer) => {
                let number = write_number(writer);
                self.send(&mut state, CacheMessage::End(number));
                state.store.end(self, number, state.now);
                state.writers[writer] = WriterPhase::Gone;
            }
            CacheAction::Crash(writer) => state.writers[writer] = WriterPhase::Gone,
            CacheAction::Repeat(message) => self.repeat(&mut state, message),
            CacheAction::Replicate => state.replica = Some(state.store.clone()),
            CacheAction::FailOver => {
                let replica = state.replica.take()?;
                state.store.fail_over(self, &replica, state.now);
            }
        }
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(STRICT, |_, state: &CacheState| !state.seen.stale),
            Property::always(QUIET, |_, state: &CacheState| !state.seen.stale_and_quiet),
            // These show that the model goes where it should.
            Property::sometimes("is hit after a write", |_, state: &CacheState| {
                state.seen.hit_after_write
            }),
            Property::sometimes("refuses a fill", |_, state: &CacheState| state.seen.refused),
        ]
    }
}
